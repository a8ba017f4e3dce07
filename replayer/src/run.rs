//! One run: input, order, sessions, evaluation, commit, report.

mod preflight;
mod replay;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::budget::Budget;
use crate::client::{RetryPolicy, Target};
use crate::evaluate::{self, Finished, MAX_FINISHED_WAITING, TupleError};
use crate::pace::Speed;
use crate::progress::Progress;
use crate::report::{Outcome, Report};
use crate::rewrite::{RewriteOptions, Rewriter, TargetAuth};
use crate::session::Shared;
use crate::source::{Input, Source, SourceError, Until};
use preflight::PreflightError;
use replay::Replay;

/// What to replay, where to, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where requests go.
    pub target: Target,
    /// Where they come from.
    pub input: Input,
    /// When the input is over.
    pub until: Until,
    /// How fast.
    pub speed: Speed,
    /// Credentials.
    pub auth: TargetAuth,
    /// What requests are rewritten by.
    pub rewrite: Arc<RewriteOptions>,
    /// Longest wait for progress on an answer.
    pub response_timeout: Duration,
    /// How long a request that the target can't take is tried.
    pub retry_deadline: Duration,
    /// Where `tuples.log` is written.
    pub tuple_dir: PathBuf,
    /// Answers that may differ without failing the run.
    pub max_differences: u64,
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
    let target = Arc::new(options.target);
    let retry = RetryPolicy { deadline: options.retry_deadline };
    let reached = preflight::check(&target, &options.auth, options.response_timeout, retry);
    let version = tokio::select! {
        reached = reached => reached?,
        () = stop.cancelled() => None,
    };
    progress.started();
    let (finished, to_evaluate) = mpsc::channel(MAX_FINISHED_WAITING);
    let evaluation = evaluate(to_evaluate, options.tuple_dir, source.commits(), Arc::clone(&progress))?;
    let (said, saying) = mpsc::unbounded_channel();
    let shared = Shared {
        rewriter: Rewriter::new(target.authority(), options.auth).with(options.rewrite, version),
        target,
        response_timeout: options.response_timeout,
        retry,
        said,
        finished,
        progress: Arc::clone(&progress),
    };
    let budget = Arc::new(Budget::default());
    let reader_stop = CancellationToken::new();
    let mut reading = source.start(options.until, Arc::clone(&budget), reader_stop.clone());
    let mut replay = Replay::new(Arc::new(shared), options.speed, options.until, budget, progress);
    let begun = Instant::now();
    let evaluated = replay.run(&mut reading.batches, saying, evaluation, &stop).await;
    reader_stop.cancel();
    reading.finish().await;
    let ended = replay.end();
    let (report, written) = evaluated;
    Ok(Outcome {
        report,
        input: ended.counts,
        failure: ended.failure.or_else(|| written.err().map(|error| error.to_string())),
        interrupted: ended.interrupted,
        not_replayed: ended.not_replayed,
        duration: begun.elapsed(),
        max_differences: options.max_differences,
    })
}

/// What the evaluation comes back with.
type Evaluated = (Report, Result<(), TupleError>);

fn evaluate(
    to_evaluate: mpsc::Receiver<Finished>,
    tuple_dir: PathBuf,
    durable: bool,
    progress: Arc<Progress>,
) -> std::io::Result<oneshot::Receiver<Evaluated>> {
    let (sender, receiver) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("evaluation".to_owned()).spawn(move || {
        let evaluated = runtime.block_on(evaluate::run(to_evaluate, &tuple_dir, durable, progress));
        // Nobody waits for it when the run was dropped.
        let _ = sender.send(evaluated);
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests;
