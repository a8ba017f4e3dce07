//! A cluster that takes every document and keeps none: answers bulks as a real one does when all goes well, so that what
//! loads it is the only thing that takes time. It counts what it gets, to be compared with what was to be sent.

mod bulk;

use crate::service::Service;
use anyhow::{Context as _, Result, bail};
use bulk::Bulk;
use flate2::write::GzDecoder;
use std::cell::Cell;
use std::io::Write as _;
use std::rc::Rc;
use switchover_http1::{BodyKind, RequestHead};

/// Where the counts are asked for.
const COUNTS_PATH: &[u8] = b"/_bench/received";
const ROOT: &str = r#"{"name":"sink","cluster_name":"sink","version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;

/// What all connections got.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) documents: Cell<u64>,
    /// Of the documents' sources as they came.
    pub(crate) source_bytes: Cell<u64>,
}

/// A request that is under way.
enum Request {
    /// Answered with this.
    Other(String),
    Bulk(Bulk),
    Gzipped(GzDecoder<Bulk>),
    /// Its compressed body is damaged.
    Damaged,
}

/// One connection to the cluster.
pub(crate) struct Cluster {
    received: Rc<Received>,
    request: Request,
    response: Vec<u8>,
}

impl Cluster {
    pub(crate) fn new(received: Rc<Received>) -> Self {
        Self { received, request: Request::Damaged, response: Vec::new() }
    }

    fn respond(&mut self, status: &str, body: &[u8]) {
        self.response.clear();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        self.response.extend_from_slice(head.as_bytes());
        self.response.extend_from_slice(body);
    }
}

impl Service for Cluster {
    fn begin(&mut self, head: &RequestHead<'_>) -> Result<()> {
        if head.body == BodyKind::Chunked {
            bail!("bodies in chunks are not taken here");
        }
        let path = head.target.split(|byte| *byte == b'?').next().unwrap_or_default();
        self.request = if path.ends_with(b"/_bulk") {
            let bulk = Bulk::new(memchr::memmem::find(head.target, b"filter_path=items").is_some());
            match head.header("content-encoding") {
                None => Request::Bulk(bulk),
                Some(b"gzip") => Request::Gzipped(GzDecoder::new(bulk)),
                Some(other) => bail!("content-encoding {}", other.escape_ascii()),
            }
        } else {
            Request::Other(match path {
                b"/" => ROOT.to_owned(),
                COUNTS_PATH => {
                    let (documents, bytes) =
                        (self.received.documents.get(), self.received.source_bytes.get());
                    format!(r#"{{"documents":{documents},"sourceBytes":{bytes}}}"#)
                }
                _ if path.starts_with(b"/_cat/") => "[]".to_owned(),
                _ => "{}".to_owned(),
            })
        };
        Ok(())
    }

    fn body(&mut self, bytes: &[u8]) {
        match &mut self.request {
            Request::Bulk(bulk) => bulk.feed(bytes),
            Request::Gzipped(decoder) => {
                if decoder.write_all(bytes).is_err() {
                    self.request = Request::Damaged;
                }
            }
            Request::Other(_) | Request::Damaged => {}
        }
    }

    fn end(&mut self) -> &[u8] {
        let request = std::mem::replace(&mut self.request, Request::Damaged);
        let bulk = match request {
            Request::Other(body) => {
                self.respond("200 OK", body.as_bytes());
                return &self.response;
            }
            Request::Bulk(bulk) => Ok(bulk),
            Request::Gzipped(decoder) => decoder.finish().context("damaged gzip"),
            Request::Damaged => Err(anyhow::anyhow!("damaged gzip")),
        };
        match bulk.and_then(Bulk::finish) {
            Ok(taken) => {
                self.received.documents.set(self.received.documents.get() + taken.documents);
                self.received.source_bytes.set(self.received.source_bytes.get() + taken.source_bytes);
                self.respond("200 OK", &taken.answer);
            }
            Err(error) => {
                eprintln!("bulk: {error:#}");
                self.respond(
                    "400 Bad Request",
                    br#"{"error":{"type":"illegal_argument_exception","reason":"no bulk"},"status":400}"#,
                );
            }
        }
        &self.response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::serve;
    use crate::work::Work;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use switchover_http1::RequestKind;
    use switchover_http1::message::parse_response;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const LINES: &[u8] = b"{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"create\":{}}\n{}\n";

    async fn ask(received: &Rc<Received>, head: &str, body: &[u8]) -> (u16, String) {
        let (mut client, server) = duplex(1024);
        let request = format!("{head}\r\nhost: h\r\ncontent-length: {}\r\n\r\n", body.len());
        let talking = async move {
            client.write_all(request.as_bytes()).await.unwrap();
            client.write_all(body).await.unwrap();
            client.shutdown().await.unwrap();
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            let (head, body) = parse_response(&answer, RequestKind::Other).unwrap();
            (head.status, String::from_utf8(body.to_vec()).unwrap())
        };
        let serving = serve(server, Cluster::new(Rc::clone(received)), Work::default());
        let (served, answer) = tokio::join!(serving, talking);
        served.unwrap();
        answer
    }

    #[tokio::test]
    async fn bulks_are_answered_item_by_item_and_counted() {
        let received = Rc::new(Received::default());
        let items =
            r#"{"took":1,"errors":false,"items":[{"index":{"status":201}},{"create":{"status":201}}]}"#;
        assert_eq!(ask(&received, "POST /_bulk?x=y HTTP/1.1", LINES).await, (200, items.to_owned()));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(LINES).unwrap();
        let gzipped = gzip.finish().unwrap();
        let head = "POST /docs/_bulk HTTP/1.1\r\ncontent-encoding: gzip";
        assert_eq!(ask(&received, head, &gzipped).await, (200, items.to_owned()));
        let filtered = ask(&received, "POST /_bulk?filter_path=items.*.status HTTP/1.1", LINES).await.1;
        assert_eq!(filtered, r#"{"items":[{"index":{"status":201}},{"create":{"status":201}}]}"#);
        let counts = ask(&received, "GET /_bench/received HTTP/1.1", b"").await;
        assert_eq!(counts.1, r#"{"documents":6,"sourceBytes":27}"#);
    }

    #[tokio::test]
    async fn what_is_no_bulk_is_refused_and_not_counted() {
        let received = Rc::new(Received::default());
        for body in [&b""[..], b"{\"index\":{}}\n", b"{\"update\":{}}\n{}\n", &LINES[..LINES.len() - 1]] {
            assert_eq!(ask(&received, "POST /_bulk HTTP/1.1", body).await.0, 400, "{}", body.escape_ascii());
        }
        let gzip = "POST /_bulk HTTP/1.1\r\ncontent-encoding: gzip";
        assert_eq!(ask(&received, gzip, LINES).await.0, 400);
        assert_eq!(received.documents.get(), 0);
    }

    #[tokio::test]
    async fn other_requests_are_answered_so_that_clients_go_on() {
        let received = Rc::new(Received::default());
        let (status, root) = ask(&received, "GET / HTTP/1.1", b"").await;
        assert_eq!((status, root.contains("2.19.4")), (200, true));
        assert_eq!(ask(&received, "GET /_cat/indices?format=json HTTP/1.1", b"").await.1, "[]");
        assert_eq!(ask(&received, "POST /docs/_refresh HTTP/1.1", b"").await.1, "{}");
    }
}
