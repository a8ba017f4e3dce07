//! What is asked of systemd, by `systemctl`: every version has it, and it says in words what went wrong.

use std::fmt::Display;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

/// While a unit is waited for.
const POLL: Duration = Duration::from_millis(50);
/// A unit that is told to stop gets so long before we go on without it; systemd ends it in the end.
pub(super) const STOP_PATIENCE: Duration = Duration::from_secs(4);

/// Whether systemd runs this host.
pub(super) fn is_there() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Runs `systemctl VERB UNIT...`.
pub(super) fn call(arguments: &[&str]) -> Result<String> {
    let shown = format!("systemctl {}", arguments.join(" "));
    let done = Command::new("systemctl").args(arguments).output();
    let done = done.with_context(|| format!("cannot run {shown}"))?;
    if !done.status.success() {
        let unit = arguments.last().copied().unwrap_or_default();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let said = said.lines().next().unwrap_or("it said nothing").to_owned();
        bail!("{shown} failed: {said} (journalctl -u {unit} may say more)");
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// A property of a unit; empty when it has none.
pub(super) fn property(unit: &str, name: &str) -> Result<String> {
    Ok(call(&["show", "--value", "--property", name, unit])?.trim().to_owned())
}

/// Whether there is a file for this unit.
pub(super) fn is_installed(unit: &str) -> Result<bool> {
    Ok(property(unit, "LoadState")? == "loaded")
}

/// As systemd says it: `active`, `activating`, `inactive`, `failed`.
pub(super) fn state(unit: &str) -> Result<String> {
    property(unit, "ActiveState")
}

/// Whether it starts with the host.
pub(super) fn is_enabled(unit: &str) -> bool {
    let asked = Command::new("systemctl").args(["is-enabled", "--quiet", unit]).status();
    asked.is_ok_and(|status| status.success())
}

/// Starts or restarts and waits until the unit is active, at most so long.
pub(super) fn start(verb: &str, unit: &str, limit: Duration) -> Result<()> {
    call(&["reset-failed", unit]).ok();
    call(&[verb, "--no-block", unit])?;
    let until = Instant::now() + limit;
    loop {
        // In one question: a restart passes through states that mean something else without their job.
        let shown = call(&["show", "--property", "ActiveState,SubState,Job", unit])?;
        let value = |name: &str| {
            let line =
                shown.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
            line.unwrap_or_default()
        };
        let (state, job) = (value("ActiveState"), value("Job"));
        let settled = job.is_empty() || job == "0";
        match state.as_str() {
            "active" if settled => return Ok(()),
            // Once tried; systemd would try it again and again.
            "activating" if value("SubState") == "auto-restart" => return Err(ended(unit, "ended at once")),
            "failed" if settled => return Err(ended(unit, "failed")),
            "inactive" if settled => return Err(ended(unit, "ended at once")),
            _ if Instant::now() > until => return Err(ended(unit, format!("is still {state}"))),
            _ => thread::sleep(POLL),
        }
    }
}

fn ended(unit: &str, how: impl Display) -> anyhow::Error {
    let log = Command::new("journalctl").args(["-u", unit, "-n", "3", "-o", "cat", "--no-pager"]).output();
    let log = log.map(|out| String::from_utf8_lossy(&out.stdout).trim().replace('\n', " | "));
    let log = log.unwrap_or_default();
    anyhow!("{unit} {how}; its log ends with: {log} (journalctl -u {unit})")
}

/// Stops a unit; whether it has ended within [`STOP_PATIENCE`].
pub(super) fn stop(unit: &str) -> Result<bool> {
    call(&["stop", "--no-block", unit])?;
    let until = Instant::now() + STOP_PATIENCE;
    loop {
        match state(unit)?.as_str() {
            "inactive" | "failed" => return Ok(true),
            _ if Instant::now() > until => return Ok(false),
            _ => thread::sleep(POLL),
        }
    }
}
