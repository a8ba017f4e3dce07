//! One connection to the target: raw request bytes out, framed answers in.
//!
//! The answer is framed knowing the request's method, so that `HEAD`, 1xx, 204 and 304 end where they end, and its
//! bytes are kept as they came.

mod answer;
mod attempts;
mod bulk;
mod connect;
mod next;
mod repeat;
mod request;
mod retry;
mod target;

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout};

use answer::Reading;
pub use answer::{Answer, MAX_ANSWER_BYTES};
pub use attempts::{Attempt, Attempts};
pub use bulk::{DEFAULT_NON_RETRYABLE, Remainder};
pub(crate) use bulk::{reduced_answer, remaining_lines};
use connect::Transport;
pub use connect::{ConnectError, Connector};
pub use request::RawRequest;
pub use retry::{GivenUp, RetryPolicy, Sender, Source};
pub use switchover_cluster::Concurrency;
pub use target::Target;

/// Requests up to this size go out in one write.
const ONE_WRITE_BYTES: usize = 64 * 1024;
/// Larger ones in pieces of this, each of which counts as progress.
const PIECE_BYTES: usize = 1024 * 1024;
/// Room for what is read at once. Each thread has one: ten thousand connections with one each would take 640 MB.
const READ_BYTES: usize = 64 * 1024;

thread_local! {
    static READ_BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Why an attempt brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No connection, so nothing was sent.
    #[error("cannot connect: {0}")]
    Connect(#[from] ConnectError),
    /// The request can't be signed, so nothing was sent.
    #[error("cannot sign the request: {0}")]
    Unsigned(#[from] switchover_sigv4::SignError),
    /// The connection ended before the answer did. The request may have taken effect.
    #[error("the connection ended before the answer did: {0}")]
    Lost(#[source] io::Error),
    /// The same on a connection that was used before, with no byte of an answer: the target may have been closing it.
    #[error("the kept-alive connection ended: {0}")]
    Stale(#[source] io::Error),
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
        !matches!(self, Self::Connect(_) | Self::Unsigned(_))
    }
}

/// A connection that opens itself when needed.
#[derive(Debug)]
pub struct Connection {
    connector: Arc<Connector>,
    response_timeout: Duration,
    stream: Option<Transport>,
    left: Option<Instant>,
    trouble: Arc<Trouble>,
}

/// Why the request on a connection is not done yet, for the status: the last attempt that failed.
#[derive(Debug, Default)]
pub struct Trouble(Mutex<Option<String>>);

impl Trouble {
    /// What it is now.
    #[must_use]
    pub fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, trouble: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
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
    pub fn new(connector: Arc<Connector>, response_timeout: Duration) -> Self {
        Self { connector, response_timeout, stream: None, left: None, trouble: Arc::default() }
    }

    /// Sends a request once and reads its answer. A kept-alive connection that the target has closed is replaced
    /// before anything is sent; connecting does not count as latency.
    ///
    /// # Errors
    /// See [`ExchangeError`]; the connection is then closed.
    pub async fn exchange(&mut self, request: &RawRequest) -> Result<Answer, ExchangeError> {
        self.left = None;
        let mut kept = self.stream.take();
        let reused = kept.as_mut().is_some_and(Transport::is_quiet);
        let mut stream = match kept.filter(|_| reused) {
            Some(stream) => stream,
            None => self.connector.connect().await?,
        };
        let sent = Sent { at: SystemTime::now(), instant: Instant::now() };
        self.left = Some(sent.instant);
        let mut reading = Reading::new(request.kind, sent);
        let silent = self.response_timeout;
        let outcome = match &mut stream {
            Transport::Plain(stream) => {
                let (source, sink) = stream.split();
                converse(source, sink, request, &mut reading, silent).await
            }
            Transport::Tls(stream) => {
                let (source, sink) = tokio::io::split(stream);
                converse(source, sink, request, &mut reading, silent).await
            }
        };
        match outcome {
            Ok(()) => {
                let (answer, reusable) = reading.finish();
                self.stream = reusable.then_some(stream);
                Ok(answer)
            }
            Err(ExchangeError::Lost(error)) if reused && !reading.any_byte() => {
                Err(ExchangeError::Stale(error))
            }
            Err(error) => Err(error),
        }
    }

    /// What is told of its requests while they are tried again.
    #[must_use]
    pub fn with_trouble(self, trouble: Arc<Trouble>) -> Self {
        Self { trouble, ..self }
    }

    /// When the first byte of the latest request went out, if it did.
    #[must_use]
    pub fn left(&self) -> Option<Instant> {
        self.left
    }
}

/// Writes and reads at once: a target may answer before it has read everything, and must not be blocked then.
async fn converse(
    mut source: impl AsyncRead + Unpin,
    mut sink: impl AsyncWrite + Unpin,
    request: &RawRequest,
    reading: &mut Reading,
    silent: Duration,
) -> Result<(), ExchangeError> {
    let mut pending = [request.head.clone(), request.body.clone()];
    if !request.body.is_empty() && request.head.len() + request.body.len() <= ONE_WRITE_BYTES {
        pending = [Bytes::from([&request.head[..], &request.body[..]].concat()), Bytes::new()];
    }
    let pieces = AtomicU64::new(0);
    let mut writing = std::pin::pin!(async {
        for piece in pending.iter().flat_map(|part| part.chunks(PIECE_BYTES)) {
            sink.write_all(piece).await?;
            pieces.fetch_add(1, Ordering::Relaxed);
        }
        sink.flush().await
    });
    let mut written: Option<io::Result<()>> = None;
    let mut pieces_seen = 0;
    loop {
        let read = tokio::select! {
            biased;
            result = &mut writing, if written.is_none() => {
                written = Some(result);
                continue;
            }
            read = timeout(silent, read(&mut source, reading)) => read,
        };
        let Ok(whole) = read else {
            let before = std::mem::replace(&mut pieces_seen, pieces.load(Ordering::Relaxed));
            if before < pieces_seen {
                // A large request on a slow line: it goes on.
                continue;
            }
            return Err(ExchangeError::Silent(silent));
        };
        if whole? {
            if !matches!(written, Some(Ok(()))) {
                // Answered before it was all sent: the rest would be taken for another request.
                reading.close();
            }
            return Ok(());
        }
    }
}

/// Reads once. True when the answer is whole.
async fn read(source: &mut (impl AsyncRead + Unpin), reading: &mut Reading) -> Result<bool, ExchangeError> {
    poll_fn(|context| {
        READ_BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            let read = ready!(Pin::new(&mut *source).poll_read(context, &mut buffer));
            Poll::Ready(reading.take(read.map(|()| buffer.filled())))
        })
    })
    .await
}

#[cfg(test)]
mod tests;
