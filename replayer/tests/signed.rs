//! The program signs what it sends, with credentials from the environment.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use switchover_capture::{MAX_RECORD_BYTES, StreamEncoder, Timestamp};

/// Answers every request with `{}` and gives the requests as text.
fn target(listener: TcpListener) -> std::sync::mpsc::Receiver<String> {
    let (sender, requests) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, sender) = (stream.expect("a connection"), sender.clone());
            std::thread::spawn(move || {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer) {
                    sender
                        .send(String::from_utf8_lossy(&buffer[..count]).into_owned())
                        .expect("the test listens");
                    stream
                        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                        .expect("an answer goes out");
                }
            });
        }
    });
    requests
}

#[test]
fn requests_and_the_preflight_carry_a_signature() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let at = Timestamp { seconds: 1_700_000_000, nanos: 0 };
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut encoder = StreamEncoder::new("c", "n", MAX_RECORD_BYTES);
    let request = b"PUT /a/_doc/1 HTTP/1.1\r\nHost: s\r\nAuthorization: AWS4-HMAC-SHA256 old\r\nX-Amz-Date: old\r\nContent-Length: 2\r\n\r\n{}";
    encoder.read(at, request, &mut records);
    encoder.end_of_message(at, -1, -1, &mut records);
    encoder.write(at, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", &mut records);
    encoder.close(at, &mut records);
    let lines: Vec<_> = records.iter().map(|record| STANDARD.encode(record)).collect();
    std::fs::write(path("records"), lines.join("\n")).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let requests = target(listener);
    let run = |credentials: &[(&str, &str)]| {
        Command::new(env!("CARGO_BIN_EXE_switchover-replayer"))
            .args(["--targetUri", &uri, "--sigv4AuthHeaderServiceRegion", "es,eu-central-1", "--input"])
            .arg(path("records"))
            .current_dir(directory.path())
            .env_clear()
            .envs([("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")])
            .envs(credentials.iter().copied())
            .output()
            .unwrap()
    };
    let output = run(&[("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "very-secret")]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("very-secret"), "{said}");
    for line in ["GET / HTTP/1.1", "PUT /a/_doc/1 HTTP/1.1"] {
        let request = requests.recv().unwrap().to_lowercase();
        assert!(request.starts_with(&line.to_lowercase()), "{request}");
        assert!(
            request.contains("credential=akidexample/") && request.contains("/eu-central-1/es/aws4_request")
        );
        assert_eq!(request.matches("authorization:").count(), 1, "{request}");
        assert_eq!(request.matches("x-amz-date:").count(), 1, "{request}");
    }

    let output = run(&[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no AWS credentials") && said.contains("--sigv4AuthHeaderServiceRegion"), "{said}");
    assert!(requests.try_recv().is_err(), "nothing was sent");
}
