//! The relocated node: how to get a connection to it.

use crate::cli::Destination;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use switchover_tls::Reloading;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where to, and how.
#[derive(Debug, Clone)]
pub struct Node {
    destination: Destination,
    tls: Option<(Arc<Reloading<ClientConfig>>, ServerName<'static>)>,
}

/// A connection to the node.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// With TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Node {
    /// A node at a destination; `tls` when its scheme is https.
    ///
    /// # Errors
    /// When the destination's host can't be the name in a certificate.
    pub fn new(destination: Destination, tls: Option<Arc<Reloading<ClientConfig>>>) -> Result<Self, String> {
        let named = |tls| {
            let name = ServerName::try_from(destination.host.clone());
            name.map(|name| (tls, name))
                .map_err(|error| format!("--destinationUri {}: {error}", destination.host))
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

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.destination.fmt(f)
    }
}
