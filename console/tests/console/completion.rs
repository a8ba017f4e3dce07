//! `completion`, `man`, and how fast the console starts.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{command, switchover};

#[test]
fn the_shells_take_the_scripts() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let run = switchover(&["completion", shell]);
        assert_eq!((run.code, &*run.stderr), (0, ""));
        for word in ["describe-topic-records", "max-snapshot-rate-mb-per-node", "cat-indices"] {
            assert!(run.stdout.contains(word), "{shell}: {word}");
        }
        let script = folder.path().join(shell);
        std::fs::write(&script, run.stdout).unwrap();
        // Those that are installed read them; bash always is.
        match Command::new(shell).arg("-n").arg(&script).output() {
            Ok(read) => assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr)),
            Err(error) => assert!(shell != "bash", "{error}"),
        }
    }
    assert_eq!(switchover(&["completion", "tcsh"]).code, 2);
}

#[test]
fn bash_completes_a_command() {
    let script = "eval \"$(\"$0\" completion bash)\"
        COMP_WORDS=(switchover snapshot cr) COMP_CWORD=2
        _switchover switchover cr snapshot
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let binary = env!("CARGO_BIN_EXE_switchover");
    let read = Command::new("bash").args(["-c", script, binary]).output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&read.stdout),
        "create\n",
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
}

#[test]
fn every_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man");
    let run = switchover(&["man", pages.to_str().unwrap()]);
    assert_eq!((run.code, &*run.stdout, &*run.stderr), (0, "", ""));
    for page in
        ["switchover.1", "switchover-snapshot-create.1", "switchover-kafka-export.1", "switchover-doctor.1"]
    {
        let text =
            std::fs::read_to_string(pages.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    assert_eq!(switchover(&["man", "/dev/null/x"]).code, 1);
}

/// The best of some runs: a busy machine says nothing of the program.
#[test]
fn the_version_is_there_at_once() {
    let best = (0..20).map(|_| {
        let begun = Instant::now();
        assert!(command(&["--version"]).output().unwrap().status.success());
        begun.elapsed()
    });
    let best = best.min().unwrap();
    assert!(best < Duration::from_millis(if cfg!(debug_assertions) { 100 } else { 10 }), "{best:?}");
}
