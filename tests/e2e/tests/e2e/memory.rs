//! What bodies, slow clients and many connections cost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::agent::Agent;
use switchover_testkit::http::Connection;
use switchover_testkit::program::eventually;

const BODY_BYTES: u64 = 300 << 20;
/// What a body of any size may add to the resident memory.
const ROOM_KIB: u64 = 16 << 10;
static PIECE: [u8; 64 << 10] = [b'x'; 64 << 10];

/// A node that reads each connection's request of `BODY_BYTES`, or answers with as much.
fn large_node() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

fn serve(mut stream: TcpStream) {
    let head = read_head(&mut stream);
    if head.starts_with("PUT") {
        std::io::copy(&mut (&mut stream).take(BODY_BYTES), &mut std::io::sink()).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").unwrap();
    } else {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {BODY_BYTES}\r\n\r\n");
        // A client that goes away is part of a test.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| write_body(&mut stream));
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn write_body(stream: &mut TcpStream) -> std::io::Result<()> {
    (0..BODY_BYTES / PIECE.len() as u64).try_for_each(|_| stream.write_all(&PIECE))
}

fn memory_kib(agent: &Agent, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_body_of_300_mib_in_either_direction_costs_at_most_16_mib() {
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(&large_node(), directory.path(), &["--durability", "append"]);
    let before = memory_kib(&agent, "VmRSS");

    let mut client = TcpStream::connect(&agent.address).unwrap();
    write!(client, "PUT /big HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY_BYTES}\r\n\r\n").unwrap();
    write_body(&mut client).unwrap();
    assert!(read_head(&mut client).starts_with("HTTP/1.1 200"));

    let mut client = TcpStream::connect(&agent.address).unwrap();
    client.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_head(&mut client);
    let read = std::io::copy(&mut (&mut client).take(BODY_BYTES), &mut std::io::sink()).unwrap();
    assert_eq!(read, BODY_BYTES);

    let peak = memory_kib(&agent, "VmHWM");
    assert!(peak <= before + ROOM_KIB, "{before} KiB before, {peak} KiB at most");
    let status = agent.status();
    assert!(status["captured"]["bytes"].as_u64().unwrap() > 2 * BODY_BYTES, "{status}");
    assert_eq!(status["lost"]["records"], 0, "{status}");
}

#[test]
fn a_client_that_does_not_read_costs_a_buffer_and_slows_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(&large_node(), directory.path(), &["--numThreads", "1"]);
    let before = memory_kib(&agent, "VmRSS");
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let mut client = TcpStream::connect(&agent.address).unwrap();
            client.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client
        })
        .collect();
    let captured = || agent.status()["captured"]["bytes"].as_u64().unwrap();
    let mut last = 0;
    eventually("nothing more is read for clients that do not read", || {
        std::thread::sleep(Duration::from_millis(300));
        let now = captured();
        (now == std::mem::replace(&mut last, now) && now > 0).then_some(())
    });
    assert!(last < 20 * (16 << 20), "only what the kernel's buffers took: {last} bytes");
    let mut other = TcpStream::connect(&agent.address).unwrap();
    other.write_all(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_head(&mut other);
    assert_eq!(std::io::copy(&mut (&mut other).take(BODY_BYTES), &mut std::io::sink()).unwrap(), BODY_BYTES);
    let peak = memory_kib(&agent, "VmHWM");
    assert!(peak <= before + ROOM_KIB, "{before} KiB before, {peak} KiB at most");
    drop(slow);
}

#[test]
fn idle_connections_cost_at_most_10_kib_each() {
    const CONNECTIONS: usize = 2000;
    let node = Node::start(ok);
    let directory = tempfile::tempdir().unwrap();
    let agent = Agent::start(&node.url, directory.path(), &[]);
    let before = memory_kib(&agent, "VmRSS");
    let idle: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let mut connection = Connection::open(&agent.address).unwrap();
            assert_eq!(connection.send("PUT", "/i/_doc/1", "{}").unwrap().status, 200);
            connection
        })
        .collect();
    let after = memory_kib(&agent, "VmRSS");
    assert!(after <= before + 10 * CONNECTIONS as u64, "{before} KiB before, {after} KiB after");
    drop(idle);
    agent.await_status("all are gone", |status| status["connections"]["open"] == 0);
}
