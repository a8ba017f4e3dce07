//! Everything together, one step at a time in an order that the seed determines. No threads, no real time.

use crate::client::Around;
use crate::disk::{CHECKPOINT, SimDisk};
use crate::forge;
use crate::kafka::{Kafka, SimBroker};
use crate::life::Life;
use crate::plan::{Plan, Plant};
use crate::report::Report;
use crate::rng::Rng;
use crate::truth::Truth;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use switchover_agent::capture::Opened;
use switchover_agent::clock::Clock;
use switchover_agent::syncer;
use switchover_capture::log::{Entry, EntryKind, LogErrorKind};
use switchover_capture::{LogOptions, LogReader, Timestamp};

/// The wall clock of all runs begins here, in Unix milliseconds.
const EPOCH_MS: i64 = 1_700_000_000_000;

/// What ends a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Killed,
    PowerCut,
    Asked,
}

pub struct World {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    pub(crate) report: Report,
    pub(crate) truth: Rc<RefCell<Truth>>,
    pub(crate) kafka: Rc<RefCell<Kafka>>,
    pub(crate) disk: Arc<SimDisk>,
    pub(crate) life: Option<Life>,
    nanos: &'static AtomicU64,
    /// What steps of the wall clock have come to.
    pub(crate) wall_offset_ms: i64,
    /// A power cut since the last life.
    power_cut: bool,
    next_write: u64,
    next_connection: u64,
    checkpoint_seen: Option<Vec<u8>>,
    checkpoint_may_change: bool,
    weights: [u64; 4],
    _temporary: tempfile::TempDir,
}

impl World {
    pub fn new(seed: u64, plant: Option<Plant>, report: Report) -> Self {
        let mut rng = Rng::new(seed);
        let plan = Plan::of(&mut rng, plant);
        report.say(format!("{plan:?}"));
        let temporary = temporary();
        let (dir, attic) = (temporary.path().join("log"), temporary.path().join("attic"));
        [&dir, &attic].into_iter().for_each(|dir| std::fs::create_dir(dir).unwrap());
        let truth = Rc::new(RefCell::new(Truth::default()));
        let kafka = Kafka::new(rng.fork(), &plan, Rc::clone(&truth));
        Self {
            disk: Arc::new(SimDisk::new(&dir, &attic, rng.fork(), plant)),
            kafka: Rc::new(RefCell::new(kafka)),
            truth,
            life: None,
            nanos: Box::leak(Box::default()),
            wall_offset_ms: 0,
            power_cut: false,
            next_write: 0,
            next_connection: 0,
            checkpoint_seen: None,
            checkpoint_may_change: true,
            weights: [0; 4].map(|_| rng.between(1, 10)),
            plan,
            rng,
            report,
            _temporary: temporary,
        }
    }

    pub(crate) fn now(&self) -> u64 {
        self.nanos.load(Ordering::Relaxed)
    }

    pub(crate) fn writes(&self) -> u64 {
        self.next_write
    }

    fn wall_ms(&self) -> i64 {
        EPOCH_MS + self.wall_offset_ms + (self.now() / 1_000_000) as i64
    }

    pub(crate) fn pass_time(&mut self, longest_ns: u64) {
        self.nanos.fetch_add(self.rng.below(longest_ns), Ordering::Relaxed);
        self.kafka.borrow_mut().wall_ms = self.wall_ms();
    }

    /// One thing more happens. `ending` when clients begin nothing new.
    pub fn step(&mut self, ending: bool) -> Result<(), String> {
        let longest = match ending {
            true if self.rng.one_in(10) => 1_000_000_000,
            _ if self.rng.one_in(10) => 200_000_000,
            _ => 4_000_000,
        };
        self.pass_time(longest);
        if self.life.is_none() {
            self.begin_life()?;
        } else {
            self.act(ending);
        }
        self.look()
    }

