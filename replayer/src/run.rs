//! One run: input, order, sessions, evaluation, commit, report.

mod preflight;
mod replay;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use switchover_sigv4::{CredentialsError, Signer};
use switchover_tls::{ClientOptions, TlsError};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::client::{Concurrency, Connector, RetryPolicy, Sender, Target};
use crate::dead_letter::{DeadLetterError, DeadLetters};
use crate::done::{Done, DoneError, Subject};
use crate::evaluate::{self, Evaluation, EvaluationError, Finished, MAX_FINISHED_WAITING, TupleOptions};
use crate::order::Policy;
use crate::pace::{Alarm, Pace, Speed};
use crate::progress::Progress;
use crate::report::Outcome;
use crate::rewrite::{RewriteOptions, Rewriter, TargetAuth};
use crate::selection::Selection;
use crate::session::Shared;
use crate::source::{Input, Source, SourceError, Until};
use crate::spans::Spans;
use preflight::PreflightError;
use replay::Replay;

/// What to replay, where to, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where requests go.
    pub target: Target,
    /// How to speak TLS to it; `None` for `http`.
    pub tls: Option<ClientOptions>,
    /// Where they come from.
    pub input: Input,
    /// When the input is over.
    pub until: Until,
    /// How fast.
    pub speed: Speed,
    /// Longer pauses of the source are shortened to this.
    pub max_idle_gap: Option<Duration>,
    /// Bytes of captured traffic that are read ahead, at most.
    pub max_memory: usize,
    /// A connection without a sign of life for so long, in the source's time, has expired.
    pub packet_timeout: Duration,
    /// What is replayed at all.
    pub selection: Selection,
    /// What keeps its order.
    pub policy: Policy,
    /// Credentials.
    pub auth: TargetAuth,
    /// What requests are rewritten by.
    pub rewrite: Arc<RewriteOptions>,
    /// Longest wait for progress on an answer.
    pub response_timeout: Duration,
    /// How long a request that the target can't take is tried.
    pub retry_deadline: Duration,
    /// Types of errors of bulk items that are not tried again.
    pub non_retryable: BTreeSet<String>,
    /// Requests in flight at once, at most.
    pub max_concurrent_requests: usize,
    /// Where requests go that were given up.
    pub dead_letter_dir: PathBuf,
    /// Where `tuples.log` is written.
    pub tuple_dir: PathBuf,
    /// A file of tuples is closed at this size.
    pub tuple_max_file_bytes: u64,
    /// Answers that may differ without failing the run.
    pub max_differences: u64,
    /// Where what was sent is shown.
    pub spans: Option<Spans>,
}

/// Why a run could not begin. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The input.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The target.
    #[error(transparent)]
    Preflight(#[from] PreflightError),
    /// Certificates.
    #[error("TLS to the target: {0}")]
    Tls(#[from] TlsError),
    /// Credentials to sign with.
    #[error("--sigv4AuthHeaderServiceRegion: {0}")]
    Credentials(#[from] CredentialsError),
    /// The dead-letter folder.
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
    /// The memory of what is finished.
    #[error(transparent)]
    Done(#[from] DoneError),
    /// The operating system.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// Replays until the input is over, something fails, or `stop`.
///
/// # Errors
/// When it can't begin. Once it has, whatever happens is part of the outcome.
pub async fn run(
    options: Options,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> Result<Outcome, RunError> {
    let source = Source::open(options.input).await?;
    let dead_letters = Arc::new(DeadLetters::new(options.dead_letter_dir)?);
    let connector = Arc::new(Connector::new(options.target, options.tls.as_ref())?);
    let signer = match &options.auth {
        TargetAuth::Sign { service, region } => {
            Some(Arc::new(Signer::with_default_chain(service, region).await?))
        }
        TargetAuth::Keep | TargetAuth::Remove | TargetAuth::Replace(_) => None,
    };
    let sender = Sender {
        connector: Arc::clone(&connector),
        response_timeout: options.response_timeout,
        policy: RetryPolicy { deadline: options.retry_deadline, non_retryable: options.non_retryable },
        concurrency: Concurrency::new(options.max_concurrent_requests),
        signer,
    };
    let reached = preflight::check(&sender, &options.auth, progress.reaching());
    let version = tokio::select! {
        reached = reached => reached?,
        () = stop.cancelled() => None,
    };
    progress.started();
    let (finished, to_evaluate) = mpsc::channel(MAX_FINISHED_WAITING);
    let done = match source.committed_to() {
        None => None,
        Some((topic, group_id)) => {
            let target = connector.target().authority();
            Some(Arc::new(Done::open(&options.tuple_dir, &Subject { topic, group_id, target })?))
        }
    };
    let tuples = TupleOptions {
        directory: options.tuple_dir,
        max_file_bytes: options.tuple_max_file_bytes,
        done: done.clone(),
        spans: options.spans,
    };
    let evaluation = evaluate(to_evaluate, tuples, Arc::clone(&progress), Arc::clone(&dead_letters))?;
    let (said, saying) = mpsc::unbounded_channel();
    let shared = Shared {
        rewriter: Rewriter::new(connector.host_header(), options.auth).with(options.rewrite, version),
        sender,
        dead_letters: Arc::clone(&dead_letters),
        said,
        finished,
        progress: Arc::clone(&progress),
    };
    let budget = Arc::new(Budget::new(options.max_memory));
    let reader_stop = CancellationToken::new();
    let mut reading = source.start(
        options.until,
        options.selection,
        options.packet_timeout,
        done,
        Arc::clone(&budget),
        reader_stop.clone(),
    );
    if let Some(offsets) = reading.offsets() {
        progress.show_offsets(offsets);
    }
    let mut replay = Replay::new(
        Arc::new(shared),
        (Pace::new(options.speed, options.max_idle_gap), Alarm::new()?),
        options.policy,
        options.until,
        budget,
        Arc::clone(&progress),
    );
    let begun = Instant::now();
    let evaluated = replay.run(&mut reading.batches, saying, evaluation, &stop).await;
    reader_stop.cancel();
    reading.finish().await;
    let ended = replay.end();
    let (Evaluation { report, sendings, noise }, written) = evaluated;
    Ok(Outcome {
        report,
        sendings,
        pacing_error: progress.pacing_error(),
        noise,
        input: ended.counts,
        failure: ended.failure.or_else(|| written.err().map(|error| error.to_string())),
        interrupted: ended.interrupted,
        not_replayed: ended.not_replayed,
        dead_letter_file: dead_letters.file(),
        duration: begun.elapsed(),
        max_differences: options.max_differences,
    })
}

/// What the evaluation comes back with.
type Evaluated = (Evaluation, Result<(), EvaluationError>);

fn evaluate(
    to_evaluate: mpsc::Receiver<Finished>,
    tuples: TupleOptions,
    progress: Arc<Progress>,
    letters: Arc<DeadLetters>,
) -> std::io::Result<oneshot::Receiver<Evaluated>> {
    let (sender, receiver) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("evaluation".to_owned()).spawn(move || {
        let evaluated = runtime.block_on(evaluate::run(to_evaluate, tuples, progress, &letters));
        // Nobody waits for it when the run was dropped.
        let _ = sender.send(evaluated);
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests;
