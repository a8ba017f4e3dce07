//! What becomes of a finished request: compared, counted, written as a tuple, and only then acknowledged.
//!
//! A thread of its own does this, away from the sockets: comparing is work for a processor, writing waits for a
//! disk, and neither may delay the next request. It alone owns the report and the tuple file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::captured::Captured;
use crate::client::Attempts;
use crate::commit::Hold;
use crate::compare::{self, Comparison, Question};
use crate::endpoint::{Endpoint, RequestTarget};
use crate::progress::Progress;
use crate::report::Report;
use crate::rewrite::{Outgoing, Unsent};
use crate::tuple::{self, TupleFile};

/// Finished requests that may wait for the evaluation; then the sessions wait.
pub const MAX_FINISHED_WAITING: usize = 1024;
/// Tuples are on disk at the latest after this.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
const BATCH: usize = 256;

/// A request that is done.
#[derive(Debug)]
pub struct Finished {
    /// What was captured.
    pub captured: Captured,
    /// What came of it.
    pub sending: Sending,
    /// How much later than due it left; `None` without pacing.
    pub lag: Option<Duration>,
}

/// What came of a request.
#[derive(Debug)]
pub enum Sending {
    /// It was sent.
    Answered {
        /// As sent.
        request: Outgoing,
        /// Every attempt.
        attempts: Attempts,
    },
    /// It is not sent.
    Unreplayable(Unsent),
}

/// The tuple file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}; make room or choose another --tupleDir, and run again", path = path.display())]
pub struct TupleError {
    path: PathBuf,
    source: std::io::Error,
}

/// Evaluates until every sender is gone, and returns the report. `durable`: tuples must be fsynced before a request
/// is acknowledged.
///
/// # Errors
/// When tuples can't be written. What was finished since the last good write is not acknowledged.
pub async fn run(
    mut finished: mpsc::Receiver<Finished>,
    directory: &Path,
    durable: bool,
    progress: Arc<Progress>,
) -> (Report, Result<(), TupleError>) {
    let mut report = Report::default();
    let result = evaluate(&mut finished, directory, durable, &progress, &mut report).await;
    (report, result)
}

async fn evaluate(
    finished: &mut mpsc::Receiver<Finished>,
    directory: &Path,
    durable: bool,
    progress: &Progress,
    report: &mut Report,
) -> Result<(), TupleError> {
    let path = directory.join(tuple::FILE_NAME);
    let failed = |source| TupleError { path: path.clone(), source };
    let mut file = TupleFile::append(directory).map_err(failed)?;
    let mut batch = Vec::with_capacity(BATCH);
    let mut holds: Vec<Hold> = Vec::new();
    let mut line = Vec::new();
    let mut flush_at = Instant::now() + FLUSH_INTERVAL;
    loop {
        let received = timeout_at(flush_at, finished.recv_many(&mut batch, BATCH)).await;
        for finished in batch.drain(..) {
            let comparison = judge(&finished);
            line.clear();
            tuple::write_line(&mut line, &finished, &comparison);
            file.write(&line).map_err(failed)?;
            report.add(&finished, comparison);
            progress.evaluated();
            holds.push(finished.captured.hold);
        }
        let ended = received == Ok(0);
        if ended || Instant::now() >= flush_at {
            file.flush(durable).map_err(failed)?;
            for hold in holds.drain(..) {
                hold.acknowledge();
            }
            flush_at = Instant::now() + FLUSH_INTERVAL;
        }
        if ended {
            return Ok(());
        }
    }
}

/// Compares a finished request's two answers.
fn judge(finished: &Finished) -> Comparison {
    let (request, attempts) = match &finished.sending {
        Sending::Answered { request, attempts } => (request, attempts),
        Sending::Unreplayable(unsent) => return Comparison::not_comparable(unsent.verdict()),
    };
    let Some(source) = finished.captured.answer() else {
        return Comparison::not_comparable("no whole answer of the source was captured");
    };
    let answer = match attempts.kept.last().map(|attempt| &attempt.outcome) {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => {
            let status = finished.captured.source_status().unwrap_or_default();
            return Comparison::different("noAnswer", format!("status {status}"), error.to_string());
        }
        None => return Comparison::not_comparable("not sent"),
    };
    let (method, target) = request_line(&finished.captured.request.bytes);
    let target = RequestTarget::parse(target);
    let question =
        Question { endpoint: endpoint(&finished.captured.request.bytes), target, kind: request.kind };
    let comparison = compare::compare(&question, &source.bytes, &answer.bytes);
    if comparison.verdict == compare::Verdict::Different
        && attempts.is_ambiguous()
        && !matches!(method, "GET" | "HEAD")
    {
        return Comparison::not_comparable(
            "sent again after a lost answer: the first sending may have taken effect",
        );
    }
    comparison
}

/// The class of a captured request.
#[must_use]
pub fn endpoint(request: &[u8]) -> Endpoint {
    let (method, target) = request_line(request);
    RequestTarget::parse(target).map_or(Endpoint::Other, |target| target.endpoint(method))
}

/// Method and target of a request's first line.
#[must_use]
pub fn request_line(request: &[u8]) -> (&str, &[u8]) {
    let line = request.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().and_then(|method| std::str::from_utf8(method).ok()).unwrap_or_default();
    (method, words.next().unwrap_or_default())
}
