use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::payload_hash;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

async fn signer(token: Option<&str>, end: Option<SystemTime>) -> Signer {
    let credentials = Credentials::new(KEY, SECRET, token.map(str::to_owned), end, "test");
    let provider = SharedCredentialsProvider::new(credentials);
    Signer::with_provider("es", "us-east-1", provider).await.unwrap()
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
    let found = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn get<'a>(hash: &'a str) -> ToSign<'a> {
    ToSign {
        method: "GET",
        target: "/test",
        host: "search.example.com",
        content_type: None,
        payload_hash: hash,
    }
}

/// The signatures were computed from the specification with another implementation.
#[tokio::test]
async fn known_signatures() {
    let signer = signer(None, None).await;
    let nothing = payload_hash(b"");
    let at = |seconds| signer.sign(get(&nothing), UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    let first = at(0);
    assert_eq!(
        value(&first, "authorization"),
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/19700101/us-east-1/es/aws4_request, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
         Signature=9d0c477783d9d3f1d16b99b921f790782f47654ced2e7664ffaf13ec7ff9f181"
    );
    assert_eq!(value(&first, "x-amz-date"), "19700101T000000Z");
    assert_eq!(value(&first, "x-amz-content-sha256"), nothing);
    let later = at(3600);
    assert!(
        value(&later, "authorization")
            .ends_with("2b7614a6bf093a607971571e4d7a15163903ddd418b8582dbcff92db5d581e32")
    );
}

#[tokio::test]
async fn path_query_content_type_and_body_are_part_of_it() {
    let signer = signer(None, None).await;
    let hash = payload_hash(br#"{"query":{}}"#);
    let request = ToSign {
        method: "POST",
        target: "/a%2Fb/_search?size=1&q=x%20y",
        host: "search.example.com:9200",
        content_type: Some("application/json"),
        payload_hash: &hash,
    };
    let sign = |request| value(&signer.sign(request, UNIX_EPOCH).unwrap(), "authorization").to_owned();
    let signature = sign(request);
    assert!(
        signature.ends_with("8df7fa4180dc6286a4c13e2484d4ef02ac1bb3ae81f7f1110ab9019e6bab7133"),
        "{signature}"
    );
    let other = payload_hash(b"{}");
    for changed in [
        ToSign { payload_hash: &other, ..request },
        ToSign { target: "/a%2Fb/_search?size=2&q=x%20y", ..request },
        ToSign { host: "search.example.com", ..request },
        ToSign { content_type: None, ..request },
        ToSign { method: "GET", ..request },
    ] {
        assert_ne!(sign(changed), signature, "{changed:?}");
    }
}

#[tokio::test]
async fn temporary_credentials_bring_their_token_and_an_end() {
    let nothing = payload_hash(b"");
    let end = SystemTime::now() + Duration::from_secs(100);
    let signer = signer(Some("session"), Some(end)).await;
    let headers = signer.sign(get(&nothing), SystemTime::now()).unwrap();
    assert_eq!(value(&headers, "x-amz-security-token"), "session");
    assert!(value(&headers, "authorization").contains("x-amz-security-token"));
    let error = signer.sign(get(&nothing), end).unwrap_err();
    assert!(error.passes() && error.to_string().contains("expired"), "{error}");
    assert!(!format!("{signer:?}").contains(SECRET));
}

#[tokio::test]
async fn what_is_no_uri_is_refused() {
    let nothing = payload_hash(b"");
    let signer = signer(None, None).await;
    let error = signer.sign(ToSign { target: "/a b", ..get(&nothing) }, UNIX_EPOCH).unwrap_err();
    assert!(!error.passes(), "{error}");
}