    fn act(&mut self, ending: bool) {
        let now = self.now();
        let Some(life) = &mut self.life else { return };
        let mut at = self.rng.below(self.weights.iter().sum());
        let actor = self.weights.iter().position(|weight| {
            let here = at < *weight;
            at = at.wrapping_sub(*weight);
            here
        });
        life.syncer_turns += u64::from(actor == Some(1));
        match actor {
            Some(0) => {
                let client = self.rng.below(life.clients.len() as u64) as usize;
                let happened = life.clients[client].step(&mut Around {
                    rng: &mut self.rng,
                    journal: &life.journal,
                    promise: self.plan.promise,
                    truth: &mut self.truth.borrow_mut(),
                    disk: &self.disk,
                    plant: self.plan.plant,
                    now,
                    syncer_turns: life.syncer_turns,
                    next_write: &mut self.next_write,
                    next_connection: &mut self.next_connection,
                    ending,
                });
                happened.into_iter().for_each(|what| self.report.say(format!("client {client}: {what}")));
            }
            Some(1) if life.syncer.is_due(now) => {
                life.syncer.runs();
                let pace = syncer::step(&life.journal, &life.gate);
                life.syncer.sleeps(pace, now);
                self.report
                    .say(format!("syncer: {pace:?}, durable {}", life.journal.sync_handle().durable()));
            }
            Some(2) if life.shipper.is_due(now) => {
                life.shipper.runs();
                let pace = life.shipping.step();
                self.checkpoint_may_change = true;
                life.shipper.sleeps(pace, now);
                self.report.say(format!("shipper: {pace:?}, acked below {}", life.gate.acked_below()));
            }
            Some(3) => self.kafka.borrow_mut().step(),
            _ => {}
        }
        self.plant_in_files();
    }

    /// Planted bugs that show in files.
    fn plant_in_files(&mut self) {
        let Some(life) = &self.life else { return };
        match self.plan.plant {
            Some(Plant::WakeLost) if self.rng.one_in(3) => life.syncer.forgets(),
            Some(Plant::CheckpointAhead) if self.rng.one_in(50) => {
                let ahead = life.gate.acked_below() + 2;
                std::fs::write(self.disk.dir.join(CHECKPOINT), format!("{ahead}\n")).unwrap();
                self.checkpoint_may_change = true;
            }
            Some(Plant::SegmentDeletedEarly) if self.rng.one_in(50) => {
                life.journal.forget_below(life.journal.next_sequence());
            }
            _ => {}
        }
    }

    /// Whether all rules hold.
    fn look(&mut self) -> Result<(), String> {
        if self.disk.state().killed && self.life.is_some() {
            self.report.say("killed inside a system call");
            self.end_life(End::Killed)?;
        }
        if let Some(life) = &mut self.life {
            let truth = &mut *self.truth.borrow_mut();
            if life.journal.next_sequence() != life.seen_below {
                read_on(&mut life.reader, |entry| truth.saw(entry))?;
                life.seen_below = life.journal.next_sequence();
            }
            self.disk.take_removed().iter().for_each(|segment| truth.removed(segment));
            let state = life.journal.state();
            let delivered = life.deliveries.delivered();
            let (captured, appended, lost) = (state.captured, state.appended, state.lost);
            if captured.records != appended.records + lost.records
                || captured.requests != appended.requests + lost.requests
                || captured.bytes != appended.bytes + lost.bytes
            {
                truth.broken(format!("captured {captured:?} is not appended {appended:?} and lost {lost:?}"));
            }
            if appended.records != truth.appended {
                truth
                    .broken(format!("{} records are in the log, appended says {appended:?}", truth.appended));
            }
            if delivered.records != truth.delivered() {
                truth.broken(format!("{} are delivered, said is {delivered:?}", truth.delivered()));
            }
            if lost.records < truth.gap_records {
                truth.broken(format!("gaps say {} are lost, lost is {lost:?}", truth.gap_records));
            }
            truth.claimed_below = life.journal.sync_handle().durable();
        }
        if std::mem::take(&mut self.checkpoint_may_change) {
            self.look_at_checkpoint();
        }
        self.truth.borrow_mut().violation.take().map_or(Ok(()), Err)
    }

