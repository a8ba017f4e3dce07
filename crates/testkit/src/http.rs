//! A plain HTTP/1.1 client for tests: blocking, one connection, raw bytes on both sides.

use serde_json::Value;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use switchover_http1::message::parse_response;
use switchover_http1::{RequestKind, ResponseEof, ResponseEvent, ResponseFramer};

/// A peer that says nothing for this long fails the test.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// One keep-alive connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    address: String,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code of the final response.
    pub status: u16,
    /// The body, without chunk framing.
    pub body: Vec<u8>,
    /// All bytes as they came, interim responses included.
    pub raw: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.raw)))
    }
}

impl Connection {
    /// Connects to `host:port`.
    ///
    /// # Errors
    /// When that fails.
    pub fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self { stream, address: address.to_owned() })
    }

    /// Sends a request with a body (JSON, or NDJSON when it ends with a newline) and reads the answer.
    ///
    /// # Errors
    /// When the connection fails or ends early.
    pub fn send(&mut self, method: &str, path: &str, body: &str) -> io::Result<Answer> {
        let kind = if body.ends_with('\n') { "application/x-ndjson" } else { "application/json" };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        self.answer(if method == "HEAD" { RequestKind::Head } else { RequestKind::Other })
    }

    /// Sends raw bytes.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Closes the sending side.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn finish_sending(&mut self) -> io::Result<()> {
        self.stream.shutdown(std::net::Shutdown::Write)
    }

    /// Everything until the peer closes.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        self.stream.read_to_end(&mut all)?;
        Ok(all)
    }

    /// Reads one answer to a request of this kind.
    ///
    /// # Errors
    /// When the connection fails, ends early or brings what is no HTTP.
    pub fn answer(&mut self, kind: RequestKind) -> io::Result<Answer> {
        let mut framer = ResponseFramer::new();
        let mut raw = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            // What comes is looked at before it is taken: the next answer's bytes stay in the socket.
            let available = self.stream.peek(&mut buffer)?;
            let ended = if available == 0 {
                match framer.eof() {
                    ResponseEof::MessageEnd => Some(0),
                    _ => return Err(io::ErrorKind::UnexpectedEof.into()),
                }
            } else {
                end_of_answer(&mut framer, &buffer[..available], kind)?
            };
            let taken = ended.unwrap_or(available);
            self.stream.read_exact(&mut buffer[..taken])?;
            raw.extend_from_slice(&buffer[..taken]);
            if ended.is_some() {
                let (head, body) =
                    parse_response(&raw, kind).map_err(|error| io::Error::other(error.to_string()))?;
                let (status, body) = (head.status, body.into_owned());
                return Ok(Answer { status, body, raw });
            }
        }
    }
}

/// Where the answer ends in `bytes`, if it does.
fn end_of_answer(framer: &mut ResponseFramer, bytes: &[u8], kind: RequestKind) -> io::Result<Option<usize>> {
    let mut position = 0;
    loop {
        let (consumed, event) = framer.step(&bytes[position..], Some(kind));
        position += consumed;
        match event {
            None => return Ok(None),
            Some(ResponseEvent::End) => return Ok(Some(position)),
            Some(ResponseEvent::Tunnel(reason)) => return Err(io::Error::other(reason.to_string())),
            Some(ResponseEvent::Head(_) | ResponseEvent::Interim(_)) => {}
        }
    }
}

/// One request on a connection of its own. `url` is `http://host:port`.
///
/// # Panics
/// When the peer can't be reached or does not answer.
pub fn ask(url: &str, method: &str, path: &str, body: &str) -> Answer {
    let address = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
    let answered = Connection::open(address).and_then(|mut connection| connection.send(method, path, body));
    answered.unwrap_or_else(|error| panic!("{method} {url}{path}: {error}"))
}
