//! A target for tests that does what a script says, byte by byte.

use std::sync::{Arc, Mutex};

use switchover_http1::{RequestEvent, RequestFramer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Target;

/// What the target does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Answers, each part in a write of its own.
    Reply(Vec<Vec<u8>>),
    /// Answers and closes the connection.
    ReplyAndClose(Vec<u8>),
    /// Closes the connection without a word.
    Close,
    /// Says nothing.
    Silence,
}

/// A request as the target saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Connections are numbered as they come.
    pub(crate) connection: usize,
    /// The request as text.
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) target: Target,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Scripted {
    /// Starts a target. The script gets the number of requests seen before, and the request.
    pub(crate) async fn start(script: impl Fn(usize, &Seen) -> Step + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (shared, script) = (Arc::clone(&seen), Arc::new(script));
        tokio::spawn(async move {
            let mut connection = 0;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&shared)));
                connection += 1;
            }
        });
        Self { target, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// First lines of the requests in the order in which they came.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| seen.text.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

/// A whole answer.
pub(crate) fn answer(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Reason\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn reply(status: u16, body: &str) -> Step {
    Step::Reply(vec![answer(status, body)])
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: Arc<impl Fn(usize, &Seen) -> Step>,
    all: Arc<Mutex<Vec<Seen>>>,
) {
    let mut framer = RequestFramer::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut request = Vec::new();
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        let mut rest = &buffer[..count];
        loop {
            let (consumed, event) = framer.step(rest);
            let ended = match event {
                None => {
                    request.extend_from_slice(rest);
                    break;
                }
                Some(RequestEvent::Tunnel(reason)) => {
                    panic!("the replayer sent what can't be framed: {reason}")
                }
                Some(RequestEvent::Head(_)) => false,
                Some(RequestEvent::End) => true,
            };
            request.extend_from_slice(&rest[..consumed]);
            rest = &rest[consumed..];
            if ended {
                let text = String::from_utf8_lossy(&std::mem::take(&mut request)).into_owned();
                let seen = Seen { connection, text };
                let step = {
                    let mut all = all.lock().unwrap();
                    let step = script(all.len(), &seen);
                    all.push(seen);
                    step
                };
                let (parts, close) = match step {
                    Step::Reply(parts) => (parts, false),
                    Step::ReplyAndClose(bytes) => (vec![bytes], true),
                    Step::Close => (Vec::new(), true),
                    Step::Silence => continue,
                };
                for part in parts {
                    if stream.write_all(&part).await.is_err() {
                        return;
                    }
                    stream.flush().await.unwrap();
                    tokio::task::yield_now().await;
                }
                if close {
                    return;
                }
            }
        }
    }
}
