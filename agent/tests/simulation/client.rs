//! One client's connections, as the relay and the tap treat them: a write is appended, goes to the node, its response is
//! appended, and is released when the gate says so.

use crate::disk::SimDisk;
use crate::plan::Plant;
use crate::rng::Rng;
use crate::truth::{Truth, mark};
use std::sync::Arc;
use std::time::Duration;
use switchover_agent::capture::Promise;
use switchover_agent::cli::Durability;
use switchover_agent::journal::Journal;
use switchover_agent::recorder::{Kept, Recorder};
use switchover_agent::rules::OnFull;
use tokio::sync::oneshot::{Receiver, error::TryRecvError};

/// Beyond `--ackTimeout` a response is held no longer than this, unless the operator wants it; if the fsync thread has
/// had this many turns since.
const MAX_HELD: Duration = Duration::from_secs(2);
const TURNS: u64 = 4;
/// The longest that the node takes, and padding of a body.
const NODE_NS: u64 = 20_000_000;
const MAX_BODY: u64 = 300;

pub const NODE: &str = "node";

/// What a client needs for a step.
pub struct Around<'a> {
    pub rng: &'a mut Rng,
    pub journal: &'a Arc<Journal>,
    pub promise: Promise,
    pub truth: &'a mut Truth,
    pub disk: &'a SimDisk,
    pub plant: Option<Plant>,
    pub now: u64,
    pub syncer_turns: u64,
    pub next_write: &'a mut u64,
    pub next_connection: &'a mut u64,
    /// No new requests: the run ends.
    pub ending: bool,
}

#[derive(Default)]
pub struct Client {
    recorder: Option<Recorder>,
    phase: Phase,
}

#[derive(Default)]
enum Phase {
    #[default]
    Idle,
    /// The node works at a write.
    AtNode { write: u64, kept: Kept, until: u64 },
    /// The response waits for the log to take it.
    Answering { write: u64, kept: Kept },
    /// The response waits for the gate.
    Held { write: u64, released: Receiver<()>, since: u64, late_at_turn: Option<u64> },
}

impl Client {
    pub fn is_closed(&self) -> bool {
        self.recorder.is_none()
    }

    /// What happened, for the report.
    pub fn step(&mut self, around: &mut Around<'_>) -> Option<String> {
        let at = around.journal.clock().now();
        if let Some(recorder) = self.recorder.as_mut().filter(|recorder| recorder.is_stuck())
            && !recorder.retry()
        {
            return None;
        }
        match std::mem::take(&mut self.phase) {
            Phase::Idle => return self.request(around),
            Phase::AtNode { write, kept, until } if around.now < until => {
                self.phase = Phase::AtNode { write, kept, until };
            }
            Phase::AtNode { write, kept, .. } => {
                let recorder = self.recorder.as_mut()?;
                recorder.write(at, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
                let kept = match kept {
                    Kept::Stuck => recorder.last_entry().map_or(Kept::Lost, Kept::Entry),
                    other => other,
                };
                recorder.flush();
                self.phase = Phase::Answering { write, kept };
            }
            Phase::Answering { write, kept: Kept::Entry(entry) } => {
                let waits_for = match around.plant {
                    Some(Plant::WrongEntryReleased) => entry.saturating_sub(1),
                    _ => entry,
                };
                match around.journal.gate().wait_for(waits_for) {
                    None => return Some(self.answer(write, around)),
                    Some(released) => {
                        self.phase = Phase::Held { write, released, since: around.now, late_at_turn: None };
                    }
                }
            }
            // It is part of a gap.
            Phase::Answering { .. } => {}
            Phase::Held { write, mut released, since, mut late_at_turn } => match released.try_recv() {
                Ok(()) => return Some(self.answer(write, around)),
                Err(TryRecvError::Closed) => around.truth.broken("a response is held for ever"),
                Err(TryRecvError::Empty) => {
                    let held = Duration::from_nanos(around.now - since);
                    let waits = around.promise.on_full == OnFull::Block && around.journal.gate().disk_fails();
                    if held > around.promise.ack_timeout + MAX_HELD {
                        late_at_turn.get_or_insert(around.syncer_turns);
                    }
                    if !waits && late_at_turn.is_some_and(|turn| turn + TURNS <= around.syncer_turns) {
                        around.truth.broken(format!("the response to write {write} is held for {held:?}"));
                    }
                    self.phase = Phase::Held { write, released, since, late_at_turn };
                }
            },
        }
        None
    }

    fn answer(&mut self, write: u64, around: &mut Around<'_>) -> String {
        // When the disk fails, what waits is released without a promise, and the state says so.
        let promised = around.promise.durability != Durability::Append && !around.journal.gate().disk_fails();
        around.truth.answered(write, promised, around.disk);
        format!("write {write} answered")
    }

    fn request(&mut self, around: &mut Around<'_>) -> Option<String> {
        let at = around.journal.clock().now();
        if around.ending {
            self.close(around.journal);
            return None;
        }
        let recorder = self.recorder.get_or_insert_with(|| {
            *around.next_connection += 1;
            let connection = format!("connection-{:08}", around.next_connection);
            Recorder::new(Arc::clone(around.journal), NODE, &connection)
        });
        match around.rng.below(20) {
            0 => self.close(around.journal),
            1 => drop(recorder.flush()),
            2..6 => {
                recorder.begin_request();
                recorder.read(at, b"GET /i/_search HTTP/1.1\r\n\r\n");
                recorder.end_of_request(at, 23, 0);
                recorder.write(at, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
            _ => return Some(self.write_request(around)),
        }
        None
    }

    fn write_request(&mut self, around: &mut Around<'_>) -> String {
        let at = around.journal.clock().now();
        *around.next_write += 1;
        let write = *around.next_write;
        if around.plant == Some(Plant::AnsweredBeforeAppend) && around.rng.one_in(10) {
            around.truth.answered(write, false, around.disk);
        }
        let padding = "x".repeat(around.rng.below(MAX_BODY) as usize);
        let request = format!("PUT /i/_doc/{write} HTTP/1.1\r\n\r\n{}{padding}", mark(write));
        let Some(recorder) = self.recorder.as_mut() else { return String::new() };
        recorder.begin_request();
        let before_mark = request.find('<').unwrap_or_default() as u64;
        let (first, second) = request.split_at(around.rng.below(before_mark) as usize);
        recorder.read(at, first.as_bytes());
        if around.rng.one_in(10) {
            recorder.flush();
        }
        recorder.read(at, second.as_bytes());
        let kept = recorder.end_of_mutation(at, 20, 0);
        if kept == Kept::Refused {
            self.close(around.journal);
        } else {
            let until = around.now + around.rng.below(NODE_NS);
            self.phase = Phase::AtNode { write, kept, until };
        }
        format!("write {write} {kept:?}")
    }

    pub fn close(&mut self, journal: &Journal) {
        if let Some(mut recorder) = self.recorder.take() {
            recorder.close(journal.clock().now());
        }
        self.phase = Phase::Idle;
    }
}