    fn look_at_checkpoint(&mut self) {
        let file = self.disk.dir.join(CHECKPOINT);
        let text = std::fs::read(&file).ok();
        if text == self.checkpoint_seen {
            return;
        }
        let says = text.as_deref().and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok());
        self.truth.borrow_mut().checkpoint(says.unwrap_or(0));
        if text.is_some() {
            // Its time is that of the simulated wall clock.
            let time = UNIX_EPOCH + Duration::from_millis(self.wall_ms() as u64);
            std::fs::File::options()
                .append(true)
                .open(&file)
                .and_then(|file| file.set_modified(time))
                .unwrap();
        }
        self.disk.look_at_checkpoint();
        self.checkpoint_seen = text;
    }

    /// Ends the process, if one runs.
    pub fn end_life(&mut self, how: End) -> Result<(), String> {
        self.report.say(format!("the process ends: {how:?}"));
        if let Some(mut life) = self.life.take() {
            if how == End::Asked {
                self.drain(&mut life);
            }
            let truth = &mut *self.truth.borrow_mut();
            read_on(&mut life.reader, |entry| truth.saw(entry))?;
            truth.claimed_below = truth.claimed_below.max(life.journal.sync_handle().durable());
            let Life { shipping, .. } = life;
            if how == End::Asked { shipping.finish() } else { drop(shipping) }
        }
        self.look_at_checkpoint();
        if how == End::PowerCut {
            self.disk.power_cut();
            self.power_cut = true;
            self.checkpoint_seen = None;
        }
        Ok(())
    }

    /// As the process does when it is asked to end.
    fn drain(&mut self, life: &mut Life) {
        life.clients.iter_mut().for_each(|client| client.close(&life.journal));
        life.journal.close();
        if let Ok(below) = life.journal.sync_handle().sync() {
            life.gate.synced(below);
        }
        for _ in 0..self.rng.below(50) {
            let truth = &self.truth;
            if read_on(&mut life.reader, |entry| truth.borrow_mut().saw(entry)).is_err() {
                return;
            }
            life.shipping.step();
            self.kafka.borrow_mut().step();
        }
    }

    /// Starts a process on what is there.
    fn begin_life(&mut self) -> Result<(), String> {
        if self.plan.plant == Some(Plant::TornTailAccepted) {
            forge::accept_torn_tail(&self.disk.dir);
        }
        let dies_meanwhile = {
            let mut disk = self.disk.state();
            disk.killed = false;
            disk.kill_in = self.rng.one_in(6).then(|| self.rng.between(1, 4));
            disk.kill_in.is_some()
        };
        let options = LogOptions {
            dir: self.disk.dir.clone(),
            segment_bytes: self.plan.segment_bytes,
            max_bytes: self.plan.max_bytes,
        };
        let begin = Timestamp::from_unix_nanos(i128::from(EPOCH_MS + self.wall_offset_ms) * 1_000_000);
        let clock = Clock::counted(self.nanos, begin);
        let opened = Opened::open(self.disk.clone(), options, self.plan.promise, clock);
        let refused = {
            let disk = self.disk.state();
            dies_meanwhile || disk.full || disk.fsync_fails
        };
        self.disk.state().kill_in = None;
        let opened = match opened {
            Ok(opened) if !self.disk.state().killed => opened,
            Ok(_) => return Ok(()),
            Err(error) if refused => {
                let place = self.disk.dir.display().to_string();
                self.report.say(format!("it can't start: {error:#}").replace(&place, "LOG"));
                return Ok(());
            }
            Err(error) => return Err(format!("it can't start: {error:#}")),
        };
        let (next, resumed_at) = (opened.journal.next_sequence(), opened.gate.acked_below());
        self.report.say(format!("a process begins at {next}, {resumed_at} is acknowledged"));
        let broker = SimBroker(Rc::clone(&self.kafka));
        let mut life = Life::begin(opened, broker, self.plan.clients);
        let mut entries = Vec::new();
        read_on(&mut life.reader, |entry| entries.push(entry))?;
        let truth = &mut *self.truth.borrow_mut();
        damage_is_told(&self.disk, &entries, &mut self.report, truth);
        truth.reopened(std::mem::take(&mut self.power_cut), entries, next);
        truth.resumed_at = resumed_at;
        truth.checkpoint(0);
        self.checkpoint_seen = None;
        self.checkpoint_may_change = true;
        self.life = Some(life);
        Ok(())
    }
}

/// In memory where there is such a place: fsync is simulated.
fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What recovery moved away is told by a gap.
fn damage_is_told(disk: &SimDisk, entries: &[Entry], report: &mut Report, truth: &mut Truth) {
    for file in std::fs::read_dir(&disk.dir).unwrap() {
        let name = file.unwrap().file_name().to_string_lossy().into_owned();
        let Some((segment, _)) = name.split_once(".damaged-at-").filter(|_| !name.contains("untold")) else {
            continue;
        };
        let told = |entry: &Entry| {
            entry.kind == EntryKind::Gap && String::from_utf8_lossy(&entry.payload).contains(segment)
        };
        if !report.told.contains(&name) && !entries.iter().any(told) {
            truth.broken(format!("no gap tells of {name}"));
        }
        report.told.insert(name);
    }
}

/// Reads to the end, over damage.
fn read_on(reader: &mut LogReader, mut visit: impl FnMut(Entry)) -> Result<(), String> {
    loop {
        match reader.next() {
            Ok(Some(entry)) => visit(entry),
            Ok(None) => return Ok(()),
            Err(error) if matches!(error.kind, LogErrorKind::Damaged { .. }) => {
                if reader.skip_damage().map_err(|error| error.to_string())?.is_none() {
                    return Ok(());
                }
            }
            Err(error) => return Err(format!("the log can't be read: {error}")),
        }
    }
}
