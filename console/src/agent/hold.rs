//! `agent redirect-hold`, the program of `switchover-redirect@NAME.service`: keeps the redirect of an attachment. It looks at
//! the agent ten times a second, switches the redirect off when the agent is gone or hangs and on when it is back, and writes
//! down when clients reached the node past the agent. The kernel switches off by itself when this process does not go on.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use sd_notify::NotifyState;
use switchover_coordinate::unix_ms;

use super::gaps::{GapLog, Heartbeat};
use super::journal::{Agent, Place};
use super::redirect::{EXPIRES_AFTER, Redirect};
use super::sockets::{self, Ends};
use super::watch::{Look, Turn, Watch};
use super::{admin, attach};

const TICK: Duration = Duration::from_millis(100);
/// Of one look.
const LOOK_TIMEOUT: Duration = Duration::from_millis(250);
/// The switch is put forward this often: [`EXPIRES_AFTER`] leaves two more tries.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// Connections past the agent are looked for this often while none is known, and while some are.
const COUNT_EVERY: Duration = Duration::from_secs(2);
const COUNT_EVERY_IN_GAP: Duration = Duration::from_millis(500);
/// At the start of the host the node waits for us, but not for an agent that does not come.
const READY_LIMIT: Duration = Duration::from_secs(3);

pub(super) fn run(place: &Place) -> Result<()> {
    let attachment = place.load()?.with_context(|| format!("nothing is attached as {}", place.name()))?;
    let rules = attachment.redirect.context("this attachment has no redirect")?;
    let signals = SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT]);
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
    let mut keeper = Keeper::start(place, attachment.agent, rules)?;
    let began = Instant::now();
    let mut told = false;
    let ended = loop {
        if let Err(error) = keeper.tick() {
            break Err(error);
        }
        if !told && (keeper.watch.is_on() || began.elapsed() > READY_LIMIT) {
            tell(&[NotifyState::Ready]);
            told = true;
        }
        tell(&[NotifyState::Watchdog]);
        if signals.read_signal()?.is_some() {
            break Ok(());
        }
        thread::sleep(TICK);
    };
    // Whatever happened: clients reach the node.
    let off = keeper.rules.off();
    keeper.gaps.begin(unix_ms(), "the redirect was switched off")?;
    ended.and(off)
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}

struct Keeper {
    rules: Redirect,
    admin: SocketAddr,
    watch: Watch,
    gaps: GapLog,
    heartbeat: Heartbeat,
    refreshed: Instant,
    /// Nothing went past the agent at this time, by both clocks.
    counted: Instant,
    counted_ms: u64,
}

impl Keeper {
    fn start(place: &Place, agent: Agent, rules: Redirect) -> Result<Self> {
        let heartbeat = Heartbeat(place.heartbeat());
        let mut gaps = GapLog::open(&place.gaps())?;
        // Since the last one who kept it: a crash, a reboot. Ends when the redirect is on and nothing goes past it.
        match heartbeat.last() {
            Some(last) => gaps.begin(last, "the redirect was not kept")?,
            None => gaps.begin(unix_ms(), "the redirect begins")?,
        }
        rules.install()?;
        let now = Instant::now();
        Ok(Self {
            rules,
            admin: agent.admin,
            watch: Watch::default(),
            gaps,
            heartbeat,
            refreshed: now,
            counted: now,
            counted_ms: unix_ms(),
        })
    }

    fn tick(&mut self) -> Result<()> {
        let at = Instant::now();
        let look = self.look();
        match self.watch.next(look, at, Instant::now()) {
            Some(Turn::Off(why)) => {
                self.rules.off()?;
                self.gaps.begin(unix_ms(), why)?;
                eprintln!("redirect off: {why}; clients reach the node, uncaptured");
            }
            Some(Turn::On) => {
                self.refresh()?;
                eprintln!("redirect on: new connections reach the agent");
                self.count()?;
            }
            None if !self.watch.is_on() => {}
            None => {
                if self.refreshed.elapsed() >= REFRESH_EVERY {
                    self.keep_on()?;
                }
                let every = if self.gaps.is_open() { COUNT_EVERY_IN_GAP } else { COUNT_EVERY };
                if self.counted.elapsed() >= every {
                    self.count()?;
                }
            }
        }
        Ok(())
    }

    fn look(&self) -> Look {
        if admin::is_healthy(self.admin, LOOK_TIMEOUT) {
            return Look::Healthy;
        }
        let port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.rules.agent_port);
        if admin::refuses(port, LOOK_TIMEOUT) { Look::Gone } else { Look::Silent }
    }

    fn refresh(&mut self) -> Result<()> {
        // The kernel counts from some time in between: what counts here must never be younger.
        let begun = Instant::now();
        self.rules.on()?;
        self.refreshed = begun;
        self.heartbeat.beat()
    }

    fn keep_on(&mut self) -> Result<()> {
        let before = self.refreshed;
        self.refresh()?;
        // Asked when it is on again: it may have lapsed while it was being refreshed.
        let since = before.elapsed();
        if since >= EXPIRES_AFTER {
            // This process was not run for so long: the kernel has switched off meanwhile.
            let lapsed = (since - EXPIRES_AFTER).as_millis();
            let from = unix_ms().saturating_sub(u64::try_from(lapsed).unwrap_or(u64::MAX));
            self.gaps.begin(from, "the redirect lapsed: its keeper was not run in time")?;
        }
        Ok(())
    }

    /// Looks for connections past the agent. While there are any, capture is not complete.
    fn count(&mut self) -> Result<()> {
        let past = sockets::past_the_agent_now(self.rules.client_port, self.rules.agent_uid)
            .context("cannot read /proc/net/tcp")?;
        if past.is_empty() {
            self.gaps.end()?;
            self.counted_ms = unix_ms();
        } else {
            self.gaps.begin(self.counted_ms, &shown(&past))?;
            if self.rules.close_old {
                attach::close(&past)?;
            }
        }
        self.counted = Instant::now();
        Ok(())
    }
}

/// `connections that do not pass the agent: 3 from 10.0.0.5, 1 from ::1`.
pub(super) fn shown(past: &HashSet<Ends>) -> String {
    let clients = sockets::clients(past).into_iter().map(|(host, count)| format!("{count} from {host}"));
    format!("connections that do not pass the agent: {}", clients.collect::<Vec<_>>().join(", "))
}
