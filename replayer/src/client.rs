//! One connection to the target: raw request bytes out, framed answers in.
//!
//! The answer is framed knowing the request's method, so that `HEAD`, 1xx, 204 and 304 end where they end, and its
//! bytes are kept as they came.

mod answer;
mod retry;

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::rewrite::Outgoing;
use answer::Reading;
pub use answer::{Answer, MAX_ANSWER_BYTES};
pub use retry::{Attempt, Attempts, Exhausted, RetryPolicy, send};

/// A target that does not accept a connection within this time counts as down (and is tried again).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests up to this size go out in one write.
const ONE_WRITE_BYTES: usize = 64 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host name or address (without brackets).
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Target {
    /// `host:port`, as in a `Host` header.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Why an attempt brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No connection, so nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The connection ended before the answer did. The request may have taken effect.
    #[error("the connection ended before the answer did: {0}")]
    Lost(#[source] io::Error),
    /// Nothing came for this long. The request may have taken effect.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// The answer is not HTTP/1 that can be framed with certainty.
    #[error("the answer cannot be framed: {0}")]
    Unframable(switchover_http1::TunnelReason),
    /// The answer is larger than [`MAX_ANSWER_BYTES`].
    #[error("the answer is larger than {MAX_ANSWER_BYTES} bytes")]
    TooLarge,
}

impl ExchangeError {
    /// Whether the target may have acted on the request.
    #[must_use]
    pub fn may_have_taken_effect(&self) -> bool {
        !matches!(self, Self::Connect(_))
    }
}

/// A connection that opens itself when needed.
#[derive(Debug)]
pub struct Connection {
    target: Arc<Target>,
    response_timeout: Duration,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// When the first byte went out, filled in as soon as it does.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// Wall clock, for the tuple.
    pub at: SystemTime,
    /// For the latency.
    pub instant: Instant,
}

impl Connection {
    /// A connection that will be opened by the first request. `response_timeout` bounds every wait for progress.
    #[must_use]
    pub fn new(target: Arc<Target>, response_timeout: Duration) -> Self {
        Self { target, response_timeout, stream: None, buffer: Vec::new() }
    }

    /// Sends a request and reads its answer. A kept-alive connection that the target had closed in the meantime is
    /// replaced once: no byte of an answer came, so this is the race every client has to expect.
    ///
    /// # Errors
    /// See [`ExchangeError`]; the connection is then closed.
    pub async fn exchange(&mut self, request: &Outgoing) -> Result<Answer, ExchangeError> {
        let reused = self.stream.is_some();
        match self.try_exchange(request).await {
            Err((ExchangeError::Lost(_), false)) if reused => self.try_exchange(request).await,
            result => result,
        }
        .map_err(|(error, _)| error)
    }

    /// The second part of an error says whether bytes of an answer had come.
    async fn try_exchange(&mut self, request: &Outgoing) -> Result<Answer, (ExchangeError, bool)> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await.map_err(|error| (ExchangeError::Connect(error), false))?,
        };
        let mut reading = Reading::new(request.kind, Sent { at: SystemTime::now(), instant: Instant::now() });
        let outcome = self.converse(&mut stream, request, &mut reading).await;
        let any_byte = reading.any_byte();
        match outcome {
            Ok(()) => {
                let (answer, reusable) = reading.finish();
                if reusable {
                    self.stream = Some(stream);
                }
                Ok(answer)
            }
            Err(error) => Err((error, any_byte)),
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let connecting = TcpStream::connect((self.target.host.as_str(), self.target.port));
        let stream = timeout(CONNECT_TIMEOUT, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Writes and reads at once: a target may answer before it has read everything, and must not be blocked then.
    async fn converse(
        &mut self,
        stream: &mut TcpStream,
        request: &Outgoing,
        reading: &mut Reading,
    ) -> Result<(), ExchangeError> {
        let silent = self.response_timeout;
        let (mut source, mut sink) = stream.split();
        let mut pending = [request.head.clone(), request.body.clone()];
        if request.head.len() + request.body.len() <= ONE_WRITE_BYTES {
            pending = [Bytes::from([&request.head[..], &request.body[..]].concat()), Bytes::new()];
        }
        let mut writing = std::pin::pin!(async {
            for part in &pending {
                sink.write_all(part).await?;
            }
            Ok::<_, io::Error>(())
        });
        let mut written: Option<io::Result<()>> = None;
        self.buffer.resize(READ_BYTES, 0);
        loop {
            if written.is_none() {
                tokio::select! {
                    biased;
                    result = &mut writing => {
                        written = Some(result);
                        continue;
                    }
                    read = timeout(silent, source.read(&mut self.buffer)) => {
                        let count = read.map_err(|_| ExchangeError::Silent(silent))?;
                        if reading.take(count, &self.buffer)? {
                            // Answered before it was all sent: the rest would be taken for another request.
                            reading.close();
                            return Ok(());
                        }
                    }
                }
            } else {
                let read = timeout(silent, source.read(&mut self.buffer)).await;
                let count = read.map_err(|_| ExchangeError::Silent(silent))?;
                if reading.take(count, &self.buffer)? {
                    if matches!(written, Some(Err(_))) {
                        reading.close();
                    }
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
