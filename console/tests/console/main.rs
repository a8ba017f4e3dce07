//! The console as its users meet it: a process with arguments, two streams and an exit code.
#![expect(clippy::unwrap_used, reason = "what helps a test fails as a test does")]

mod bugreport;
mod capture;
mod capture_log;
mod clear_indices;
mod clusters;
mod completion;
mod curl;
mod doctor;
mod every_command;
mod init;
mod metadata;
mod process;
mod redirect;
mod scripted;
mod services_file;
mod snapshot;
mod snapshot_server;
mod status;
mod tuples;
mod verify;
mod verify_live;

use process::switchover;

#[test]
fn no_command_is_wrong_usage() {
    for arguments in
        [&[][..], &["clusters"], &["clusters", "cat-indexes"], &["clusters", "cat-indices", "--x"]]
    {
        let run = switchover(arguments);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{arguments:?}");
        assert!(run.stderr.contains("Usage:"), "{}", run.stderr);
    }
}

#[test]
fn version_and_help_go_to_stdout() {
    let run = switchover(&["--version"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    assert!(run.stdout.starts_with("switchover 0."), "{}", run.stdout);
    let run = switchover(&["--help"]);
    assert_eq!((run.code, &*run.stderr), (0, ""));
    assert!(run.stdout.contains("clusters") && run.stdout.contains("SWITCHOVER_CONFIG"), "{}", run.stdout);
}
