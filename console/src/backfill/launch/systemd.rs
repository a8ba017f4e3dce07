//! Workers as units of systemd. How they are configured is the units' business.

use std::process::Command;

use anyhow::{Context, Result, bail};

const TEMPLATE: &str = "switchover-rfs@.service";
const SINGLE: &str = "switchover-rfs.service";

/// What is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backfill) enum Unit {
    Template,
    Single,
}

/// `None`: no systemd, or no unit.
pub(super) fn unit() -> Option<Unit> {
    let listed = Command::new("systemctl")
        .args(["list-unit-files", "--no-legend", "--no-pager", TEMPLATE, SINGLE])
        .output()
        .ok()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let has = |name: &str| listed.lines().any(|line| line.split_whitespace().next() == Some(name));
    match (has(TEMPLATE), has(SINGLE)) {
        (true, _) => Some(Unit::Template),
        (false, true) => Some(Unit::Single),
        (false, false) => None,
    }
}

/// Starts so many; one that runs is left alone. Their names.
pub(super) fn start(unit: &Unit, count: usize) -> Result<Vec<String>> {
    let units: Vec<String> = match unit {
        Unit::Template => (1..=count).map(|number| format!("switchover-rfs@{number}.service")).collect(),
        Unit::Single => {
            if count > 1 {
                tracing::warn!(
                    "{SINGLE} is one worker; install {TEMPLATE} for more on this host, or start more on others"
                );
            }
            (0..count.min(1)).map(|_| SINGLE.to_owned()).collect()
        }
    };
    if !units.is_empty() {
        systemctl("start", &units)?;
    }
    Ok(units)
}

/// Stops all of them.
pub(super) fn stop(unit: &Unit) -> Result<()> {
    let units = match unit {
        Unit::Template => "switchover-rfs@*.service",
        Unit::Single => SINGLE,
    };
    systemctl("stop", &[units.to_owned()])
}

fn systemctl(verb: &str, units: &[String]) -> Result<()> {
    let shown = format!("systemctl {verb} {}", units.join(" "));
    let done = Command::new("systemctl").arg(verb).args(units).output();
    let done = done.with_context(|| format!("cannot run {shown}"))?;
    if !done.status.success() {
        bail!("{shown} failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
