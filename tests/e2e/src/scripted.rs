//! A node that does what a test says: remembers every byte that it gets and answers each request with the next answer.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use switchover_http1::{RequestEvent, RequestFramer};

/// What a node answers to the request of this number (from 0) on a connection.
pub type Answer = fn(usize) -> Vec<u8>;

/// What a node answers to a request with this target; `None`: nothing, ever.
type AnswerTo = dyn Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync;

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
        Self::start_with(move |number, _| Some(answer(number)))
    }

    /// Answers by the request's target; a connection with a request that gets no answer hangs.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start_with(answer: impl Fn(usize, &str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let answer: Arc<AnswerTo> = Arc::new(answer);
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
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || serve(stream, &all, number, &*answer));
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

fn serve(mut stream: TcpStream, all: &Mutex<Vec<Vec<u8>>>, number: usize, answer: &AnswerTo) {
    let (mut framer, mut buffer, mut answered) = (RequestFramer::new(), [0; 65536], 0);
    let mut target = String::new();
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        let chunk = &buffer[..length];
        all.lock().expect("no thread panicked")[number].extend_from_slice(chunk);
        let mut framed = 0;
        loop {
            let (consumed, event) = framer.step(&chunk[framed..]);
            framed += consumed;
            let out = match event {
                None => break,
                Some(RequestEvent::Head(head)) => {
                    target = String::from_utf8_lossy(head.target).into_owned();
                    if !head.expects_continue {
                        continue;
                    }
                    b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()
                }
                Some(RequestEvent::End) => {
                    answered += 1;
                    match answer(answered - 1, &target) {
                        Some(out) => out,
                        None => return hang(stream),
                    }
                }
                Some(RequestEvent::Tunnel(_)) => continue,
            };
            if stream.write_all(&out).is_err() {
                return;
            }
        }
    }
}

/// Keeps the connection until the other side gives it up.
fn hang(mut stream: TcpStream) {
    let mut ignored = [0; 1024];
    while let Ok(1..) = stream.read(&mut ignored) {}
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
