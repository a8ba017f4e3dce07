//! A cluster that answers from a script and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Method and path, and the body in; status and body out.
type Script = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

pub(crate) struct Scripted {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    pub(crate) fn new(script: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::with_bodies(move |request, _| script(request))
    }

    pub(crate) fn with_bodies(script: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&heads));
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                thread::spawn(move || serve(&socket.unwrap(), &*script, &seen));
            }
        });
        Self { address, heads }
    }

    /// Answers like a cluster of this product and version with this `_cat/indices` table.
    pub(crate) fn cluster(root: &'static str, table: &'static str) -> Self {
        Self::new(move |request| match request {
            "GET /" => (200, root.to_owned()),
            "POST /_refresh" => (200, r#"{"_shards":{"total":2,"successful":1,"failed":0}}"#.to_owned()),
            "GET /_cat/indices/_all?v=true" => (200, table.to_owned()),
            "GET /_cat/indices/_all?format=json" => {
                (200, r#"[{"index":"my-index","docs.count":"8"}]"#.to_owned())
            }
            other => (400, format!("unexpected: {other}")),
        })
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of all requests so far.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Method and path of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.heads().iter().map(|head| method_and_path(head)).collect()
    }
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn method_and_path(head: &str) -> String {
    head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned()
}

fn serve(socket: &TcpStream, script: &Script, heads: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(socket);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if lines.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        lines.read_exact(&mut body).unwrap();
        let (status, body) = script(&method_and_path(&head), std::str::from_utf8(&body).unwrap());
        // What answers a HEAD has no body.
        let body = if head.starts_with("HEAD") { String::new() } else { body };
        heads.lock().unwrap().push(head);
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let mut writer = socket;
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
