//! `capture cat --follow`.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{BULK, CREATED, GET, OK};
use crate::capture_log::{Writer, connection, segments};
use crate::process::{Run, command};

fn follow(dir: &Path) -> (Child, Lines<BufReader<ChildStdout>>) {
    let mut child = command(&["capture", "cat", "--follow", dir.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn signal(child: &Child, name: &str) {
    let command = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

#[test]
fn pairs_are_shown_as_they_complete() {
    for name in ["INT", "TERM"] {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(dir.path());
        let (child, mut lines) = follow(dir.path());
        let first = connection("a", &[(GET, OK), (BULK, CREATED)]);
        writer.records(&first[..1]);
        assert!(lines.next().unwrap().unwrap().contains(" a#0 GET "));
        writer.records(&first[1..]);
        assert!(lines.next().unwrap().unwrap().contains(" a#1 POST "));

        // An agent that is started again goes on in a new segment; the last request stays without its answer.
        drop(writer);
        let mut writer = Writer::open(dir.path());
        writer.records(&connection("b", &[(BULK, CREATED), (GET, "")])[..2]);
        assert!(segments(dir.path()).len() > 1);
        assert!(lines.next().unwrap().unwrap().contains(" b#0 POST "));
        signal(&child, name);
        assert!(lines.next().unwrap().unwrap().ends_with("-> no answer (stillOpen)"));
        assert!(lines.next().is_none());
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, &*run.stderr), (0, ""));
    }
}
