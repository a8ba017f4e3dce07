//! A request about to leave: as it is, or signed anew for each attempt.

use std::sync::Arc;
use std::time::SystemTime;

use switchover_sigv4::{SignError, Signer, ToSign, payload_hash};

use crate::client::RawRequest;
use crate::evaluate::request_line;
use crate::rewrite::header;

/// Bodies above this are hashed on a thread of their own, away from the sockets.
const LARGE_BODY_BYTES: usize = 1024 * 1024;

/// A request, with the hash of its body once it is known.
#[derive(Debug)]
pub struct Signing {
    /// As rewritten.
    pub request: RawRequest,
    signer: Option<Arc<Signer>>,
    hash: Option<String>,
}

impl Signing {
    /// Without a signer, requests go out as they are.
    #[must_use]
    pub fn new(signer: Option<Arc<Signer>>, request: RawRequest) -> Self {
        Self { request, signer, hash: None }
    }

    /// The request to send now.
    ///
    /// # Errors
    /// When it can't be signed.
    pub async fn signed(&mut self) -> Result<RawRequest, SignError> {
        let Some(signer) = self.signer.clone() else { return Ok(self.request.clone()) };
        let hash = match self.hash.take() {
            Some(hash) => hash,
            None => hash(&self.request).await?,
        };
        let hash = self.hash.insert(hash);
        let head = &self.request.head;
        let (method, target) = request_line(head);
        let text = |bytes: &[u8], what: &str| {
            let text = std::str::from_utf8(bytes).map(str::to_owned);
            text.map_err(|_| SignError::Request(format!("the {what} is not text")))
        };
        let (target, host) = (text(target, "path")?, text(header(head, "host").unwrap_or_default(), "host")?);
        let content_type =
            header(head, "content-type").map(|value| text(value, "content type")).transpose()?;
        let to_sign = ToSign {
            method,
            target: &target,
            host: &host,
            content_type: content_type.as_deref(),
            payload_hash: hash,
        };
        let headers = signer.sign(to_sign, SystemTime::now())?;
        let mut signed = head.strip_suffix(b"\r\n").unwrap_or(head).to_vec();
        for (name, value) in headers {
            for part in [name.as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                signed.extend_from_slice(part);
            }
        }
        signed.extend_from_slice(b"\r\n");
        Ok(RawRequest { head: signed.into(), ..self.request.clone() })
    }
}

/// The hash of the body as the service sees it, the transfer coding taken off.
async fn hash(request: &RawRequest) -> Result<String, SignError> {
    let (large, request) = (request.body.len() > LARGE_BODY_BYTES, request.clone());
    let hash = move || request.payload().map(|payload| payload_hash(&payload));
    let hash = if large {
        let hashing = tokio::task::spawn_blocking(hash).await;
        hashing.map_err(|error| SignError::Request(format!("the body could not be hashed: {error}")))?
    } else {
        hash()
    };
    hash.ok_or_else(|| SignError::Request("the body is not framed as its head says".to_owned()))
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use bytes::Bytes;
    use switchover_http1::RequestKind;
    use switchover_sigv4::SharedCredentialsProvider;

    use super::*;

    #[tokio::test]
    async fn chunked_and_large_bodies_are_hashed_as_the_service_sees_them() {
        let request = |framing: &str, body: &[u8]| RawRequest {
            head: format!("POST /a HTTP/1.1\r\nHost: t\r\n{framing}\r\n\r\n").into(),
            body: Bytes::copy_from_slice(body),
            kind: RequestKind::Other,
        };
        let chunked = request("Transfer-Encoding: chunked", b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n");
        assert_eq!(hash(&chunked).await.unwrap(), payload_hash(b"abcde"));
        let plain = request("Content-Length: 5", b"abcde");
        assert_eq!(hash(&plain).await.unwrap(), payload_hash(b"abcde"));
        let large = vec![7; 3 * LARGE_BODY_BYTES];
        let length = format!("Content-Length: {}", large.len());
        assert_eq!(hash(&request(&length, &large)).await.unwrap(), payload_hash(&large));
        assert!(hash(&request("Content-Length: 0", b"")).await.unwrap().starts_with("e3b0c442"));
        let broken = request("Transfer-Encoding: chunked", b"3\r\nab");
        assert!(hash(&broken).await.unwrap_err().to_string().contains("framed"));
    }

    #[tokio::test]
    async fn a_signature_stands_behind_the_headers_and_nothing_else_changes() {
        let credentials = Credentials::new("AKID", "secret", None, None, "test");
        let provider = SharedCredentialsProvider::new(credentials);
        let signer = Signer::with_provider("es", "eu-central-1", provider).await.unwrap();
        let head = "POST /a%20b/_search?q=1 HTTP/1.1\r\nHOST: t:9200\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
        let request =
            RawRequest { head: head.into(), body: Bytes::from_static(b"{}"), kind: RequestKind::Other };
        let mut signing = Signing::new(Some(Arc::new(signer)), request);
        for _ in 0..2 {
            let signed = signing.signed().await.unwrap();
            let text = String::from_utf8(signed.head.to_vec()).unwrap();
            let kept = head.strip_suffix("\r\n").unwrap();
            let added = text.strip_prefix(kept).unwrap().to_lowercase();
            assert!(added.ends_with("\r\n\r\n") && added.contains("x-amz-date: "), "{text}");
            assert!(added.contains(&format!("x-amz-content-sha256: {}\r\n", payload_hash(b"{}"))), "{text}");
            assert!(
                added.contains("signedheaders=content-type;host;x-amz-content-sha256;x-amz-date"),
                "{text}"
            );
            assert!(signed.body == "{}" && !format!("{signing:?}").contains("secret"));
        }
        assert!(switchover_http1::message::parse_request(&[head.as_bytes(), b"{}"].concat()).is_ok());
    }
}
