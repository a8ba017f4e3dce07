//! What S3 answers, from a server that answers as it is told to. Credentials are the tests' own.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::config::{BehaviorVersion, Credentials};

use super::*;

/// The first lines of the requests that came.
type Requests = Arc<Mutex<Vec<String>>>;

/// Gives these answers in turn, each on a connection of its own.
fn server(answers: Vec<Vec<u8>>) -> (String, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = Requests::default();
    let seen = Arc::clone(&requests);
    std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<_> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
            let range = head.iter().find(|line| line.to_lowercase().starts_with("range:"));
            let range = range.map(|line| line.to_lowercase()).unwrap_or_default();
            seen.lock().unwrap().push(format!("{} {range}", head[0]));
            stream.write_all(&answer).unwrap();
        }
    });
    (url, requests)
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn failure(status: &str, headers: &str, code: &str) -> Vec<u8> {
    answer(status, headers, &format!("<Error><Code>{code}</Code><Message>why</Message></Error>"))
}

/// A body that ends before its length.
fn cut(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 206 Partial\r\nconnection: close\r\ncontent-length: 4\r\n\r\n{body}").into_bytes()
}

fn store(url: &str) -> S3Store {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(1)),
        )
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .force_path_style(true)
        .endpoint_url(url);
    let client = Client::from_conf(config.build());
    S3Store { client, bucket: "b".to_owned(), region: Some("eu-west-1".to_owned()) }
}

async fn error_of(answers: Vec<Vec<u8>>) -> StoreError {
    let (url, _) = server(answers);
    store(&url).read_range("a/index-1", 0..10).await.unwrap_err()
}

#[tokio::test]
async fn a_range_is_asked_for_and_given() {
    let (url, requests) = server(vec![answer("206 Partial Content", "", "23456")]);
    assert_eq!(store(&url).read_range("a/b", 2..7).await.unwrap(), "23456");
    let requests = requests.lock().unwrap().clone();
    assert!(
        requests[0].starts_with("GET /b/a/b?") && requests[0].ends_with("range: bytes=2-6"),
        "{requests:?}"
    );
    assert_eq!(store(&url).read_range("a/b", 7..7).await.unwrap(), "", "nothing is asked for nothing");
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    let busy = failure("503 Slow Down", "", "SlowDown");
    let (url, _) = server(vec![busy.clone(), cut("01"), busy, answer("206 Partial", "", "0123")]);
    assert_eq!(store(&url).read_range("x", 0..4).await.unwrap(), "0123");
}

#[tokio::test]
async fn what_does_not_pass_is_told() {
    let busy = vec![failure("503 Slow Down", "", "SlowDown"); 3];
    let error = error_of(busy).await;
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(error.to_string().starts_with("cannot read s3://b/a/index-1: HTTP 503 SlowDown: why"), "{error}");

    let error = error_of(vec![cut("01"); BODY_ATTEMPTS as usize]).await;
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("broke off"), "{error}");

    // Nobody listens.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = store(&format!("http://{closed}")).read_whole("x", 10).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("no answer"), "{error}");
}

#[tokio::test]
async fn another_region_is_named() {
    for status in ["301 Moved Permanently", "400 Bad Request", "403 Forbidden"] {
        let moved = failure(status, "x-amz-bucket-region: us-west-2\r\n", "PermanentRedirect");
        let error = error_of(vec![moved]).await;
        assert_eq!(error.kind, StoreErrorKind::OtherRegion, "{error}");
        assert!(
            error.to_string().contains("is in us-west-2, but eu-west-1 was asked; give --s3Region us-west-2")
        );
    }
    let error =
        error_of(vec![failure("403 Forbidden", "x-amz-bucket-region: eu-west-1\r\n", "AccessDenied")]).await;
    assert_eq!(error.kind, StoreErrorKind::Denied, "the region was right");
    assert!(error.to_string().contains("s3:ListBucket"), "{error}");
}

#[tokio::test]
async fn missing_objects_and_buckets() {
    let error = error_of(vec![failure("404 Not Found", "", "NoSuchKey")]).await;
    assert_eq!((error.kind, &*error.detail), (StoreErrorKind::NotFound, "it does not exist"));
    let error = error_of(vec![failure("404 Not Found", "", "NoSuchBucket")]).await;
    assert_eq!((error.kind, &*error.detail), (StoreErrorKind::NotFound, "there is no bucket b"));
    let error = error_of(vec![failure("416 Range Not Satisfiable", "", "InvalidRange")]).await;
    assert_eq!(error.kind, StoreErrorKind::Truncated);
    // An object that ends inside of the range is answered with what there is.
    let error = error_of(vec![answer("206 Partial", "", "01234")]).await;
    assert_eq!(error.kind, StoreErrorKind::Truncated);
    assert!(error.detail.contains("ends at byte 5"), "{error}");
}

#[tokio::test]
async fn no_more_than_allowed_is_taken() {
    let (url, _) = server(vec![answer("200 OK", "", &"x".repeat(1_000))]);
    let error = store(&url).read_whole("x", 999).await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::TooLarge);
}

#[tokio::test]
async fn a_listing_of_several_pages() {
    let page = |more: &str, key: &str| {
        let body = format!(
            "<ListBucketResult>{more}<Contents><Key>r/index-{key}</Key><Size>5</Size></Contents></ListBucketResult>"
        );
        answer("200 OK", "", &body)
    };
    let more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>";
    let (url, requests) = server(vec![page(more, "1"), page("", "2")]);
    let blobs = store(&url).list("r/index-").await.unwrap();
    assert_eq!(blobs, ["r/index-1", "r/index-2"].map(|key| Blob { key: key.to_owned(), length: 5 }));
    let requests = requests.lock().unwrap().clone();
    assert!(
        requests[0].contains("delimiter=%2F") && requests[0].contains("prefix=r%2Findex-"),
        "{requests:?}"
    );
    assert!(requests[1].contains("continuation-token=t"), "{requests:?}");
}
