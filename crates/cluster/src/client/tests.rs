//! Against servers that answer from a script, over plain TCP and TLS.

mod scripted;

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use hyper::Method;

use self::scripted::{Scripted, answer, last_words};
use super::MAX_RESPONSE_BYTES;
use crate::{Auth, Body, Cluster, ClusterError, ClusterErrorKind, ClusterOptions, Distribution};

const ELASTICSEARCH: &str =
    r#"{"name":"n","version":{"number":"7.10.2","build_flavor":"oss"},"tagline":"You Know, for Search"}"#;
const OPENSEARCH: &str = r#"{"version":{"distribution":"opensearch","number":"2.19.4"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;
const OVERRIDDEN: &str =
    r#"{"version":{"number":"7.10.2"},"tagline":"The OpenSearch Project: https://opensearch.org/"}"#;

fn cluster(uri: &str) -> Cluster {
    let mut options = ClusterOptions::new(uri);
    options.timeout = Duration::from_secs(20);
    Cluster::connect(options).unwrap()
}

async fn version_error(uri: &str) -> ClusterError {
    cluster(uri).version().await.expect_err("a version")
}

fn assert_error(error: &ClusterError, kind: ClusterErrorKind, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[tokio::test]
async fn the_two_products_are_told_apart() {
    let server = Scripted::http(|_| answer(200, ELASTICSEARCH));
    let version = cluster(&server.uri()).version().await.unwrap();
    assert_eq!(version.to_string(), "Elasticsearch 7.10.2");
    assert_eq!((version.distribution, version.major), (Distribution::Elasticsearch, 7));

    let server = Scripted::http(|_| answer(200, OPENSEARCH));
    assert_eq!(cluster(&server.uri()).version().await.unwrap().to_string(), "OpenSearch 2.19.4");
}

#[tokio::test]
async fn an_overridden_version_is_looked_up_on_the_node() {
    let server = Scripted::http(|request| {
        if request.starts_with("GET / ") {
            return answer(200, OVERRIDDEN);
        }
        assert!(request.starts_with("GET /_nodes/_local?filter_path=nodes.*.version "), "{request}");
        answer(200, r#"{"nodes":{"x":{"version":"1.3.20"}}}"#)
    });
    assert_eq!(cluster(&server.uri()).version().await.unwrap().to_string(), "OpenSearch 1.3.20");

    // Not allowed to look is not the same as being 7.10.2.
    let server = Scripted::http(|request| match request.starts_with("GET / ") {
        true => answer(200, OVERRIDDEN),
        false => answer(403, r#"{"error":{"type":"security_exception","reason":"no permissions"}}"#),
    });
    assert_error(&version_error(&server.uri()).await, ClusterErrorKind::Forbidden, &["no permissions"]);
}

#[tokio::test]
async fn basic_auth_and_the_body_go_out_as_they_should() {
    let server = Scripted::http(|request| answer(200, &format!("{request:?}")));
    let mut options = ClusterOptions::new(format!("{}/prefix/", server.uri()));
    options.auth = Auth::Basic { username: "admin".into(), password: "pä:ss".into() };
    let cluster = Cluster::connect(options).unwrap();
    let response = cluster.request(Method::POST, "/_refresh?a=b", Some("{}".into())).await.unwrap();
    let seen = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(seen.starts_with("\"POST /prefix/_refresh?a=b HTTP/1.1\\r\\n"), "{seen}");
    assert!(seen.contains("authorization: Basic YWRtaW46cMOkOnNz\\r\\n"), "{seen}");
    assert!(seen.contains("content-type: application/json\\r\\n"), "{seen}");
    assert!(seen.contains("user-agent: switchover/"), "{seen}");
    assert!(!format!("{cluster:?}").contains("ss"), "{cluster:?}");
}

#[tokio::test]
async fn api_keys_signatures_and_compressed_lines_go_out_as_they_should() {
    let server = Scripted::http(|request| answer(200, &format!("{request:?}")));
    let sent = async |auth: Auth, body: Option<Body>| {
        let mut options = ClusterOptions::new(format!("{}/prefix", server.uri()));
        options.auth = auth;
        let cluster = Cluster::connect(options).unwrap();
        assert!(!format!("{cluster:?}").contains("c2VjcmV0"), "{cluster:?}");
        let response = cluster.send(Method::POST, "/_bulk", body).await.unwrap();
        String::from_utf8(response.body.to_vec()).unwrap()
    };
    let seen = sent(Auth::ApiKey("c2VjcmV0".into()), Some(Body::lines("{}\n"))).await;
    assert!(seen.contains("authorization: ApiKey c2VjcmV0\\r\\n"), "{seen}");
    assert!(seen.contains("content-type: application/x-ndjson\\r\\n"), "{seen}");

    let provider = switchover_sigv4::SharedCredentialsProvider::new(aws_credential_types::Credentials::new(
        "AKID", "secret", None, None, "test",
    ));
    let signer = switchover_sigv4::Signer::with_provider("es", "eu-central-1", provider).await.unwrap();
    let body = Body::lines("{}\n").gzipped().unwrap();
    let hash = switchover_sigv4::payload_hash(&body.bytes);
    let seen = sent(Auth::SigV4(signer.into()), Some(body)).await;
    let host = server.uri().trim_start_matches("http://").to_owned();
    for part in [
        "content-encoding: gzip\\r\\n",
        &format!("host: {host}\\r\\n"),
        &format!("x-amz-content-sha256: {hash}\\r\\n"),
        "authorization: AWS4-HMAC-SHA256 Credential=AKID/",
        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date",
    ] {
        assert!(seen.to_lowercase().contains(&part.to_lowercase()), "{part}: {seen}");
    }
}

#[tokio::test]
async fn answers_that_are_not_a_success() {
    for (status, body, kind, parts) in [
        (
            401,
            r#"{"error":{"type":"security_exception","reason":"missing authentication credentials"},"status":401}"#,
            ClusterErrorKind::Unauthorized,
            &["401 Unauthorized: missing authentication credentials (security_exception)", "password"][..],
        ),
        (403, r#"{"error":{"type":"x","reason":null}}"#, ClusterErrorKind::Forbidden, &["403 Forbidden: x;"]),
        (
            503,
            r#"{"error":"down"}"#,
            ClusterErrorKind::Status,
            &["503 Service Unavailable: down", "try again"],
        ),
        (
            502,
            "<html>\n<p>Bad\tGateway",
            ClusterErrorKind::Status,
            &["502 Bad Gateway: <html> <p>Bad Gateway;"],
        ),
        (404, "", ClusterErrorKind::Status, &["answered 404 Not Found;"]),
        (301, "", ClusterErrorKind::Status, &["301"]),
    ] {
        let server = Scripted::http(move |_| answer(status, body));
        let error = version_error(&server.uri()).await;
        assert_error(&error, kind, parts);
        assert!(error.to_string().starts_with(&server.uri()), "{error}");
    }
}

#[tokio::test]
async fn a_long_error_is_cut_at_a_character() {
    let server = Scripted::http(|_| answer(500, &"é".repeat(10_000)));
    let error = version_error(&server.uri()).await.to_string();
    assert!(error.contains("é...; ") && error.len() < 600, "{error}");
}

#[tokio::test]
async fn something_else_that_answers_is_not_a_cluster() {
    for body in ["", "hello", "{}", "[]", r#"{"version":{"number":"7.10.2"}}"#, r#"{"version":{"number":7}}"#]
    {
        let server = Scripted::http(move |_| answer(200, body));
        assert_error(&version_error(&server.uri()).await, ClusterErrorKind::NotACluster, &["HTTP port"]);
    }
    let odd = r#"{"version":{"number":"seven"},"tagline":"You Know, for Search"}"#;
    let server = Scripted::http(move |_| answer(200, odd));
    assert_error(&version_error(&server.uri()).await, ClusterErrorKind::NotACluster, &["\"seven\""]);
    let server = Scripted::http(|_| last_words("SSH-2.0-OpenSSH_9.2\r\n\r\n"));
    assert_error(
        &version_error(&server.uri()).await,
        ClusterErrorKind::NotACluster,
        &["not HTTP", "https://"],
    );
}

#[tokio::test]
async fn nobody_there_a_hang_up_and_a_broken_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = version_error(&uri).await;
    assert_error(&error, ClusterErrorKind::Unreachable, &[&uri, "refused", "cluster is up"]);
    assert!(!error.to_string().contains("https://"), "{error}");

    let error = version_error("http://no-such-host.invalid:9200").await;
    assert_error(&error, ClusterErrorKind::Unreachable, &["no-such-host.invalid:9200"]);

    let server = Scripted::http(|_| last_words(""));
    assert_error(&version_error(&server.uri()).await, ClusterErrorKind::Unreachable, &["use https://"]);

    let server = Scripted::http(|_| last_words("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"));
    assert_error(&version_error(&server.uri()).await, ClusterErrorKind::Unreachable, &[]);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    // The kernel accepts; nobody reads.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = ClusterOptions::new(format!("http://{}", listener.local_addr().unwrap()));
    options.timeout = Duration::from_millis(100);
    let error = Cluster::connect(options).unwrap().version().await.expect_err("a version");
    assert_error(&error, ClusterErrorKind::Timeout, &["100ms"]);
}

#[tokio::test]
async fn an_endless_answer_is_cut() {
    let server = Scripted::http(|_| {
        let mut bytes =
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", MAX_RESPONSE_BYTES + 1).into_bytes();
        bytes.resize(bytes.len() + MAX_RESPONSE_BYTES + 1, b'x');
        last_words(bytes)
    });
    let error = version_error(&server.uri()).await;
    assert_error(&error, ClusterErrorKind::ResponseTooLarge, &["67108864"]);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Scripted::http(|_| answer(200, ELASTICSEARCH));
    let cluster = cluster(&server.uri());
    for _ in 0..3 {
        cluster.version().await.unwrap();
    }
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_user_name_with_a_colon_is_refused() {
    let mut options = ClusterOptions::new("http://h");
    options.auth = Auth::Basic { username: "a:b".into(), password: "secret".into() };
    let error = Cluster::connect(options).expect_err("connected");
    assert_error(&error, ClusterErrorKind::BadUri, &["colon"]);
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn certificates() {
    let directory = tempfile::tempdir().unwrap();
    let server = Scripted::https("localhost", |_| answer(200, ELASTICSEARCH));
    let ca_file = directory.path().join("ca.pem");
    std::fs::write(&ca_file, server.certificate_pem()).unwrap();
    let uri = server.uri();
    let by_name = uri.replace("127.0.0.1", "localhost");

    let error = version_error(&uri).await;
    assert_error(&error, ClusterErrorKind::Tls, &["UnknownIssuer", "CA file", "insecure"]);

    let with = |uri: &str, insecure: bool, ca: bool| {
        let mut options = ClusterOptions::new(uri);
        options.tls.insecure = insecure;
        options.tls.ca_file = ca.then(|| ca_file.clone());
        Cluster::connect(options).unwrap()
    };
    with(&uri, true, false).version().await.unwrap();
    with(&by_name, false, true).version().await.unwrap();
    let error = with(&uri, false, true).version().await.expect_err("another name was accepted");
    assert_error(&error, ClusterErrorKind::Tls, &["made out to"]);
}

#[tokio::test]
async fn the_wrong_scheme_is_named() {
    let server = Scripted::https("localhost", |_| answer(200, ELASTICSEARCH));
    let error = version_error(&server.uri().replace("https", "http")).await;
    assert!(error.to_string().contains("https://"), "{error}");

    // A plain server answers 400 to the first bytes of a handshake.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = ClusterOptions::new(format!("https://{}", listener.local_addr().unwrap()));
    options.tls.insecure = true;
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").unwrap();
        std::io::copy(&mut socket, &mut std::io::sink()).unwrap();
    });
    let error = Cluster::connect(options).unwrap().version().await.expect_err("a version");
    assert_error(&error, ClusterErrorKind::Tls, &["try http://"]);
}

#[test]
fn a_ca_file_that_can_not_serve() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "not a certificate\n").unwrap();
    let broken = directory.path().join("broken.pem");
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for path in [directory.path().join("missing.pem"), empty, broken] {
        let mut options = ClusterOptions::new("https://h");
        options.tls.ca_file = Some(path.clone());
        let error = Cluster::connect(options).expect_err("connected");
        assert_error(&error, ClusterErrorKind::Tls, &[&path.display().to_string(), "PEM"]);
    }
}
