//! A server behind the agent (the relocated node, or the target): how to get a connection to it.

use crate::cli::Destination;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use switchover_tls::Reloading;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where to, and how.
#[derive(Debug, Clone)]
pub struct Node {
    destination: Destination,
    tls: Option<(Arc<Reloading<ClientConfig>>, ServerName<'static>)>,
}

/// A connection to it.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// With TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Node {
    /// A node at a destination, which `flag` gave; `tls` when its scheme is https.
    ///
    /// # Errors
    /// When the destination's host can't be the name in a certificate.
    pub fn new(
        destination: Destination,
        tls: Option<Arc<Reloading<ClientConfig>>>,
        flag: &str,
    ) -> Result<Self, String> {
        let named = |tls| {
            let name = ServerName::try_from(destination.host.clone());
            name.map(|name| (tls, name)).map_err(|error| format!("{flag} {}: {error}", destination.host))
        };
        let tls = tls.map(named).transpose()?;
        Ok(Self { destination, tls })
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When there is none in time, or the node's certificate is not accepted.
    pub async fn connect(&self, limit: Duration) -> io::Result<Stream> {
        tokio::time::timeout(limit, self.open())
            .await
            .unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long")))
    }

    /// Whether somebody takes connections there; without TLS, as it is asked often.
    ///
    /// # Errors
    /// When nobody does in time.
    pub async fn reach(&self, limit: Duration) -> io::Result<()> {
        let Destination { host, port, .. } = &self.destination;
        match tokio::time::timeout(limit, TcpStream::connect((host.as_str(), *port))).await {
            Ok(connected) => connected.map(drop),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    async fn open(&self) -> io::Result<Stream> {
        let Destination { host, port, .. } = &self.destination;
        let stream = TcpStream::connect((host.as_str(), *port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Stream::Plain(stream)),
            Some((tls, name)) => {
                let connecting = TlsConnector::from(tls.current()).connect(name.clone(), stream).await;
                Ok(Stream::Tls(Box::new(connecting?)))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destination.fmt(f)
    }
}
