//! A target for tests that answers by a function of the request.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Answers `(status, body)` to `("POST /_bulk", body)`.
pub(crate) type Script = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

/// Starts one; its address. It ends with the process.
pub(crate) fn start(script: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let script: Arc<Script> = Arc::new(script);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let script = Arc::clone(&script);
            thread::spawn(move || serve(socket.unwrap(), &*script));
        }
    });
    uri
}

fn serve(socket: TcpStream, script: &Script) {
    let mut reader = BufReader::new(socket);
    loop {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if !matches!(reader.read_line(&mut line), Ok(1..)) {
                return;
            }
            if line == "\r\n" {
                break;
            }
            head.push(line);
        }
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        let request = head[0].rsplit_once(' ').unwrap().0;
        let (status, answer) = script(request, std::str::from_utf8(&body).unwrap());
        // What answers a HEAD has no body.
        let answer = if request.starts_with("HEAD") { String::new() } else { answer };
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", answer.len());
        if reader.get_mut().write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}
