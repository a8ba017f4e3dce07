//! Answers of the agent's own, in the shape that clients of Elasticsearch expect of an error.

use crate::buffers::Buffers;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// After the last byte to it, the client may take this long to read the rest before its connection is cut.
const LINGER: Duration = Duration::from_secs(2);
/// When a client should try again.
const RETRY_AFTER_SECONDS: u32 = 1;

/// An answer that ends its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    /// No connection to the node.
    #[must_use]
    pub fn node_unreachable(reason: &str) -> Self {
        Self::new("502 Bad Gateway", 502, "node_unreachable", reason, false)
    }

    /// The target did not answer, or can't be reached and nothing else may serve.
    #[must_use]
    pub fn target_failed(reason: &str) -> Self {
        Self::new("502 Bad Gateway", 502, "target_failed", reason, false)
    }

    /// A write that can't be captured, with `--onFull reject`.
    #[must_use]
    pub fn not_captured(reason: &str) -> Self {
        Self::new("503 Service Unavailable", 503, "capture_unavailable", reason, true)
    }

    /// More connections than `--maxConnections`.
    #[must_use]
    pub fn too_many_connections(limit: usize) -> Self {
        let reason = format!("switchover-agent serves {limit} connections already (--maxConnections)");
        Self::new("503 Service Unavailable", 503, "too_many_connections", &reason, true)
    }

    /// A request's head that did not come to its end in time.
    #[must_use]
    pub fn head_too_slow() -> Self {
        Self::new("408 Request Timeout", 408, "request_timeout", "the request's head took too long", false)
    }

    /// A request whose body has no certain end, on its way to the target.
    #[must_use]
    pub fn unframable() -> Self {
        Self::new("400 Bad Request", 400, "unframable", "the end of the request's body can't be told", false)
    }

    fn new(line: &str, status: u16, kind: &str, reason: &str, retry: bool) -> Self {
        let cause = serde_json::json!({ "type": kind, "reason": reason });
        let body = serde_json::json!({
            "error": { "root_cause": [cause], "type": kind, "reason": reason },
            "status": status,
        })
        .to_string();
        let retry = if retry { format!("retry-after: {RETRY_AFTER_SECONDS}\r\n") } else { String::new() };
        Self(format!(
            "HTTP/1.1 {line}\r\ncontent-type: application/json; charset=UTF-8\r\n{retry}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Answers and closes.
    pub async fn send(&self, mut client: impl AsyncRead + AsyncWrite + Unpin, buffers: &Rc<Buffers>) {
        if client.write_all(self.as_bytes()).await.is_ok() && client.shutdown().await.is_ok() {
            discard(&mut client, buffers).await;
        }
    }
}

/// Reads and drops what a client still sends, for a bounded time: closing with unread bytes would reset the
/// connection and could take the end of the last response with it.
pub(super) async fn discard(client: &mut (impl AsyncRead + Unpin), buffers: &Rc<Buffers>) {
    let all = async { while buffers.read(client).await.is_ok_and(|chunk| !chunk.is_empty()) {} };
    if tokio::time::timeout(LINGER, all).await.is_err() {
        tracing::debug!("client kept its connection open after its end");
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use serde_json::Value;

    #[test]
    fn refusals_are_whole_answers_with_an_error_body() {
        for (refusal, status, retry) in [
            (Refusal::node_unreachable("a \"b\""), 502, false),
            (Refusal::not_captured("full"), 503, true),
            (Refusal::too_many_connections(3), 503, true),
            (Refusal::head_too_slow(), 408, false),
        ] {
            let text = String::from_utf8(refusal.as_bytes().to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
            assert!(head.contains(&format!("content-length: {}", body.len())));
            assert_eq!(head.contains("retry-after: 1"), retry);
            let body: Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["status"], status);
            assert!(
                body["error"]["reason"].is_string() && body["error"]["root_cause"][0]["type"].is_string()
            );
        }
    }
}
