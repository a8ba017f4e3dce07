//! One source connection, replayed on one target connection: its requests strictly one after the other.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use switchover_compare::items::SentItems;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::captured::Captured;
use crate::client::{Attempts, Connection, RawRequest, Remainder, Sender, Source, Trouble, reduced_answer};
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
    /// When it should leave; `None` without pacing, and when other requests held it.
    pub scheduled: Option<Instant>,
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
    /// Its partition went to another process, which sends it.
    Abandoned {
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
/// `trouble`: why the request that it is at is not done yet.
pub async fn run(shared: Arc<Shared>, mut jobs: mpsc::UnboundedReceiver<Job>, trouble: Arc<Trouble>) {
    let open = || shared.sender.connection().with_trouble(Arc::clone(&trouble));
    let mut connection = open();
    while let Some(Job { ticket, captured, due, scheduled, overtaken }) = jobs.recv().await {
        let lag = due.map(|due| due.elapsed());
        let number = captured.connection;
        let sending = if captured.hold.is_leaving() {
            None
        } else {
            tokio::select! {
                biased;
                sending = shared.replay(&mut connection, &captured) => Some(sending),
                () = captured.hold.gone() => None,
            }
        };
        let sending = match sending {
            Some(Ok(sending)) => sending,
            None => {
                // What was under way on it is nobody's any more.
                connection = open();
                drop(captured);
                if shared.said.send(Said::Abandoned { ticket, connection: number }).is_err() {
                    return;
                }
                continue;
            }
            Some(Err(message)) => {
                // The receiver outlives the sessions, unless the run has failed already.
                let _ = shared.said.send(Said::Failed { connection: number, message });
                return;
            }
        };
        if let (Some(scheduled), Some(left)) = (scheduled, sending.left()) {
            shared.progress.paced(left.saturating_duration_since(scheduled));
        }
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

/// The source's answer to what is sent; `None` when it can't be told.
fn answer_to<'a>(answer: &'a [u8], items: &SentItems) -> Option<Cow<'a, [u8]>> {
    match items {
        SentItems::All => Some(Cow::Borrowed(answer)),
        SentItems::Some { places, .. } => reduced_answer(answer, places).map(Cow::Owned),
        SentItems::Others => None,
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
        let answer = captured.answer().and_then(|answer| answer_to(&answer.bytes, &request.items));
        let source = Source { status: captured.source_status(), answer: answer.as_deref() };
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
                let remainder = given_up.remainder.map(|rest| rest.of_captured(&request.items));
                self.keep(captured, &given_up.reason, Some(&given_up.attempts), remainder.as_ref()).await?;
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
