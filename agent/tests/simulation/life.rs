//! One life of the agent's process, without its threads.

use crate::client::{Client, NODE};
use crate::kafka::SimBroker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use switchover_agent::capture::Opened;
use switchover_agent::durability::Gate;
use switchover_agent::journal::Journal;
use switchover_agent::shipper::{Deliveries, Shipping};
use switchover_agent::wake::{Pace, Waker};
use switchover_capture::LogReader;
use switchover_capture::log::Start;

pub struct Life {
    pub journal: Arc<Journal>,
    pub gate: Arc<Gate>,
    pub deliveries: Arc<Deliveries>,
    pub shipping: Shipping<SimBroker>,
    pub shipper: Sleeper,
    pub syncer: Sleeper,
    /// How often it was its turn, due or not.
    pub syncer_turns: u64,
    pub clients: Vec<Client>,
    /// Follows the log for the truth.
    pub reader: LogReader,
    /// How far it is.
    pub seen_below: u64,
}

/// When a thread of the real process would run.
pub struct Sleeper {
    woken: Arc<AtomicBool>,
    /// Wakes by itself then; `None` only when woken.
    until: Option<u64>,
    deaf: bool,
}

impl Sleeper {
    fn new(waker: &Waker, deaf: bool) -> Self {
        let woken = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&woken);
        waker.set(move || flag.store(true, Ordering::Relaxed));
        Self { woken, until: Some(0), deaf }
    }

    pub fn is_due(&self, now: u64) -> bool {
        self.until.is_some_and(|until| until <= now) || (!self.deaf && self.woken.load(Ordering::Relaxed))
    }

    /// It runs now, so that a wake that comes meanwhile is for the next time.
    pub fn runs(&self) {
        self.woken.store(false, Ordering::Relaxed);
    }

    pub fn sleeps(&mut self, pace: Pace, now: u64) {
        self.deaf = matches!(pace, Pace::Sleep(_));
        self.until = match pace {
            Pace::Go => Some(now),
            Pace::Park => None,
            Pace::ParkAtMost(time) | Pace::Sleep(time) => Some(now + time.as_nanos() as u64),
        };
    }

    /// Planted: a wake that it does not get.
    pub fn forgets(&self) {
        self.woken.store(false, Ordering::Relaxed);
    }
}

impl Life {
    pub fn begin(opened: Opened, broker: SimBroker, clients: u64) -> Self {
        let Opened { journal, gate, checkpoint, deliveries, .. } = opened;
        let shipping = Shipping::new(Arc::clone(&journal), checkpoint, Arc::clone(&deliveries), broker, NODE);
        let reader = LogReader::open(journal.directory(), Start::Oldest).unwrap();
        Self {
            shipper: Sleeper::new(journal.shipper(), false),
            syncer: Sleeper::new(gate.syncer(), false),
            syncer_turns: 0,
            clients: (0..clients).map(|_| Client::default()).collect(),
            journal,
            gate,
            deliveries,
            shipping,
            reader,
            seen_below: 0,
        }
    }
}
