//! A server that answers each request by a function of its head and body, on one thread per connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Script = dyn Fn(&str) -> Answer + Send + Sync;

/// What is sent, and whether the connection ends with it.
pub(super) struct Answer {
    bytes: Vec<u8>,
    close: bool,
}

pub(super) struct Scripted {
    address: SocketAddr,
    certificate_pem: Option<String>,
    connections: Arc<AtomicUsize>,
}

/// A whole answer that leaves the connection open.
pub(super) fn answer(status: u16, body: &str) -> Answer {
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n", body.len());
    Answer { bytes: (head + body).into_bytes(), close: false }
}

/// These bytes and then the end of the connection.
pub(super) fn last_words(bytes: impl Into<Vec<u8>>) -> Answer {
    Answer { bytes: bytes.into(), close: true }
}

impl Scripted {
    pub(super) fn http(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, script, |socket| socket)
    }

    /// With a self-signed certificate made out to `name`.
    pub(super) fn https(name: &str, script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let certified = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        Self::start(Some(certified.cert.pem()), script, move |socket| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), socket)
        })
    }

    fn start<S: Read + Write>(
        certificate_pem: Option<String>,
        script: impl Fn(&str) -> Answer + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> S + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let script: Arc<Script> = Arc::new(script);
        let wrap = Arc::new(wrap);
        thread::spawn(move || {
            for socket in listener.incoming() {
                counter.fetch_add(1, Ordering::SeqCst);
                let (script, wrap) = (Arc::clone(&script), Arc::clone(&wrap));
                thread::spawn(move || serve(&mut wrap(socket.unwrap()), &*script));
            }
        });
        Self { address, certificate_pem, connections }
    }

    pub(super) fn uri(&self) -> String {
        let scheme = if self.certificate_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(super) fn certificate_pem(&self) -> &str {
        self.certificate_pem.as_deref().unwrap()
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(stream: &mut (impl Read + Write), script: &Script) {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        seen.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some(head_end) = text.find("\r\n\r\n") else { continue };
        let body_bytes = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |value| value.parse::<usize>().unwrap());
        if seen.len() < head_end + 4 + body_bytes {
            continue;
        }
        let answer = script(&text);
        if stream.write_all(&answer.bytes).and_then(|()| stream.flush()).is_err() || answer.close {
            return;
        }
        seen.clear();
    }
}
