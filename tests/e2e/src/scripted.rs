//! A node that does what a test says: remembers every byte that it gets and answers each request with the next answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use switchover_http1::{RequestEvent, RequestFramer};

/// What a node answers to the request of this number (from 0) on a connection.
pub type Answer = fn(usize) -> Vec<u8>;

/// A scripted node on a free port. Its threads end with the test's process.
#[derive(Debug)]
pub struct Node {
    /// `http://127.0.0.1:port`.
    pub url: String,
    received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Node {
    /// Answers with `answer` as soon as a request is complete, and `Expect: 100-continue` at once.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let received = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&received);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = {
                    let mut all = all.lock().expect("no test panicked");
                    all.push(Vec::new());
                    all.len() - 1
                };
                let all = Arc::clone(&all);
                std::thread::spawn(move || serve(stream, &all, number, answer));
            }
        });
        Self { url, received }
    }

    /// What came on each connection so far.
    ///
    /// # Panics
    /// When a thread of the node has panicked.
    #[must_use]
    pub fn received(&self) -> Vec<Vec<u8>> {
        self.received.lock().expect("no thread panicked").clone()
    }
}

fn serve(mut stream: TcpStream, all: &Mutex<Vec<Vec<u8>>>, number: usize, answer: Answer) {
    let (mut framer, mut buffer, mut answered) = (RequestFramer::new(), [0; 65536], 0);
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let chunk = &buffer[..length];
        all.lock().expect("no thread panicked")[number].extend_from_slice(chunk);
        let mut framed = 0;
        loop {
            let (consumed, event) = framer.step(&chunk[framed..]);
            framed += consumed;
            let out = match event {
                None => break,
                Some(RequestEvent::Head(head)) if head.expects_continue => {
                    b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()
                }
                Some(RequestEvent::End) => {
                    answered += 1;
                    answer(answered - 1)
                }
                Some(RequestEvent::Head(_) | RequestEvent::Tunnel(_)) => continue,
            };
            if stream.write_all(&out).is_err() {
                return;
            }
        }
    }
}

/// A 200 with a body that tells which request it answers.
#[must_use]
pub fn ok(number: usize) -> Vec<u8> {
    let body = format!("{{\"answer\":{number}}}");
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
