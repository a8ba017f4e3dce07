//! What becomes of a finished request: compared, counted, written as a tuple, and only then acknowledged.
//!
//! A thread of its own does this, away from the sockets: comparing is work for a processor, writing waits for a
//! disk, and neither may delay the next request. It alone owns the report and the tuple file.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use switchover_compare::answer::Answer;
use switchover_compare::compare::{Comparer, Question};
use switchover_compare::noise::Noise;
use switchover_compare::report::Document;
use switchover_compare::tuple::{
    DEAD_LETTERED, NO_SOURCE, NOT_SENT, OVERTAKEN, SENT_AGAIN, unsent as unsent_comparison,
};
use switchover_http1::message::parse_request;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::captured::Captured;
use crate::client::Attempts;
use crate::commit::Hold;
use crate::content;
use crate::dead_letter::{DeadLetterError, DeadLetters};
use crate::done::{Done, DoneError, Entry};
use crate::progress::Progress;
use crate::report::{self, Report, Sendings};
use crate::rewrite::{Outgoing, Unsent};
use crate::spans::Spans;
use crate::tuple::{self, Line, TupleFile};
use crate::verdict::{Comparison, Verdict};
use switchover_rest::{Call, Class};

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
    /// Later writes were let past it: its answer may show them.
    pub overtaken: bool,
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
    /// It was sent, no answer stands, and it lies in the dead-letter folder.
    DeadLettered {
        /// As sent.
        request: Outgoing,
        /// Every attempt.
        attempts: Attempts,
        /// Why no more was tried.
        reason: String,
    },
    /// It is not sent; unless that was meant, it lies in the dead-letter folder.
    Unreplayable(Unsent),
}

impl Sending {
    /// When its first byte left; `None` when it did not, or had to wait for a place among the requests in flight.
    #[must_use]
    pub fn left(&self) -> Option<Instant> {
        match self {
            Self::Answered { attempts, .. } | Self::DeadLettered { attempts, .. } => attempts.left,
            Self::Unreplayable(_) => None,
        }
    }
}

/// The tuple file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}; make room or choose another --tupleDir, and run again", path = path.display())]
pub struct TupleError {
    path: PathBuf,
    source: std::io::Error,
}

/// Where and how tuples are written.
#[derive(Debug, Clone)]
pub struct TupleOptions {
    /// The directory.
    pub directory: PathBuf,
    /// A file is closed at this size and compressed.
    pub max_file_bytes: u64,
    /// Remembers what is finished. With it tuples are fsynced before a request is acknowledged.
    pub done: Option<Arc<Done>>,
    /// Shows what was sent.
    pub spans: Option<Spans>,
}

/// What the evaluation comes back with.
#[derive(Debug, Default)]
pub struct Evaluation {
    /// What was counted of the answers.
    pub report: Report,
    /// What was counted of sending.
    pub sendings: Sendings,
    /// What was learnt to be noise.
    pub noise: Noise,
}

