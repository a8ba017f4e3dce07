//! One source connection, replayed on one target connection: its requests strictly one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::captured::Captured;
use crate::client::{Attempts, Connection, RawRequest, Remainder, Sender, Source};
use crate::dead_letter::{DeadLetters, Letter};
use crate::evaluate::{Finished, Sending};
use crate::order::Ticket;
use crate::progress::Progress;
use crate::rewrite::Rewriter;

/// Dead letters of which the log tells; all are in the folder with their reasons.
const MAX_LOGGED: u64 = 100;

/// A released request.
#[derive(Debug)]
pub struct Job {
    /// Given back when it is complete.
    pub ticket: Ticket,
    /// What to send.
    pub captured: Box<Captured>,
    /// When it should have been sent.
    pub due: Option<Instant>,
    /// Whether later writes were let past it.
    pub overtaken: Arc<AtomicBool>,
}

/// What a session says to the run.
#[derive(Debug)]
pub enum Said {
    /// The request is complete on the target, or lies in the dead-letter folder.
    Complete {
        /// The job's.
        ticket: Ticket,
        /// Its connection.
        connection: u64,
    },
    /// A request can be neither sent nor kept. The session has ended.
    Failed {
        /// Its connection.
        connection: u64,
        /// What failed, on what, and why.
        message: String,
    },
}

/// What all sessions share.
#[derive(Debug)]
pub struct Shared {
    /// Sends requests.
    pub sender: Sender,
    /// Keeps those that were given up.
    pub dead_letters: Arc<DeadLetters>,
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
    let mut connection = shared.sender.connection();
    while let Some(Job { ticket, captured, due, overtaken }) = jobs.recv().await {
        let lag = due.map(|due| due.elapsed());
        let number = captured.connection;
        let sending = match shared.replay(&mut connection, &captured).await {
            Ok(sending) => sending,
            Err(message) => {
                // The receiver outlives the sessions, unless the run has failed already.
                let _ = shared.said.send(Said::Failed { connection: number, message });
                return;
            }
        };
        let overtaken = overtaken.load(Ordering::Acquire);
        shared.progress.completed();
        if shared.said.send(Said::Complete { ticket, connection: number }).is_err() {
            return;
        }
        if shared.finished.send(Finished { captured: *captured, sending, lag, overtaken }).await.is_err() {
            return;
        }
    }
}

impl Shared {
    async fn replay(&self, connection: &mut Connection, captured: &Captured) -> Result<Sending, String> {
        let request = match self.rewriter.rewrite(captured) {
            Ok(request) => request,
            Err(unsent) if unsent.is_meant() => return Ok(Sending::Unreplayable(unsent)),
            Err(error) => {
                self.keep(captured, &error.to_string(), None, None).await?;
                return Ok(Sending::Unreplayable(error));
            }
        };
        if request.body_edited {
            captured.lease.grow(request.body.len());
        }
        let answer = captured.answer().map(|answer| &answer.bytes[..]);
        let source = Source { status: captured.source_status(), answer };
        match self.sender.send(connection, &RawRequest::from(&request), source).await {
            Ok(attempts) => {
                if let Some(answer) = attempts.answer() {
                    let expected = captured.answer().map_or(0, |answer| answer.bytes.len());
                    captured.lease.grow(answer.bytes.len().saturating_sub(expected));
                    self.rewriter.learn(captured, &answer.bytes);
                }
                Ok(Sending::Answered { request, attempts })
            }
            Err(given_up) => {
                let (attempts, remainder) = (&given_up.attempts, given_up.remainder.as_ref());
                self.keep(captured, &given_up.reason, Some(attempts), remainder).await?;
                Ok(Sending::DeadLettered { request, attempts: given_up.attempts, reason: given_up.reason })
            }
        }
    }

    /// Writes a dead letter; the evaluation syncs it before the request is acknowledged.
    async fn keep(
        &self,
        captured: &Captured,
        reason: &str,
        attempts: Option<&Attempts>,
        remainder: Option<&Remainder>,
    ) -> Result<(), String> {
        let id = captured.id();
        let letter = Letter { captured, reason, attempts, remainder }.encode();
        let letters = Arc::clone(&self.dead_letters);
        let written = tokio::task::spawn_blocking(move || letters.write(&letter)).await;
        let written = written
            .map_err(|error| error.to_string())
            .and_then(|written| written.map_err(|error| error.to_string()));
        written
            .map_err(|error| format!("request {id} was given up ({reason}) and can't be kept: {error}"))?;
        let count = self.progress.dead_lettered();
        if count <= MAX_LOGGED {
            tracing::warn!(request = id, reason, count, "request given up: it is in the dead-letter folder");
        }
        Ok(())
    }
}
