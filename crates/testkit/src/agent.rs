//! A running `switchover-agent`.

use crate::http::ask;
use crate::program::{Program, binary, eventually};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// An agent on free ports.
#[derive(Debug)]
pub struct Agent {
    program: Program,
    /// Where clients connect, `127.0.0.1:port`.
    pub address: String,
    admin: String,
}

impl Agent {
    /// Starts an agent in front of `destination` (a URL) with its log in `directory`/capture-log.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(destination: &str, directory: &Path, more: &[&str]) -> Self {
        Self::start_by(Command::new(binary("switchover-agent")), destination, directory, more)
    }

    /// Starts it by a command that takes the agent's flags: a copy of the binary, or a program that runs it.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start_by(mut command: Command, destination: &str, directory: &Path, more: &[&str]) -> Self {
        command
            .args(["--destinationUri", destination, "--listenAddress", "127.0.0.1", "--listenPort", "0"])
            .args(["--adminAddress", "127.0.0.1:0", "--captureLogDir"])
            .arg(Self::log_dir(directory))
            .args(more);
        let mut program = Program::spawn(command, directory.join("agent.log"));
        let address = program.line("listening ");
        let admin = format!("http://{}", program.line("admin "));
        Self { program, address, admin }
    }

    /// Where an agent with this directory keeps its capture log.
    #[must_use]
    pub fn log_dir(directory: &Path) -> PathBuf {
        directory.join("capture-log")
    }

    /// The URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL of its admin pages.
    #[must_use]
    pub fn admin(&self) -> &str {
        &self.admin
    }

    /// `GET /status`.
    #[must_use]
    pub fn status(&self) -> Value {
        ask(&self.admin, "GET", "/status", "").json()
    }

    /// `GET` of an admin page: status and text.
    #[must_use]
    pub fn page(&self, path: &str) -> (u16, String) {
        let answer = ask(&self.admin, "GET", path, "");
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    /// Waits until the status satisfies `condition`.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn await_status(&self, what: &str, condition: impl Fn(&Value) -> bool) -> Value {
        eventually(what, || Some(self.status()).filter(&condition))
    }

    /// Waits until Kafka has everything, of this run and of earlier ones.
    ///
    /// # Panics
    /// When that takes too long.
    pub fn await_delivery(&self) -> Value {
        self.await_status("kafka has every record", |status| {
            status["held"]["records"] == 0
                && status["recovered"]["records"] == status["recovered"]["delivered"]
        })
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// SIGTERM and the drain.
    pub fn terminate(&mut self) -> ExitStatus {
        self.program.terminate()
    }

    /// What it logged.
    #[must_use]
    pub fn log_text(&self) -> String {
        self.program.log_text()
    }

    /// The admin address that it has after it started again by itself.
    ///
    /// # Panics
    /// When it does not say one.
    pub fn started_again(&mut self) {
        self.admin = format!("http://{}", self.program.line("admin "));
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When that fails.
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(kill.expect("kill").success());
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.program.pid()
    }
}
