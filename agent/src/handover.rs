//! Replacing the running program by a new one without losing a connection: the process executes the new binary and
//! keeps its sockets.
//!
//! The listening socket stays open all the time, so new clients only wait. A connection goes over between two requests,
//! with its connection to the node; what a client sends meanwhile waits in the kernel. The list of sockets is handed on
//! in a file without a name, whose number stands in the environment. A TLS connection can't go over: its keys live in
//! the old program; it is closed as in any other drain.

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use switchover_sys::take_inherited;

/// Names the descriptor of the list.
const VARIABLE: &str = "SWITCHOVER_AGENT_HANDOVER_FD";
/// What systemd tells of its sockets; they are in the list now.
const SYSTEMD_VARIABLES: [&str; 3] = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// A client's connection between two requests, and its connection to the node once it has one.
#[derive(Debug)]
pub struct Connection {
    /// From the client.
    pub client: TcpStream,
    /// To the node.
    pub node: Option<TcpStream>,
}

/// Requests that passed uncaptured because the capture log could not be opened: the next program, which can, writes
/// them down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uncaptured {
    /// Since when, in nanoseconds since the epoch.
    pub from_unix_ns: i64,
    /// Requests.
    pub requests: u64,
    /// Connections.
    pub connections: u64,
    /// Why.
    pub reason: String,
}

/// The first line of the list.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    listener: i32,
    uncaptured: Option<Uncaptured>,
}

/// What one program gives the next.
#[derive(Debug)]
pub struct Handover {
    /// Where clients connect.
    pub listener: TcpListener,
    /// Connections to go on with.
    pub connections: Vec<Connection>,
    /// What was not captured.
    pub uncaptured: Option<Uncaptured>,
}

impl Handover {
    /// What this process was given, if it was. To be called before anything else.
    ///
    /// # Errors
    /// When the list can't be read.
    pub fn received() -> Result<Option<Self>> {
        let Some(number) = std::env::var_os(VARIABLE) else { return Ok(None) };
        let number = number.to_str().and_then(|text| text.parse().ok()).context(VARIABLE)?;
        let mut list = String::new();
        File::from(take_inherited(number)?).read_to_string(&mut list)?;
        let mut lines = list.lines();
        let descriptor = |text: &str| Ok::<_, anyhow::Error>(take_inherited(text.parse()?)?);
        let Head { listener, uncaptured } = serde_json::from_str(lines.next().unwrap_or_default())?;
        let listener = TcpListener::from(take_inherited(listener)?);
        let mut connections = Vec::new();
        for line in lines {
            let mut numbers = line.split(' ').map(descriptor);
            let Some(client) = numbers.next() else { continue };
            let node = numbers.next().transpose()?.map(TcpStream::from);
            connections.push(Connection { client: TcpStream::from(client?), node });
        }
        Ok(Some(Self { listener, connections, uncaptured }))
    }

    /// Becomes the new program. Returns only when that fails.
    ///
    /// # Errors
    /// When the list can't be written or the program can't be executed.
    pub fn execute(self) -> Result<Infallible> {
        let mut list = File::from(memfd_create(c"switchover-handover", MFdFlags::empty())?);
        let head = Head { listener: kept(&self.listener)?, uncaptured: self.uncaptured };
        writeln!(list, "{}", serde_json::to_string(&head)?)?;
        for Connection { client, node } in &self.connections {
            match node {
                Some(node) => writeln!(list, "{} {}", kept(client)?, kept(node)?)?,
                None => writeln!(list, "{}", kept(client)?)?,
            }
        }
        list.rewind()?;
        let mut command = this_program()?;
        command.env(VARIABLE, kept(&list)?.to_string());
        for variable in SYSTEMD_VARIABLES {
            command.env_remove(variable);
        }
        Err(command.exec()).context("the new program could not be executed")
    }
}

/// Whether the program that would take over accepts this one's settings.
///
/// # Errors
/// When it does not; says what it said.
pub fn check_successor() -> Result<()> {
    let output = this_program()?.arg("--checkConfig").stdin(Stdio::null()).output()?;
    if !output.status.success() {
        bail!("it refuses the settings: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The program at the path that this one was started from, with the same arguments.
fn this_program() -> Result<Command> {
    let mut arguments = std::env::args_os();
    let program = arguments.next().context("this program does not know its own name")?;
    let mut command = Command::new(program);
    command.args(arguments).env_remove(VARIABLE);
    Ok(command)
}

/// Keeps a descriptor open over the execution of a program; its number.
fn kept(descriptor: &impl AsFd) -> Result<i32> {
    fcntl(descriptor.as_fd(), FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(descriptor.as_fd().as_raw_fd())
}
