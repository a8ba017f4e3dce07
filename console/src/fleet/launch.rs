//! Starting a program on this host: by systemd where it has a unit for it, else as processes of their own.

pub(crate) mod process;
mod systemd;
mod worker_file;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use switchover_coordinate::{Member, host_name};

use crate::services::Launch;
pub(crate) use process::{Process, enter};
use worker_file::WorkerFile;

/// A program, and how it comes to be started.
#[derive(Debug)]
pub(crate) struct Launcher {
    program: &'static str,
    /// Where logs and process ids are.
    directory: PathBuf,
    how: How,
}

#[derive(Debug, PartialEq, Eq)]
enum How {
    /// `PROGRAM@N.service`, or the only `PROGRAM.service`.
    Systemd(systemd::Unit),
    Process,
    /// Somebody else starts them.
    None,
}

/// What was started.
#[derive(Debug, Default)]
pub(crate) struct Started {
    /// Names of units, or process ids.
    pub(crate) names: Vec<String>,
    pub(crate) processes: Vec<Process>,
}

impl Launcher {
    pub(crate) fn new(program: &'static str, launch: Launch, directory: PathBuf) -> Result<Self> {
        let how = match launch {
            Launch::None => How::None,
            Launch::Process => How::Process,
            Launch::Systemd => match systemd::unit(program) {
                Some(unit) => How::Systemd(unit),
                None => anyhow::bail!(
                    "launch: systemd, but systemd has neither {program}@.service nor {program}.service; install one, or give launch: process"
                ),
            },
            Launch::Auto => systemd::unit(program).map_or(How::Process, How::Systemd),
        };
        Ok(Self { program, directory, how })
    }

    /// Starts what is missing here of `scale` processes in all. `arguments`: of the process of this number; units have their
    /// own.
    pub(crate) fn start(
        &self,
        scale: u32,
        living: &[Member],
        arguments: impl Fn(u32) -> Result<Vec<OsString>>,
    ) -> Result<Started> {
        let host = host_name();
        let follows = || living.iter().filter(|member| member.identity.follows);
        let elsewhere = follows().filter(|member| member.identity.host != host).count();
        let here = (scale as usize).saturating_sub(elsewhere);
        match &self.how {
            How::None => Ok(Started::default()),
            How::Systemd(unit) => {
                Ok(Started { names: systemd::start(self.program, unit, here)?, processes: Vec::new() })
            }
            How::Process => {
                let pids = follows().filter(|member| member.identity.host == host);
                // One that was killed a moment ago still counts as a member.
                let pids =
                    pids.map(|member| member.identity.pid).filter(|pid| WorkerFile::of(*pid).is_some());
                let processes = process::start(self.program, &self.directory, here, pids, arguments)?;
                let names = processes.iter().map(|process| format!("process {}", process.pid)).collect();
                Ok(Started { names, processes })
            }
        }
    }

    /// Ends what was started here and is still there. Members that were told to stop have ended by themselves before.
    pub(crate) fn end(&self) -> Result<()> {
        match &self.how {
            How::None => Ok(()),
            How::Systemd(unit) => systemd::stop(self.program, unit),
            How::Process => process::end(&self.directory),
        }
    }
}
