//! A stream that tells the connection's trail what passes.

use super::trail::Trail;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One side of a connection that spans are made of.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    side: Side,
    trail: Rc<RefCell<Trail>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Node,
}

impl<S> Watched<S> {
    pub(super) fn client(stream: S, trail: Rc<RefCell<Trail>>) -> Self {
        Self { stream, side: Side::Client, trail }
    }

    pub(super) fn node(stream: S, trail: Rc<RefCell<Trail>>) -> Self {
        Self { stream, side: Side::Node, trail }
    }

    /// The stream alone.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        if !read.is_empty() {
            let mut trail = self.trail.borrow_mut();
            match self.side {
                Side::Client => trail.client_sent(read),
                Side::Node => trail.node_sent(),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        let mut trail = self.trail.borrow_mut();
        match self.side {
            Side::Client => trail.client_got(bytes.get(..written).unwrap_or_default()),
            Side::Node => trail.node_got(),
        }
        drop(trail);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.side == Side::Client {
            self.trail.borrow_mut().client_told_end();
        }
        Poll::Ready(Ok(()))
    }
}
