//! The product's own binaries as child processes: started, watched, ended by signal, with their logs at hand.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The longest that a test waits for a process to do what it should.
pub const WAIT_LIMIT: Duration = Duration::from_secs(180);

/// The path of one of the workspace's binaries, built into the profile that the tests run in.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let path = profile.join(name);
    assert!(path.exists(), "{} is not built: run `cargo build --workspace` first", path.display());
    path
}

/// A running program. Killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    stdout: Receiver<String>,
    log: PathBuf,
}

impl Program {
    /// Starts a binary of the workspace. Its stderr goes to `log`.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start<S: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = S>, log: PathBuf) -> Self {
        let mut command = Command::new(binary(name));
        command.args(args);
        Self::spawn(command, log)
    }

    /// Starts what a command says. Its stderr goes to `log`.
    ///
    /// # Panics
    /// When it can't be started.
    #[must_use]
    pub fn spawn(mut command: Command, log: PathBuf) -> Self {
        let stderr = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log file");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the program starts");
        let (lines, stdout) = channel();
        let output = child.stdout.take().expect("its stdout");
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).all(|line| lines.send(line).is_ok())
        });
        Self { child, stdout, log }
    }

    /// The next line on stdout that begins with `key`, without it.
    ///
    /// # Panics
    /// When the program ends or is silent for [`WAIT_LIMIT`]; shows its log.
    pub fn line(&mut self, key: &str) -> String {
        let deadline = Instant::now() + WAIT_LIMIT;
        loop {
            match self.stdout.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(value) = line.strip_prefix(key) {
                        return value.trim().to_owned();
                    }
                }
                Err(error) => panic!("no line `{key}` ({error}); its log:\n{}", self.log_text()),
            }
        }
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far.
    #[must_use]
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When it can't be killed.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill -9");
        self.child.wait().expect("its end");
    }

    /// SIGTERM, and waits for the end.
    ///
    /// # Panics
    /// When it does not end within [`WAIT_LIMIT`].
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(sent.success(), "SIGTERM could not be sent");
        self.wait()
    }

    /// Waits for the end.
    ///
    /// # Panics
    /// When it does not end within [`WAIT_LIMIT`]; shows its log.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + WAIT_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end; its log:\n{}", self.log_text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a finished program left.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it said.
    pub stderr: String,
}

/// Runs a binary of the workspace to its end.
///
/// # Panics
/// When it can't be started.
pub fn run<S: AsRef<OsStr>>(name: &str, args: impl IntoIterator<Item = S>) -> Finished {
    let output =
        Command::new(binary(name)).args(args).stdin(Stdio::null()).output().expect("the program starts");
    Finished {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Waits until `condition` gives a value.
///
/// # Panics
/// After [`WAIT_LIMIT`], naming `what` was waited for.
pub fn eventually<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + WAIT_LIMIT;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {} s in vain for: {what}", WAIT_LIMIT.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}
