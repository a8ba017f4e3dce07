//! The timer that undoes an attachment when nobody is there to do it: `attach` was killed, the host was rebooted in the
//! middle, or nobody confirmed in time. It exists only as long as one of these can be, as files of systemd, so that a reboot
//! does not end it either.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::journal::{Phase, Place};
use super::{files, systemd, undo};
use switchover_coordinate::unix_ms;

const UNITS: &str = "/etc/systemd/system";
/// For the units: systemd reads them as root, people look at them.
const MODE: u32 = 0o644;

fn unit(name: &str, kind: &str) -> String {
    format!("switchover-revert-{name}.{kind}")
}

fn path(name: &str, kind: &str) -> PathBuf {
    Path::new(UNITS).join(unit(name, kind))
}

/// The timer's name, for people.
pub(super) fn timer(name: &str) -> String {
    unit(name, "timer")
}

fn service_text(name: &str, program: &Path) -> String {
    let program = program.display();
    format!(
        "[Unit]
Description=Undo the attachment {name} of the capture agent unless it is finished and confirmed

[Service]
Type=oneshot
ExecStart={program} agent guard --name {name}
"
    )
}

fn timer_text(name: &str) -> String {
    format!(
        "[Unit]
Description=Look whether the attachment {name} of the capture agent is finished and confirmed

[Timer]
OnActiveSec=10s
OnUnitInactiveSec=5s
AccuracySec=1s

[Install]
WantedBy=timers.target
"
    )
}

/// Starts to watch over an attachment.
pub(super) fn install(name: &str) -> Result<()> {
    let program = std::env::current_exe().context("this program does not know its own path")?;
    files::write(&path(name, "service"), service_text(name, &program).as_bytes(), MODE)?;
    files::write(&path(name, "timer"), timer_text(name).as_bytes(), MODE)?;
    systemd::call(&["daemon-reload"])?;
    systemd::call(&["enable", "--now", "--quiet", &timer(name)]).map(drop)
}

/// There is nothing to watch any more.
pub(super) fn uninstall(name: &str) -> Result<()> {
    if !path(name, "timer").exists() && !path(name, "service").exists() {
        return Ok(());
    }
    // A timer whose file is half written can't be stopped, but removed.
    let stopped = systemd::call(&["disable", "--now", "--quiet", &timer(name)]);
    for kind in ["timer", "service"] {
        files::remove(&path(name, kind))?;
    }
    systemd::call(&["daemon-reload"])?;
    stopped.map(drop).or_else(|error| match systemd::state(&timer(name))?.as_str() {
        "inactive" => Ok(()),
        _ => Err(error),
    })
}

/// What the timer starts.
pub(super) fn run(place: &Place) -> Result<()> {
    // Somebody is at it.
    let Some(_lock) = place.lock()? else { return Ok(()) };
    let Some(mut attachment) = place.load()? else { return uninstall(place.name()) };
    let why = match (attachment.phase, attachment.confirm_until_ms) {
        (Phase::Attaching, _) => "attaching was not finished",
        (Phase::Detaching, _) => "detaching was not finished",
        (Phase::Attached, None) => return uninstall(place.name()),
        (Phase::Attached, Some(until)) if unix_ms() >= until => "it was not confirmed in time",
        (Phase::Attached, Some(_)) => return Ok(()),
    };
    eprintln!("undoing the attachment {}: {why}", place.name());
    let notes = undo::all(place, &mut attachment)?;
    notes.iter().for_each(|note| eprintln!("{note}"));
    Ok(())
}
