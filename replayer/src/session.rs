//! One source connection, replayed on one target connection: its requests strictly one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::captured::Captured;
use crate::client::{self, Connection, RetryPolicy, Target};
use crate::evaluate::{Finished, Sending};
use crate::order::Ticket;
use crate::progress::Progress;
use crate::rewrite::Rewriter;

/// A released request.
#[derive(Debug)]
pub struct Job {
    /// Given back when it is complete.
    pub ticket: Ticket,
    /// What to send.
    pub captured: Captured,
    /// When it should have been sent.
    pub due: Option<Instant>,
    /// Whether later writes were let past it.
    pub overtaken: Arc<AtomicBool>,
}

/// What a session says to the run.
#[derive(Debug)]
pub enum Said {
    /// The request is complete on the target, or can't be replayed at all.
    Complete {
        /// The job's.
        ticket: Ticket,
        /// Its connection.
        connection: u64,
    },
    /// The target did not answer before the deadline. The session has ended.
    GaveUp {
        /// Its connection.
        connection: u64,
        /// What failed, on what, and why.
        message: String,
    },
}

/// What all sessions share.
#[derive(Debug)]
pub struct Shared {
    /// Where requests go.
    pub target: Arc<Target>,
    /// Longest wait for progress on an answer.
    pub response_timeout: Duration,
    /// How long a request is tried.
    pub retry: RetryPolicy,
    /// Edits requests.
    pub rewriter: Rewriter,
    /// To the run.
    pub said: mpsc::UnboundedSender<Said>,
    /// To the evaluation.
    pub finished: mpsc::Sender<Finished>,
    /// Counters.
    pub progress: Arc<Progress>,
}

/// Replays the requests of one connection until no more come.
pub async fn run(shared: Arc<Shared>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut connection = Connection::new(Arc::clone(&shared.target), shared.response_timeout);
    while let Some(Job { ticket, captured, due, overtaken }) = jobs.recv().await {
        let lag = due.map(|due| due.elapsed());
        let sending = match shared.rewriter.rewrite(&captured) {
            Err(error) => Sending::Unreplayable(error),
            Ok(request) => {
                let source_status = captured.source_status();
                match client::send(&mut connection, &request, source_status, shared.retry).await {
                    Ok(attempts) => {
                        if let Some(answer) = attempts.answer() {
                            shared.rewriter.learn(&captured, &answer.bytes);
                        }
                        Sending::Answered { request, attempts }
                    }
                    Err(exhausted) => {
                        let message = gave_up(&shared.target, &captured, &exhausted);
                        // The receiver outlives the sessions, unless the run has failed already.
                        let _ = shared.said.send(Said::GaveUp { connection: captured.connection, message });
                        return;
                    }
                }
            }
        };
        let overtaken = overtaken.load(Ordering::Acquire);
        let complete = Said::Complete { ticket, connection: captured.connection };
        shared.progress.completed();
        if shared.said.send(complete).is_err() {
            return;
        }
        if shared.finished.send(Finished { captured, sending, lag, overtaken }).await.is_err() {
            return;
        }
    }
}

fn gave_up(target: &Target, captured: &Captured, exhausted: &client::Exhausted) -> String {
    let line =
        captured.request.bytes.split(|byte| *byte == b'\r').find(|line| !line.is_empty() && *line != b"\n");
    format!(
        "the target {} does not take request {} ({}): {exhausted}. Bring the target up, or raise --retryDeadline, and run again; \
         the request counts as not replayed",
        target.authority(),
        captured.id(),
        String::from_utf8_lossy(line.unwrap_or_default()).trim(),
    )
}
