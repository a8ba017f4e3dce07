//! The loop that releases requests: reads batches, asks the order, hands requests to their sessions.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Evaluated;
use crate::budget::Budget;
use crate::captured::Captured;
use crate::client::Trouble;
use crate::counts::InputCounts;
use crate::evaluate::Evaluation;
use crate::intake::Batch;
use crate::order::{Arrival, Head, Order, Policy, Released, Ticket};
use crate::pace::{Alarm, Pace};
use crate::progress::{Oldest, Progress, Seen};
use crate::session::{self, Job, Said, Shared};
use crate::source::{Fed, Until};

/// After a stop or a failure, answers in flight are waited for this long.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the status is renewed, and after how many of these there is a line for people.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const LOOKS_A_LINE: u32 = 5;
/// A request that has no answer for so long is named in the line.
const LONG_WAIT_SECONDS: u64 = 10;

#[derive(Debug)]
struct Session {
    jobs: Option<mpsc::UnboundedSender<Job>>,
    trouble: Arc<Trouble>,
    /// Requests read and not complete.
    pending: usize,
    /// Of these, handed to the session.
    active: usize,
    /// Nothing more comes of the source's connection.
    closed: bool,
}

/// A request in flight, for the status.
#[derive(Debug)]
struct Sent {
    node_id: Arc<str>,
    connection_id: Arc<str>,
    connection: u64,
    index: u32,
    since: Instant,
}

/// A run's state.
#[derive(Debug)]
pub(super) struct Replay {
    // In boxes: requests are moved from queue to queue.
    order: Order<Box<Captured>>,
    pace: Pace,
    alarm: Alarm,
    live: bool,
    shared: Option<Arc<Shared>>,
    sessions: HashMap<u64, Session>,
    tasks: JoinSet<()>,
    active: usize,
    /// What is in flight, oldest first.
    sent: BTreeMap<Ticket, Sent>,
    budget: Arc<Budget>,
    progress: Arc<Progress>,
    counts: InputCounts,
    input_ended: bool,
    drain_by: Option<Instant>,
    failure: Option<String>,
    interrupted: bool,
    completed_at_last_look: u64,
    completed_at_last_line: u64,
}

/// What a run leaves behind.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) counts: InputCounts,
    pub(super) failure: Option<String>,
    pub(super) interrupted: bool,
    pub(super) not_replayed: u64,
}

/// Why no request can be released now.
struct Standstill {
    holding: &'static str,
    until: Option<Instant>,
    wants_input: bool,
}

impl Replay {
    pub(super) fn new(
        shared: Arc<Shared>,
        (pace, alarm): (Pace, Alarm),
        policy: Policy,
        until: Until,
        budget: Arc<Budget>,
        progress: Arc<Progress>,
    ) -> Self {
        Self {
            order: Order::new(policy),
            pace,
            alarm,
            live: until == Until::Never,
            shared: Some(shared),
            sessions: HashMap::new(),
            tasks: JoinSet::new(),
            active: 0,
            sent: BTreeMap::new(),
            budget,
            progress,
            counts: InputCounts::default(),
            input_ended: false,
            drain_by: None,
            failure: None,
            interrupted: false,
            completed_at_last_look: 0,
            completed_at_last_line: 0,
        }
    }

    /// Replays to the end; returns once every session has ended and everything that was finished is evaluated.
    pub(super) async fn run(
        &mut self,
        batches: &mut mpsc::Receiver<Fed>,
        mut saying: mpsc::UnboundedReceiver<Said>,
        mut evaluation: oneshot::Receiver<Evaluated>,
        stop: &CancellationToken,
    ) -> Evaluated {
        let mut looks = tokio::time::interval_at(Instant::now() + LOOK_INTERVAL, LOOK_INTERVAL);
        let mut lines = 0u32;
        loop {
            let standstill = self.release();
            let draining = self.drain_by.is_some();
            if self.active == 0 && (draining || (self.input_ended && self.order.waiting() == 0)) {
                break;
            }
            let reads = !self.input_ended && !draining && (standstill.wants_input || !self.budget.is_spent());
            let deadline = self.drain_by.or(standstill.until);
            tokio::select! {
                Some(said) = saying.recv() => {
                    self.hear(said);
                    while let Ok(said) = saying.try_recv() {
                        self.hear(said);
                    }
                }
                fed = batches.recv(), if reads => self.feed(fed),
                () = self.alarm.at(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    if draining {
                        let left = self.active;
                        self.fail(format!(
                            "{left} requests had no answer {} s after the stop; they count as not replayed",
                            DRAIN_TIMEOUT.as_secs()
                        ));
                        break;
                    }
                }
                () = self.budget.freed(), if !reads && !draining && !self.input_ended => {}
                evaluated = &mut evaluation => {
                    self.tasks.shutdown().await;
                    return self.evaluated(evaluated);
                }
                () = stop.cancelled(), if !draining => {
                    tracing::info!(in_flight = self.active, "stopping: waiting for the answers in flight");
                    self.interrupted = true;
                    self.drain_by = Some(Instant::now() + DRAIN_TIMEOUT);
                }
                _ = looks.tick() => {
                    self.observe(standstill.holding);
                    lines += 1;
                    if lines.is_multiple_of(LOOKS_A_LINE) {
                        self.line();
                    }
                }
            }
        }
        self.finish_sessions(&mut evaluation).await
    }

