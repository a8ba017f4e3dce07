//! Read buffers of one worker. A connection has one only while bytes are on their way, so an idle one costs nothing.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use tokio::io::{AsyncRead, ReadBuf};

/// Large enough that a 100 KB bulk takes two reads, small enough to stay in the processor's cache.
const BUFFER_BYTES: usize = 64 * 1024;
/// Idle buffers kept for the next read; more than this at once is a burst whose memory is given back.
const MAX_FREE_BUFFERS: usize = 64;

/// A worker's pool.
#[derive(Debug, Default)]
pub struct Buffers {
    free: RefCell<Vec<Box<[u8]>>>,
}

impl Buffers {
    /// Reads what has come, with a buffer that is taken only when something has. Empty at the end of the stream.
    ///
    /// # Errors
    /// Those of the stream.
    pub async fn read(self: &Rc<Self>, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Chunk> {
        poll_fn(|context| {
            let mut chunk = Chunk { data: self.take(), length: 0, pool: Rc::clone(self) };
            let mut buffer = ReadBuf::new(&mut chunk.data);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {
                    chunk.length = buffer.filled().len();
                    Poll::Ready(Ok(chunk))
                }
            }
        })
        .await
    }

    fn take(&self) -> Box<[u8]> {
        self.free.borrow_mut().pop().unwrap_or_else(|| vec![0; BUFFER_BYTES].into())
    }
}

/// What was read. Its buffer goes back to the pool when dropped.
#[derive(Debug)]
pub struct Chunk {
    data: Box<[u8]>,
    length: usize,
    pool: Rc<Buffers>,
}

impl Deref for Chunk {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.data.get(..self.length).unwrap_or_default()
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut free = self.pool.free.borrow_mut();
        if free.len() < MAX_FREE_BUFFERS {
            free.push(std::mem::take(&mut self.data));
        }
    }
}
