//! How a connection to the target is made: TCP, and TLS on top of it for `https`.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use switchover_tls::{ClientOptions, TlsError};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::{TlsConnector, rustls};

use super::Target;

/// A target that does not accept a connection, TLS included, within this time counts as down (and is tried again).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const HTTP_PORT: u16 = 80;
const HTTPS_PORT: u16 = 443;

/// Why there is no connection. Nothing of a request was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// TCP, or what lies below it.
    #[error("{0}")]
    Tcp(#[source] io::Error),
    /// The TLS handshake failed.
    #[error("TLS handshake with {host} failed: {error}; {advice}", advice = switchover_tls::advice(error))]
    Tls {
        /// `host:port`.
        host: String,
        /// Why.
        error: rustls::Error,
    },
    /// Not within ten seconds.
    #[error("not connected within {CONNECT_TIMEOUT:?}")]
    TimedOut,
}

impl ConnectError {
    /// A certificate that is not trusted, or a port that speaks no TLS, does not mend itself while one waits.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        use rustls::Error::{InvalidCertificate, InvalidMessage};
        matches!(self, Self::Tls { error: InvalidCertificate(_) | InvalidMessage(_), .. })
    }
}

/// Opens connections to one target.
#[derive(Clone)]
pub struct Connector {
    target: Target,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// Reads and checks the certificates. `tls`: none for `http`.
    ///
    /// # Errors
    /// When a file can't be used, or the host can't be a name in a certificate.
    pub fn new(target: Target, tls: Option<&ClientOptions>) -> Result<Self, TlsError> {
        let tls = match tls {
            None => None,
            Some(options) => {
                let mut config = options.load()?;
                config.alpn_protocols = vec![b"http/1.1".to_vec()];
                let name = ServerName::try_from(target.host.clone()).map_err(|error| {
                    TlsError::Settings(format!(
                        "the target's host {:?} can't be a name in a certificate: {error}; use its DNS name or address",
                        target.host
                    ))
                })?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
        };
        Ok(Self { target, tls })
    }

    /// Where it connects to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The value of `Host`: with the port, unless it is the scheme's own (which signatures over `Host` leave out).
    #[must_use]
    pub fn host_header(&self) -> String {
        let own = if self.tls.is_some() { HTTPS_PORT } else { HTTP_PORT };
        let with_port = self.target.authority();
        match with_port.rsplit_once(':') {
            Some((host, _)) if self.target.port == own => host.to_owned(),
            _ => with_port,
        }
    }

    /// Makes a TLS handshake and hangs up; without TLS, nothing.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn probe(&self) -> Result<(), ConnectError> {
        if self.tls.is_some() { self.connect().await.map(drop) } else { Ok(()) }
    }

    pub(super) async fn connect(&self) -> Result<Transport, ConnectError> {
        timeout(CONNECT_TIMEOUT, self.open()).await.map_err(|_| ConnectError::TimedOut)?
    }

    async fn open(&self) -> Result<Transport, ConnectError> {
        let address = (self.target.host.as_str(), self.target.port);
        let stream = TcpStream::connect(address).await.map_err(ConnectError::Tcp)?;
        stream.set_nodelay(true).map_err(ConnectError::Tcp)?;
        let Some((connector, name)) = &self.tls else { return Ok(Transport::Plain(stream)) };
        match connector.connect(name.clone(), stream).await {
            Ok(stream) => Ok(Transport::Tls(Box::new(stream))),
            Err(error) => Err(match switchover_tls::cause(&error) {
                Some(cause) => ConnectError::Tls { host: self.target.authority(), error: cause.clone() },
                None => ConnectError::Tcp(error),
            }),
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) enum Transport {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// Whether a connection that nothing was asked on is still quiet: the target has neither closed it nor said anything.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut buffer = ReadBuf::new(&mut byte);
        let mut context = Context::from_waker(std::task::Waker::noop());
        let read = match self {
            Self::Plain(stream) => Pin::new(stream).poll_read(&mut context, &mut buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(&mut context, &mut buffer),
        };
        matches!(read, Poll::Pending)
    }
}