    /// Lets the sessions end and the evaluation after them.
    async fn finish_sessions(&mut self, evaluation: &mut oneshot::Receiver<Evaluated>) -> Evaluated {
        self.sessions.clear();
        self.shared = None;
        if self.active > 0 {
            self.tasks.shutdown().await;
        }
        while self.tasks.join_next().await.is_some() {}
        let evaluated = evaluation.await;
        self.evaluated(evaluated)
    }

    fn evaluated(&mut self, evaluated: Result<Evaluated, oneshot::error::RecvError>) -> Evaluated {
        evaluated.unwrap_or_else(|_| {
            self.fail("the evaluation broke down; this is a defect of the replayer".to_owned());
            (Evaluation::default(), Ok(()))
        })
    }

    /// What is left to say once nothing runs any more. Requests not replayed are let go of here, after the commit.
    pub(super) fn end(self) -> Ended {
        Ended {
            not_replayed: self.order.waiting() as u64 + self.active as u64,
            counts: self.counts,
            failure: self.failure,
            interrupted: self.interrupted,
        }
    }

    /// Nothing that was read is in flight or being evaluated.
    fn is_at_rest(&self) -> bool {
        self.active == 0 && self.progress.is_all_evaluated()
    }

    /// Releases every request that may leave now.
    fn release(&mut self) -> Standstill {
        if self.drain_by.is_some() {
            return Standstill { holding: "stopping", until: None, wants_input: false };
        }
        let pass_reads = self.order.pass_slow_reads(Instant::now());
        loop {
            let wall = wall_clock();
            let head = match self.budget.is_spent() {
                false => self.order.head(wall),
                true => self.order.head_in_short_memory(wall),
            };
            let (holding, until, wants_input) = match head {
                Head::Empty if self.input_ended => ("waiting for the last answers", None, false),
                // Memory that comes free by waiting is waited for.
                Head::Empty => ("waiting for input", None, self.is_at_rest()),
                Head::AwaitsInput(wake) => {
                    let wait = wake
                        .map(|wake| Duration::from_nanos(wake.saturating_sub(wall).max(0).unsigned_abs()));
                    ("waiting for input", wait.map(|wait| Instant::now() + wait), true)
                }
                Head::AwaitsAnswer => ("waiting for an answer of the target", None, false),
                Head::Ready(first) => {
                    let now = Instant::now();
                    let due = self.pace.due(first, now);
                    let scheduled = self.pace.schedule(due, now);
                    match due {
                        Some(due) if due > now => {
                            let until = pass_reads.map_or(due, |pass| pass.min(due));
                            return Standstill {
                                holding: "waiting for its time",
                                until: Some(until),
                                wants_input: false,
                            };
                        }
                        _ => {
                            self.send(due, scheduled);
                            continue;
                        }
                    }
                }
            };
            self.pace.hold();
            let until = until.into_iter().chain(pass_reads).min();
            return Standstill { holding, until, wants_input };
        }
    }

    /// `scheduled`: when it should leave if no other request holds it.
    fn send(&mut self, due: Option<Instant>, scheduled: Option<Instant>) {
        let Some(released) = self.order.release(Instant::now()) else { return };
        let Released { ticket, overtaken, waited, value: captured } = released;
        let scheduled = scheduled.filter(|_| !waited);
        let (Some(session), Some(shared)) = (self.sessions.get_mut(&captured.connection), &self.shared)
        else {
            return;
        };
        let jobs = session.jobs.get_or_insert_with(|| {
            let (jobs, receiver) = mpsc::unbounded_channel();
            self.tasks.spawn(session::run(Arc::clone(shared), receiver, Arc::clone(&session.trouble)));
            jobs
        });
        session.active += 1;
        let (node_id, connection_id) = (Arc::clone(&captured.node_id), Arc::clone(&captured.connection_id));
        let (connection, index) = (captured.connection, captured.index);
        let sent = Sent { node_id, connection_id, connection, index, since: Instant::now() };
        self.sent.insert(ticket, sent);
        self.active += 1;
        if jobs.send(Job { ticket, captured, due, scheduled, overtaken }).is_err() {
            self.fail("a session broke down; this is a defect of the replayer".to_owned());
        }
    }

