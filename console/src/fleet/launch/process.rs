//! Processes that outlive the console: each in a session of its own, its output in a file.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::worker_file::WorkerFile;
use crate::fleet::files;

/// Of the log of a process that failed, as much is shown.
const TOLD_BYTES: usize = 2000;
/// A process that was told to end gets this long (a replayer waits 30 s for answers); then it is killed, which loses nothing.
const END_DEADLINE: Duration = Duration::from_secs(45);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A process that was just started.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    child: Child,
    log: PathBuf,
}

/// Starts processes until there are `count`; `others` are process ids of members that live here and may not be ours.
pub(super) fn start(
    program: &str,
    directory: &Path,
    count: usize,
    others: impl Iterator<Item = u32>,
    arguments: impl Fn(u32) -> Result<Vec<OsString>>,
) -> Result<Vec<Process>> {
    let mut pids: BTreeSet<u32> = others.collect();
    pids.extend(running(directory)?.iter().map(|(_, worker)| *worker));
    let mut started = Vec::new();
    let mut number = 0;
    while pids.len() + started.len() < count {
        number += 1;
        let file = worker_path(directory, number);
        if WorkerFile::read(&file).is_some_and(|worker| worker.lives()) {
            continue;
        }
        let log = directory.join(format!("worker-{number}.log"));
        let process = spawn(program, arguments(number)?, &log)?;
        if let Some(worker) = WorkerFile::of(process.pid) {
            files::replace(&file, &serde_json::to_vec(&worker)?)?;
        }
        started.push(process);
    }
    Ok(started)
}

fn spawn(program: &str, arguments: Vec<OsString>, log: &Path) -> Result<Process> {
    let here = std::env::current_exe().context("cannot find this program")?;
    let beside = here.parent().map(|directory| directory.join(program)).filter(|path| path.exists());
    let program = beside.unwrap_or_else(|| PathBuf::from(program));
    let output = OpenOptions::new().create(true).append(true).mode(0o600).open(log);
    let output = output.with_context(|| format!("cannot open the log {}", log.display()))?;
    let child = Command::new(here)
        .arg("in-new-session")
        .arg(&program)
        .arg("--")
        .args(arguments)
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

/// How a process ended. Display is the whole message for the user.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None`: by a signal.
    pub(crate) code: Option<i32>,
    status: ExitStatus,
    told: String,
    log: PathBuf,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { status, told, log, .. } = self;
        write!(f, "the worker ended ({status}): {told}; its log is {}", log.display())
    }
}

impl Process {
    /// How and why it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().ok().flatten()?;
        let log = std::fs::read(&self.log).unwrap_or_default();
        let tail = &log[log.len().saturating_sub(TOLD_BYTES)..];
        let tail = String::from_utf8_lossy(tail);
        // The newest error of the log is the reason, with what follows it.
        let from = tail.rfind("error:").map_or(0, |at| at + "error:".len());
        let told = tail[from..].split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Ended { code: status.code(), status, told, log: self.log.clone() })
    }
}

/// Numbers and process ids of workers that were started here and live.
pub(crate) fn running(directory: &Path) -> Result<Vec<(u32, u32)>> {
    let entries = match std::fs::read_dir(directory) {
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
pub(super) fn end(directory: &Path) -> Result<()> {
    let signal = |workers: &[(u32, u32)], signal| {
        for (_, pid) in workers {
            if let Ok(pid) = i32::try_from(*pid) {
                // One that ended meanwhile is what is wanted.
                let _ = kill(Pid::from_raw(pid), signal);
            }
        }
    };
    let workers = running(directory)?;
    signal(&workers, Signal::SIGTERM);
    let deadline = Instant::now() + END_DEADLINE;
    while Instant::now() < deadline && !running(directory)?.is_empty() {
        std::thread::sleep(LOOK_INTERVAL);
    }
    signal(&running(directory)?, Signal::SIGKILL);
    for (number, _) in workers {
        // Whether it is there or not, it says nothing any more.
        let _ = std::fs::remove_file(worker_path(directory, number));
    }
    Ok(())
}

fn worker_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("worker-{number}.json"))
}
