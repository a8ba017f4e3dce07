//! A program's units of systemd. How they are configured is the units' business.

use std::process::Command;

use anyhow::{Context, Result, bail};

fn template(program: &str) -> String {
    format!("{program}@.service")
}

fn single(program: &str) -> String {
    format!("{program}.service")
}

/// What is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Template,
    Single,
}

/// `None`: no systemd, or no unit.
pub(super) fn unit(program: &str) -> Option<Unit> {
    let (template, single) = (template(program), single(program));
    let listed = Command::new("systemctl")
        .args(["list-unit-files", "--no-legend", "--no-pager", &template, &single])
        .output()
        .ok()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let has = |name: &str| listed.lines().any(|line| line.split_whitespace().next() == Some(name));
    match (has(&template), has(&single)) {
        (true, _) => Some(Unit::Template),
        (false, true) => Some(Unit::Single),
        (false, false) => None,
    }
}

/// Starts so many; one that runs is left alone. Their names.
pub(super) fn start(program: &str, unit: &Unit, count: usize) -> Result<Vec<String>> {
    let units: Vec<String> = match unit {
        Unit::Template => (1..=count).map(|number| format!("{program}@{number}.service")).collect(),
        Unit::Single => {
            if count > 1 {
                let (single, template) = (single(program), template(program));
                tracing::warn!(
                    "{single} is one process; install {template} for more on this host, or start more on others"
                );
            }
            (0..count.min(1)).map(|_| single(program)).collect()
        }
    };
    if !units.is_empty() {
        systemctl("start", &units)?;
    }
    Ok(units)
}

/// Stops all of them.
pub(super) fn stop(program: &str, unit: &Unit) -> Result<()> {
    let units = match unit {
        Unit::Template => format!("{program}@*.service"),
        Unit::Single => single(program),
    };
    systemctl("stop", &[units])
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
