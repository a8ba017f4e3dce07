//! Workers as processes that outlive the console: each in a session of its own, its output in a file.

mod config;

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::worker_file::WorkerFile;
use crate::backfill::files;
use crate::backfill::settings::Settings;

const PROGRAM: &str = "switchover-rfs";
/// Of the log of a worker that failed, as much is shown.
const TOLD_BYTES: usize = 2000;
/// A worker that was told to end gets this long; then it is killed, which loses nothing.
const END_DEADLINE: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A process that was just started.
#[derive(Debug)]
pub(in crate::backfill) struct Process {
    pub(in crate::backfill) pid: u32,
    child: Child,
    log: PathBuf,
}

/// Starts processes until there are `count`; `others` are process ids of workers that live here and may not be ours.
pub(super) fn start(
    settings: &Settings,
    count: usize,
    others: impl Iterator<Item = u32>,
) -> Result<Vec<Process>> {
    let directory = settings.session_dir();
    let mut pids: BTreeSet<u32> = others.collect();
    pids.extend(running(settings)?.iter().map(|(_, worker)| *worker));
    let mut started = Vec::new();
    if pids.len() >= count {
        return Ok(started);
    }
    let config = config::write(settings)?;
    let mut number = 0;
    while pids.len() + started.len() < count {
        number += 1;
        let file = worker_path(&directory, number);
        if WorkerFile::read(&file).is_some_and(|worker| worker.lives()) {
            continue;
        }
        let process = spawn(&config, &directory.join(format!("worker-{number}.log")))?;
        if let Some(worker) = WorkerFile::of(process.pid) {
            files::replace(&file, &serde_json::to_vec(&worker)?)?;
        }
        started.push(process);
    }
    Ok(started)
}

fn spawn(config: &Path, log: &Path) -> Result<Process> {
    let here = std::env::current_exe().context("cannot find this program")?;
    let beside = here.parent().map(|directory| directory.join(PROGRAM)).filter(|path| path.exists());
    let program = beside.unwrap_or_else(|| PathBuf::from(PROGRAM));
    let output = OpenOptions::new().create(true).append(true).mode(0o600).open(log);
    let output = output.with_context(|| format!("cannot open the log {}", log.display()))?;
    let child = Command::new(here)
        .arg("in-new-session")
        .arg(&program)
        .args(["--".into(), "--config".into(), config.as_os_str().to_owned()])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(output.try_clone().context("cannot open the log twice")?)
        .stderr(output)
        .spawn();
    let child = child.with_context(|| format!("cannot start {}", program.display()))?;
    Ok(Process { pid: child.id(), child, log: log.to_owned() })
}

/// Becomes another program in a session of its own, which no terminal ends.
pub(crate) fn enter(program: &Path, arguments: &[OsString]) -> Result<Infallible> {
    nix::unistd::setsid().context("cannot begin a session")?;
    let error = Command::new(program).args(arguments).exec();
    Err(anyhow!("cannot start {}: {error}", program.display()))
}

impl Process {
    /// Why it ended, if it did.
    pub(in crate::backfill) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        let log = std::fs::read(&self.log).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(TOLD_BYTES)..];
        let tail = String::from_utf8_lossy(tail);
        // The newest error of the log is the reason, with what follows it.
        let from = tail.rfind("error:").map_or(0, |at| at + "error:".len());
        let told = tail[from..].split_whitespace().collect::<Vec<_>>().join(" ");
        Some(format!("the worker ended ({status}): {told}; its log is {}", self.log.display()))
    }
}

/// Numbers and process ids of workers that were started here and live.
pub(in crate::backfill) fn running(settings: &Settings) -> Result<Vec<(u32, u32)>> {
    let directory = settings.session_dir();
    let entries = match std::fs::read_dir(&directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot list {}", directory.display()))?,
    };
    let mut workers = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {}", directory.display()))?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("worker-")?.strip_suffix(".json"));
        let Some(number) = number.and_then(|number| number.parse().ok()) else { continue };
        if let Some(worker) = WorkerFile::read(&entry.path()).filter(WorkerFile::lives) {
            workers.push((number, worker.pid));
        }
    }
    workers.sort_unstable();
    Ok(workers)
}

/// Ends all that live.
pub(super) fn end(settings: &Settings) -> Result<()> {
    let directory = settings.session_dir();
    let signal = |workers: &[(u32, u32)], signal| {
        for (_, pid) in workers {
            if let Ok(pid) = i32::try_from(*pid) {
                // One that ended meanwhile is what is wanted.
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
    };
    let workers = running(settings)?;
    signal(&workers, Signal::SIGTERM);
    let deadline = Instant::now() + END_DEADLINE;
    while Instant::now() < deadline && !running(settings)?.is_empty() {
        std::thread::sleep(LOOK_INTERVAL);
    }
    signal(&running(settings)?, Signal::SIGKILL);
    for (number, _) in workers {
        // Whether it is there or not, it says nothing any more.
        let _ = std::fs::remove_file(worker_path(&directory, number));
    }
    Ok(())
}

fn worker_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("worker-{number}.json"))
}