/// What was finished could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Its tuples.
    #[error(transparent)]
    Tuples(#[from] TupleError),
    /// Those that were given up.
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    /// That they are finished.
    #[error(transparent)]
    Done(#[from] DoneError),
}

/// Evaluates until every sender is gone, and returns the report; `letters` are on disk before a request is acknowledged.
///
/// # Errors
/// When tuples or dead letters can't be written. What was finished since the last good write is not acknowledged.
pub async fn run(
    mut finished: mpsc::Receiver<Finished>,
    options: TupleOptions,
    progress: Arc<Progress>,
    letters: &DeadLetters,
) -> (Evaluation, Result<(), EvaluationError>) {
    let mut evaluation = Evaluation::default();
    let mut comparer = Comparer::default();
    let result = evaluate(&mut finished, &options, &progress, letters, &mut evaluation, &mut comparer).await;
    evaluation.noise = comparer.into_noise();
    (evaluation, result)
}

async fn evaluate(
    finished: &mut mpsc::Receiver<Finished>,
    options: &TupleOptions,
    progress: &Progress,
    letters: &DeadLetters,
    evaluation: &mut Evaluation,
    comparer: &mut Comparer,
) -> Result<(), EvaluationError> {
    let path = options.directory.join(tuple::FILE_NAME);
    let failed = |source| TupleError { path: path.clone(), source };
    let mut file = TupleFile::append(&options.directory, options.max_file_bytes).map_err(failed)?;
    let mut batch = Vec::with_capacity(BATCH);
    let mut evaluated: Vec<Hold> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    let mut room = Vec::new();
    let mut flush_at = Instant::now() + FLUSH_INTERVAL;
    loop {
        let received = timeout_at(flush_at, finished.recv_many(&mut batch, BATCH)).await;
        for finished in batch.drain(..) {
            let comparison = judge(comparer, &finished);
            if let Some(spans) = &options.spans {
                spans.tell(&finished, &comparison);
            }
            file.begin_line(tuple::expected_bytes(&finished)).map_err(failed)?;
            let mut line = Line::new(&mut room, &mut file);
            tuple::write_line(&mut line, &finished, &comparison);
            line.finish().map_err(failed)?;
            report::add(&mut evaluation.report, &mut evaluation.sendings, &finished, comparison);
            progress.evaluated();
            if options.done.is_some() {
                entries.extend(Entry::of(&finished.captured));
            }
            evaluated.push(finished.captured.hold);
        }
        let ended = received == Ok(0);
        if ended || Instant::now() >= flush_at {
            file.keep(options.done.is_some()).map_err(failed)?;
            letters.sync()?;
            if let Some(done) = &options.done {
                done.add(entries.drain(..))?;
            }
            if !evaluated.is_empty() {
                progress.report(Document::live(&evaluation.report, comparer.noise()));
            }
            for hold in evaluated.drain(..) {
                hold.acknowledge();
            }
            flush_at = Instant::now() + FLUSH_INTERVAL;
        }
        if ended {
            return Ok(file.finish().map_err(failed)?);
        }
    }
}

/// Compares a finished request's two answers.
fn judge(comparer: &mut Comparer, finished: &Finished) -> Comparison {
    let (request, attempts) = match &finished.sending {
        Sending::Answered { request, attempts } => (request, attempts),
        Sending::DeadLettered { .. } => return Comparison::not_comparable(DEAD_LETTERED),
        Sending::Unreplayable(unsent) => return unsent_comparison(&unsent.to_string()),
    };
    let captured = &finished.captured;
    let Some(source) = captured.answer() else {
        return Comparison::not_comparable(NO_SOURCE);
    };
    let (method, target) = request_line(&captured.request.bytes);
    let call = Call::parse(method, target);
    // What was asked matters for searches and for telling repeated reads; the body of a bulk need not be decoded.
    let matters = call.is_some_and(|call| call.is_read() || call.class() == Class::Search);
    let body = matters.then(|| request_body(&captured.request.bytes)).flatten();
    let question = Question { call, body: body.as_deref().unwrap_or_default(), items: &request.items };
    let source_answer = Answer::parse(&source.bytes, request.kind);
    if let Ok(answer) = &source_answer {
        comparer.learn(&question, answer, captured.first);
    }
    let answer = match attempts.kept.last().map(|attempt| &attempt.outcome) {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => {
            let status = captured.source_status().unwrap_or_default();
            return Comparison::different("noAnswer", format!("status {status}"), error.to_string());
        }
        None => return Comparison::not_comparable(NOT_SENT),
    };
    if source.bytes == answer.bytes {
        return Comparison::same();
    }
    let comparison = match (source_answer, Answer::parse(&answer.bytes, request.kind)) {
        (Ok(source), Ok(target)) => comparer.compare(&question, &source, &target),
        (Err(reason), _) | (_, Err(reason)) => return Comparison::not_comparable(reason),
    };
    if comparison.verdict == Verdict::Different && finished.overtaken {
        return Comparison::not_comparable(OVERTAKEN);
    }
    let may_differ = attempts.is_ambiguous() && !matches!(method, "GET" | "HEAD");
    if comparison.verdict == Verdict::Different && may_differ {
        return Comparison::not_comparable(SENT_AGAIN);
    }
    comparison
}

/// The decoded body; `None` when it can't be had.
pub(crate) fn request_body(request: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (head, body) = parse_request(request).ok()?;
    content::decode(head.header("content-encoding"), body).ok()
}

/// The class of a captured request.
#[must_use]
pub fn class(request: &[u8]) -> Class {
    let (method, target) = request_line(request);
    Call::parse(method, target).map_or(Class::Other, |call| call.class())
}

/// Method and target of a request's first line.
#[must_use]
pub fn request_line(request: &[u8]) -> (&str, &[u8]) {
    let line = request.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let method = words.next().and_then(|method| std::str::from_utf8(method).ok()).unwrap_or_default();
    (method, words.next().unwrap_or_default())
}
