//! What systemd wants to hear, and what it gives: readiness, the watchdog's beat, a socket.
//!
//! sd-notify speaks the protocol itself, so the same binary runs under systemd and without it, and needs no library of
//! systemd's.

use sd_notify::NotifyState;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use switchover_sys::take_inherited;

/// Systemd is answered this often within its limit.
pub const WATCHDOG_SHARE: u32 = 3;
/// The first descriptor that systemd passes (`sd_listen_fds(3)`).
const FIRST_DESCRIPTOR: i32 = 3;

/// The client port, when systemd has opened it (a socket unit). To be called before anything else.
///
/// # Errors
/// When what it passes is no socket of ours to take.
pub fn listener() -> io::Result<Option<TcpListener>> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    if number("LISTEN_PID") != Some(std::process::id()) || number("LISTEN_FDS").is_none_or(|count| count == 0)
    {
        return Ok(None);
    }
    Ok(Some(TcpListener::from(take_inherited(FIRST_DESCRIPTOR)?)))
}

/// How soon systemd wants to hear that this lives, if it watches.
#[must_use]
pub fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Clients can connect.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// The end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Tells the watchdog that this lives, for as long as every traffic thread's beat goes on.
pub async fn answer_watchdog(limit: Duration, beats: Vec<Arc<AtomicU64>>) {
    let read = || beats.iter().map(|beat| beat.load(Ordering::Relaxed)).collect::<Vec<_>>();
    let mut before = read();
    loop {
        tokio::time::sleep(limit / WATCHDOG_SHARE).await;
        let now = read();
        if now.iter().zip(&before).all(|(now, before)| now != before) {
            tell(&[NotifyState::Watchdog]);
            before = now;
        } else {
            tracing::error!("a traffic thread does not move, the watchdog is not answered");
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
