//! How the agent begins and ends, and how a new one takes over while clients keep working.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use switchover_e2e::records;
use switchover_e2e::scripted::{Node, ok};
use switchover_http1::RequestKind;
use switchover_testkit::agent::Agent;
use switchover_testkit::http::{Connection, ask};
use switchover_testkit::lab::Lab;
use switchover_testkit::program::{binary, eventually};

#[test]
fn a_new_program_takes_over_three_times_under_load_and_no_request_fails() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let pid = agent.pid();
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for writer in 0..16 {
            let (address, stop, written) = (agent.address.clone(), &stop, &written);
            scope.spawn(move || {
                let mut connection = Connection::open(&address).unwrap();
                for number in 0.. {
                    // Every tenth request comes over a new connection.
                    if number % 10 == 9 {
                        connection = Connection::open(&address).unwrap();
                    }
                    let path = format!("/upgrade/_doc/{writer}-{number}");
                    let answer = connection.send("PUT", &path, "{\"a\":1}").expect("an answer");
                    assert_eq!(answer.status, 201);
                    written.fetch_add(1, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        for _ in 0..3 {
            let before = written.load(Ordering::Relaxed);
            let more = |count: u64| {
                eventually("writes go on", || {
                    (written.load(Ordering::Relaxed) > before + count).then_some(())
                });
            };
            more(100);
            agent.signal("USR2");
            agent.started_again();
            more(300);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(agent.pid(), pid, "the service manager sees the same process");
    assert!(agent.terminate().success());
    let log = records::of_log(&Agent::log_dir(directory.path()));
    assert_eq!(records::transactions(&log).len() as u64, written.load(Ordering::Relaxed));
    assert!(agent.log_text().matches("a new program takes over").count() == 3);
    assert!(!agent.log_text().contains("cut"), "{}", agent.log_text());
}

#[test]
fn a_request_in_flight_is_answered_by_the_old_program_and_idle_connections_stay() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(&node.url, directory.path(), &[]);
    let mut idle = Connection::open(&agent.address).unwrap();
    assert_eq!(idle.send("GET", "/1", "").unwrap().status, 200);
    let mut silent = Connection::open(&agent.address).unwrap();
    let mut busy = Connection::open(&agent.address).unwrap();
    busy.write(b"PUT /i/_doc/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{\"a\"").unwrap();
    agent.await_status("all are there", |status| status["connections"]["open"] == 3);
    agent.signal("USR2");
    eventually("it drains", || agent.log_text().contains("takes over").then_some(()));
    busy.write(b":\"1\"}").unwrap();
    assert_eq!(busy.answer(RequestKind::Other).unwrap().status, 200);
    agent.started_again();
    for connection in [&mut idle, &mut busy, &mut silent] {
        assert_eq!(connection.send("GET", "/2", "").unwrap().status, 200);
    }
    // The connections to the node went over too.
    assert_eq!(node.received().len(), 3);
    assert_eq!(agent.status()["connections"]["open"], 3);
}

#[test]
fn a_new_program_that_refuses_the_settings_does_not_take_over() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("agent-copy");
    std::fs::copy(binary("switchover-agent"), &copy).unwrap();
    let agent = Agent::start_by(Command::new(&copy), &node.url, directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    connection.send("GET", "/", "").unwrap();
    std::fs::remove_file(&copy).unwrap();
    std::fs::write(&copy, "#!/bin/sh\necho 'no such flag' >&2\nexit 2\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&copy).status().unwrap().success());
    agent.signal("USR2");
    eventually("it says so", || agent.log_text().contains("no such flag").then_some(()));
    assert_eq!(connection.send("GET", "/", "").unwrap().status, 200);
    assert_eq!(agent.status()["state"], "capturing");
}

#[test]
fn systemd_hears_of_it_and_its_socket_is_used() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let notify = directory.path().join("notify");
    let socket = UnixDatagram::bind(&notify).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let hears = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{wanted}: {error}"));
            if String::from_utf8_lossy(&buffer[..length]).lines().any(|line| line == wanted) {
                return;
            }
        }
    };
    // As systemd starts a service with a socket unit.
    let script = "import os, socket, sys\n\
        s = socket.create_server(('127.0.0.1', 0)); s.set_inheritable(True); os.dup2(s.fileno(), 3)\n\
        print('socket', s.getsockname()[1], flush=True)\n\
        os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), WATCHDOG_USEC='300000')\n\
        os.execv(sys.argv[1], sys.argv[1:])";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(binary("switchover-agent")).env("NOTIFY_SOCKET", &notify);
    let mut agent = Agent::start_by(command, &node.url, directory.path(), &[]);
    hears("READY=1");
    hears("WATCHDOG=1");
    hears("WATCHDOG=1");
    assert_eq!(ask(&agent.url(), "GET", "/", "").status, 200);
    agent.signal("USR2");
    agent.started_again();
    hears("READY=1");
    assert_eq!(ask(&agent.url(), "GET", "/", "").status, 200, "the same socket");
    assert!(agent.terminate().success());
    hears("STOPPING=1");
}

/// A file system of its own, of one MiB, unmounted when dropped. Tests that need it run as root.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Self {
        std::fs::create_dir_all(at).unwrap();
        Self::run(&["mount", "-t", "tmpfs", "-o", "size=1m", "switchover-test", at.to_str().unwrap()]);
        Self(at)
    }

    fn remount(&self, option: &str) {
        Self::run(&["mount", "-o", &format!("remount,{option}"), self.0.to_str().unwrap()]);
    }

    fn run(command: &[&str]) {
        let output = Command::new(command[0]).args(&command[1..]).output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // A failed test must not leave a mount behind that keeps the directory.
        let unmounted = Command::new("umount").arg("-l").arg(self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

#[test]
fn with_a_log_folder_that_cannot_be_written_clients_are_served_and_capture_begins_when_it_can() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let log_dir = Agent::log_dir(directory.path());
    let disk = SmallDisk::mount(&log_dir);
    disk.remount("ro");
    let mut agent = Agent::start(source.url(), directory.path(), &[]);
    let mut connection = Connection::open(&agent.address).unwrap();
    assert!(connection.send("PUT", "/readonly/_doc/1", "{}").unwrap().status < 300);
    let status = agent.status();
    assert_eq!(status["state"], "uncaptured", "{status}");
    assert!(status["reason"].as_str().unwrap().to_lowercase().contains("read-only"), "{status}");
    assert_eq!(agent.page("/readyz").0, 503);
    disk.remount("rw");
    agent.started_again();
    assert!(connection.send("PUT", "/readonly/_doc/2", "{}").unwrap().status < 300, "the same connection");
    let status = agent.status();
    assert_eq!(status["state"], "capturing", "{status}");
    assert_eq!(status["gaps"][0]["requests"], 1, "what passed is written down: {status}");
    drop(connection);
    assert!(agent.terminate().success());
    let log = records::of_log(&log_dir);
    assert_eq!(records::transactions(&log).len(), 1);
    drop(disk);

    let disk = SmallDisk::mount(&log_dir);
    disk.remount("ro");
    let agent = Agent::start(source.url(), directory.path(), &["--onFull", "reject"]);
    assert_eq!(ask(&agent.url(), "PUT", "/readonly/_doc/3", "{}").status, 503);
    assert_eq!(ask(&agent.url(), "GET", "/readonly/_doc/3", "").status, 404);
}

#[test]
fn a_full_disk_is_a_gap_and_its_end_is_seen() {
    let source = Lab::elasticsearch("7.10.2");
    let directory = tempfile::tempdir().unwrap();
    let log_dir = Agent::log_dir(directory.path());
    let _disk = SmallDisk::mount(&log_dir);
    let agent = Agent::start(source.url(), directory.path(), &["--durability", "append"]);
    assert!(ask(&agent.url(), "PUT", "/diskfull/_doc/1", "{}").status < 300);
    let filler = log_dir.join("filler");
    std::fs::write(&filler, vec![0; 2 << 20]).unwrap_err();
    for number in 0..20 {
        assert!(
            ask(
                &agent.url(),
                "PUT",
                &format!("/diskfull/_doc/{number}"),
                &format!("{{\"pad\":\"{}\"}}", "x".repeat(9000))
            )
            .status
                < 300
        );
    }
    let status = agent.status();
    assert_eq!(status["state"], "uncaptured", "{status}");
    assert!(status["reason"].as_str().unwrap().contains("No space"), "{status}");
    std::fs::remove_file(&filler).unwrap();
    assert!(ask(&agent.url(), "PUT", "/diskfull/_doc/last", "{}").status < 300);
    let status = agent.await_status("it captures again", |status| status["state"] == "capturing");
    for what in ["requests", "records", "bytes"] {
        let count = |part: &str| status[part][what].as_u64().unwrap();
        assert_eq!(count("captured"), count("delivered") + count("held") + count("lost"), "{what}: {status}");
    }
    let lost: u64 =
        status["gaps"].as_array().unwrap().iter().map(|gap| gap["records"].as_u64().unwrap()).sum();
    assert_eq!(lost, status["lost"]["records"].as_u64().unwrap(), "{status}");
    assert!(status["gaps"].to_string().contains("diskfull"), "the index is named: {status}");
}

#[test]
fn idle_costs_no_processor_time() {
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(&node.url, directory.path(), &[]);
    let connections: Vec<_> = (0..50)
        .map(|_| {
            let mut connection = Connection::open(&agent.address).unwrap();
            connection.send("GET", "/", "").unwrap();
            connection
        })
        .collect();
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", agent.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    std::thread::sleep(Duration::from_millis(500));
    let before = ticks();
    std::thread::sleep(Duration::from_secs(3));
    assert!(ticks() - before <= 1, "{} ticks of 10 ms in 3 s", ticks() - before);
    drop(connections);
}
