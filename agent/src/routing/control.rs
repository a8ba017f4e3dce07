//! The one place where routing is changed, and from which connections learn it.

use super::epoch::{Epoch, Fallback};
use super::health::{Happened, Health};
use super::kept::{Kept, StateFile};
use super::{Mode, Routing};
use crate::clock::Clock;
use crate::counters::Counters;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The file, and what it said when it was last read or written: only what differs from that is news.
#[derive(Debug)]
struct Known {
    file: StateFile,
    content: Option<Kept>,
}

impl Known {
    fn write(&mut self, kept: Kept) -> io::Result<()> {
        self.file.write(&kept)?;
        self.content = Some(kept);
        Ok(())
    }
}

/// What routing is, shared by all connections.
#[derive(Debug)]
pub struct Control {
    current: watch::Sender<Arc<Epoch>>,
    /// Held while the file and what holds are changed, so that they agree.
    file: Mutex<Known>,
    max_errors_percent: u8,
    clock: Clock,
    counters: Arc<Counters>,
    draining: CancellationToken,
}

impl Control {
    /// Begins with what the file says, or else with `flags`.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn start(
        flags: Routing,
        file: StateFile,
        max_errors_percent: u8,
        clock: Clock,
        counters: Arc<Counters>,
        draining: CancellationToken,
    ) -> io::Result<Self> {
        let read = file.read()?;
        let known = Known { file, content: read.clone() };
        let kept = read.unwrap_or(Kept { routing: flags, fallback: None });
        let health = Health::new(max_errors_percent);
        let since = now_ms(&clock);
        let epoch = Epoch::new(kept.routing, kept.fallback, since, health, &draining);
        let current = watch::Sender::new(Arc::new(epoch));
        Ok(Self { current, file: Mutex::new(known), max_errors_percent, clock, counters, draining })
    }

    /// What holds.
    #[must_use]
    pub fn current(&self) -> Arc<Epoch> {
        Arc::clone(&self.current.borrow())
    }

    /// Tells of each change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Epoch>> {
        self.current.subscribe()
    }

    /// Changes it: in the file first, so that what clients have seen also holds after a crash.
    ///
    /// # Errors
    /// When the file can't be written; then nothing has changed.
    pub fn set(&self, routing: Routing) -> io::Result<()> {
        let mut known = self.known();
        known.write(Kept { routing, fallback: None })?;
        self.begin(routing, None);
        Ok(())
    }

    /// Takes what the file says now.
    ///
    /// # Errors
    /// When it can't be read; then nothing has changed.
    pub fn reload(&self) -> io::Result<()> {
        let mut known = self.known();
        let read = known.file.read()?;
        if read == known.content {
            return Ok(());
        }
        known.content = read.clone();
        if let Some(Kept { routing, fallback }) = read {
            self.begin(routing, fallback);
        }
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, routing: Routing, fallback: Option<Fallback>) {
        tracing::info!(%routing, fallback = fallback.as_ref().map(|it| it.reason.as_str()), "routing changes");
        self.replace(routing, fallback);
    }

    fn replace(&self, routing: Routing, fallback: Option<Fallback>) -> Arc<Epoch> {
        let health = Health::new(self.max_errors_percent);
        let next = Epoch::new(routing, fallback, now_ms(&self.clock), health, &self.draining);
        let last = self.current.send_replace(Arc::new(next));
        last.end();
        last
    }

    /// A request to the target, decided in `epoch`, was answered with this status; `None` when it was not.
    pub(crate) fn target_answered(&self, epoch: &Arc<Epoch>, status: Option<u16>) {
        let failed = status.is_none_or(|status| status >= 500 && status != 501);
        if failed {
            self.counters.target_errors.add(1);
        }
        self.note(epoch, if failed { Happened::Failed } else { Happened::Answered });
    }

    /// Whether a connection to the target could be opened.
    pub(crate) fn target_connected(&self, epoch: &Arc<Epoch>, connected: bool) {
        self.note(epoch, if connected { Happened::Connected } else { Happened::Unreachable });
    }

    fn note(&self, epoch: &Arc<Epoch>, happened: Happened) {
        let Some(reason) = epoch.health.note(happened) else { return };
        if epoch.is_over() {
            return;
        }
        if epoch.routing.mode == Mode::Target {
            let count = self.counters.target_alarms.add(1);
            if count.is_power_of_two() {
                tracing::error!(
                    reason,
                    count,
                    "the target fails; the source may lack what it was told, so nothing goes back by itself (mode target)"
                );
            }
            return;
        }
        self.fall_back(epoch, reason, happened == Happened::Unreachable);
    }

    /// The source serves everything from now on, until somebody says otherwise.
    fn fall_back(&self, epoch: &Arc<Epoch>, reason: String, unreachable: bool) {
        let _no_other_change = self.known();
        if !Arc::ptr_eq(&self.current(), epoch) || epoch.fallback.is_some() {
            return;
        }
        self.counters.target_fallbacks.add(1);
        tracing::error!(
            reason,
            was = %epoch.routing,
            "the target fails: the source serves everything again, until routing is set anew"
        );
        let last = self.replace(epoch.routing, Some(Fallback { reason, at: now_ms(&self.clock) }));
        if unreachable {
            last.lose_target();
        }
    }

    /// Keeps the file true after a fallback, and listens to SIGHUP, for as long as the process lives.
    ///
    /// # Errors
    /// When the signal handler can't be installed.
    pub async fn keep(self: Arc<Self>) -> io::Result<()> {
        let mut hangup = signal(SignalKind::hangup())?;
        let mut changes = self.watch();
        loop {
            let asked = tokio::select! {
                _ = hangup.recv() => true,
                changed = changes.changed() => match changed {
                    Ok(()) => false,
                    Err(_) => return Ok(()),
                },
            };
            let control = Arc::clone(&self);
            let done = tokio::task::spawn_blocking(move || match asked {
                true => control.reload(),
                false => control.write_fallback(),
            });
            if let Err(error) = done.await? {
                tracing::error!(%error, "the routing file can't be used, what holds stays");
            }
        }
    }

    fn write_fallback(&self) -> io::Result<()> {
        let mut known = self.known();
        let current = self.current();
        match &current.fallback {
            Some(_) => known.write(Kept { routing: current.routing, fallback: current.fallback.clone() }),
            None => Ok(()),
        }
    }
}

fn now_ms(clock: &Clock) -> i64 {
    i64::try_from(clock.now().unix_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