    fn hear(&mut self, said: Said) {
        match said {
            Said::Complete { ticket, connection } | Said::Abandoned { ticket, connection } => {
                self.order.complete(ticket);
                self.sent.remove(&ticket);
                self.active = self.active.saturating_sub(1);
                if let Some(session) = self.sessions.get_mut(&connection) {
                    session.active = session.active.saturating_sub(1);
                    session.pending = session.pending.saturating_sub(1);
                    if session.closed && session.pending == 0 {
                        self.sessions.remove(&connection);
                    }
                }
                while self.tasks.try_join_next().is_some() {}
            }
            Said::Failed { connection, message } => {
                let lost = self.sessions.remove(&connection).map_or(0, |session| session.active);
                self.active = self.active.saturating_sub(lost);
                self.fail(message);
            }
        }
    }

    fn feed(&mut self, fed: Option<Fed>) {
        match fed {
            Some(Fed::Batch(batch)) => self.take(*batch),
            Some(Fed::Ended(Ok(()))) => self.input_ended = true,
            Some(Fed::Ended(Err(message))) => {
                self.input_ended = true;
                self.fail(message);
            }
            None => {
                self.input_ended = true;
                self.fail("the reader of the input broke down; this is a defect of the replayer".to_owned());
            }
        }
    }

    fn take(&mut self, batch: Batch) {
        for lane in batch.dropped_lanes {
            for captured in self.order.drop_lane(lane, |captured| captured.lane == lane) {
                if let Some(session) = self.sessions.get_mut(&captured.connection) {
                    session.pending -= 1;
                    if session.closed && session.pending == 0 {
                        self.sessions.remove(&captured.connection);
                    }
                }
            }
        }
        self.progress.captured(batch.captured.len());
        for mut captured in batch.captured {
            let session = self.sessions.entry(captured.connection).or_insert_with(|| Session {
                jobs: None,
                trouble: Arc::default(),
                pending: 0,
                active: 0,
                closed: false,
            });
            session.pending += 1;
            let arrival = Arrival {
                first: captured.first,
                source_end: captured.source_end,
                connection: captured.connection,
                footprint: std::mem::take(&mut captured.footprint),
            };
            self.order.push(arrival, Box::new(captured));
        }
        for connection in batch.closed {
            if let Some(session) = self.sessions.get_mut(&connection) {
                session.closed = true;
                if session.pending == 0 {
                    self.sessions.remove(&connection);
                }
            }
        }
        for (lane, mark) in batch.marks {
            self.order.mark(lane, mark);
        }
        self.counts.merge(batch.counts);
        match self.shared.as_ref().map(|shared| shared.dead_letters.keep_bad(&batch.bad_records)) {
            Some(Ok(())) => batch.bad_records.into_iter().for_each(|bad| bad.hold.acknowledge()),
            Some(Err(error)) => self.fail(error.to_string()),
            None => {}
        }
    }

    fn fail(&mut self, message: String) {
        tracing::error!(reason = message, "the replay stops");
        self.failure.get_or_insert(message);
        self.drain_by.get_or_insert_with(|| Instant::now() + DRAIN_TIMEOUT);
    }

    /// Renews the status.
    fn observe(&mut self, holding: &'static str) {
        let lag = match self.order.head(wall_clock()) {
            Head::Ready(first) if self.live => {
                Duration::from_nanos(wall_clock().saturating_sub(first).max(0).unsigned_abs())
            }
            _ => Duration::ZERO,
        };
        let completed = self.progress.snapshot().completed;
        let moved = completed > std::mem::replace(&mut self.completed_at_last_look, completed);
        let oldest = self.sent.values().next().map(|sent| Oldest {
            request: format!("{}.{}", sent.connection_id, sent.index),
            node_id: Arc::clone(&sent.node_id),
            seconds: sent.since.elapsed().as_secs(),
            reason: self
                .sessions
                .get(&sent.connection)
                .and_then(|session| session.trouble.get())
                .unwrap_or_else(|| "the target has not answered it".to_owned()),
        });
        let behind = match self.order.oldest() {
            Some(first) => {
                Some(Duration::from_nanos(wall_clock().saturating_sub(first).max(0).unsigned_abs()))
            }
            None => (self.input_ended || self.order.is_all_read()).then_some(Duration::ZERO),
        };
        self.progress.observe(Seen {
            state: if moved { "replaying" } else { holding },
            waiting: self.order.waiting(),
            in_flight: self.active,
            buffered_bytes: self.budget.used(),
            lag,
            behind,
            losses: self.counts.losses(),
            oldest,
        });
    }

    /// A line for people.
    fn line(&mut self) {
        let now = self.progress.snapshot();
        let moved = now.completed - std::mem::replace(&mut self.completed_at_last_line, now.completed);
        let rate = moved / (LOOK_INTERVAL * LOOKS_A_LINE).as_secs();
        let oldest = now.oldest.as_ref().filter(|oldest| oldest.seconds >= LONG_WAIT_SECONDS);
        tracing::info!(
            state = now.state,
            requests = now.completed,
            rate,
            in_flight = now.in_flight,
            waiting = now.waiting,
            lag_ms = now.source_lag_ms,
            oldest = oldest
                .map(|oldest| format!("{} for {} s: {}", oldest.request, oldest.seconds, oldest.reason)),
            "progress"
        );
    }
}

/// Unix nanoseconds.
fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
