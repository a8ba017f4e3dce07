//! Ctrl-C, while whoever is asked does not answer.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use super::services;
use super::tree::{Leaf, leaves, values};
use crate::process::command;

/// A command that asks nobody is done by then.
const ASKS_WITHIN: Duration = Duration::from_secs(5);
/// From the first Ctrl-C to the end; commands that remove what they made get a second one meanwhile.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
const SECOND_AFTER: Duration = Duration::from_secs(1);
/// As a shell shows the end by the signal.
const INTERRUPTED: i32 = 130;

/// Takes connections, tells of each, and says nothing.
fn silent(asked: Sender<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for socket in listener.incoming() {
            kept.push(socket);
            if asked.send(()).is_err() {
                return;
            }
        }
    });
    address
}

fn interrupt(leaf: &Leaf) {
    let (asked, first) = channel();
    let (name, address) = (leaf.name(), silent(asked));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("services.yaml"), services(&address)).unwrap();
    let given = values(leaf, &address);
    let arguments: Vec<&str> = ["--config", "services.yaml"]
        .into_iter()
        .chain(leaf.path.iter().chain(&given).map(String::as_str))
        .collect();
    let mut command = command(&arguments);
    command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + ASKS_WITHIN;
    while first.recv_timeout(Duration::from_millis(20)).is_err() {
        if child.try_wait().unwrap().is_some() {
            // It asks nobody.
            return;
        }
        assert!(Instant::now() < deadline, "{name} neither asks nor ends");
    }
    let pid = child.id().to_string();
    let signal = || std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(signal().success(), "{name}");
    let (sent, mut again) = (Instant::now(), false);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if !again && sent.elapsed() > SECOND_AFTER {
            again = true;
            signal();
        }
        if sent.elapsed() > ENDS_WITHIN {
            child.kill().unwrap();
            panic!("{name} does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    // A page is there until it is not wanted any more: that is its end, and no interruption.
    let expected = if name == "serve" { 0 } else { INTERRUPTED };
    assert_eq!(code, Some(expected), "{name}: {status}");
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        // Of the console itself, whole or not there.
        .filter(|file| file != "services.yaml" && file != "state")
        .collect();
    assert!(left.is_empty(), "{name} left {left:?}");
}

#[test]
fn ctrl_c_ends_every_command_at_once() {
    let running: Vec<_> = leaves()
        .into_iter()
        .filter(Leaf::asks_others)
        .map(|leaf| std::thread::spawn(move || interrupt(&leaf)))
        .collect();
    for one in running {
        one.join().unwrap();
    }
}
