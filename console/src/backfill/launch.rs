//! Starting workers on this host: by systemd where it has a unit for them, else as processes of their own.

mod process;
mod systemd;
mod worker_file;

use anyhow::Result;
use switchover_coordinate::{Member, host_name};

use super::settings::Settings;
use crate::services::Launch;
pub(crate) use process::enter;
pub(super) use process::{Process, running};

/// How workers come to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Launcher {
    /// `switchover-rfs@N.service`, or the only `switchover-rfs.service`.
    Systemd(systemd::Unit),
    Process,
    /// Somebody else starts them.
    None,
}

/// What was started.
#[derive(Debug, Default)]
pub(super) struct Started {
    /// Names of units, or process ids.
    pub(super) names: Vec<String>,
    pub(super) processes: Vec<Process>,
}

impl Launcher {
    pub(super) fn of(settings: &Settings) -> Result<Self> {
        Ok(match settings.block.launch {
            Launch::None => Self::None,
            Launch::Process => Self::Process,
            Launch::Systemd => match systemd::unit() {
                Some(unit) => Self::Systemd(unit),
                None => anyhow::bail!(
                    "launch: systemd, but systemd has neither switchover-rfs@.service nor switchover-rfs.service; install one, or give launch: process"
                ),
            },
            Launch::Auto => systemd::unit().map_or(Self::Process, Self::Systemd),
        })
    }

    /// Starts what is missing here of `scale` workers in all.
    pub(super) fn start(&self, settings: &Settings, scale: u32, living: &[Member]) -> Result<Started> {
        let host = host_name();
        let follows = || living.iter().filter(|member| member.identity.follows);
        let elsewhere = follows().filter(|member| member.identity.host != host).count();
        let here = (scale as usize).saturating_sub(elsewhere);
        match self {
            Self::None => Ok(Started::default()),
            Self::Systemd(unit) => Ok(Started { names: systemd::start(unit, here)?, processes: Vec::new() }),
            Self::Process => {
                let pids = follows().filter(|member| member.identity.host == host);
                let processes = process::start(settings, here, pids.map(|member| member.identity.pid))?;
                let names = processes.iter().map(|process| format!("process {}", process.pid)).collect();
                Ok(Started { names, processes })
            }
        }
    }

    /// Ends what was started here and is still there. Workers that were told to stop have ended by themselves before.
    pub(super) fn end(&self, settings: &Settings) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Systemd(unit) => systemd::stop(unit),
            Self::Process => process::end(settings),
        }
    }
}
