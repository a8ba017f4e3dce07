use http_body_util::BodyExt as _;
use hyper::header::HeaderValue;

use super::*;
use crate::overview::samples;

fn site(sample: Option<&str>) -> Site {
    let latest = Latest::default();
    if let Some(name) = sample {
        latest.put(Ok(samples::all().into_iter().find(|(sample, _)| *sample == name).unwrap().1));
    }
    Site { names: Names::new(&[]), latest }
}

fn ask(site: &Site, method: Method, path: &str, host: Option<&str>) -> Response<Full<Bytes>> {
    let mut headers = HeaderMap::new();
    if let Some(host) = host {
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
    }
    site.answer(&method, &path.parse().unwrap(), &headers)
}

async fn body(response: Response<Full<Bytes>>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn names_that_are_not_ours_and_methods_that_write_are_refused() {
    let site = site(Some("running"));
    let status = |method, path: &str, host| ask(&site, method, path, host).status().as_u16();
    assert_eq!(status(Method::GET, "/", Some("localhost:9190")), 200);
    for (path, host) in [
        ("/", Some("evil.example")),
        ("/", None),
        ("http://evil.example/", Some("localhost")),
        ("/api/v1/status", Some("evil.example:9190")),
    ] {
        assert_eq!(status(Method::GET, path, host), 421, "{path} {host:?}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::HEAD] {
        assert_eq!(status(method, "/", Some("localhost")), 405);
    }
    assert_eq!(status(Method::GET, "/etc/passwd", Some("localhost")), 404);
}

#[tokio::test]
async fn each_answer_has_its_guards() {
    let site = site(Some("running"));
    for path in ["/", "/page.js", "/style.css", "/metrics", "/api/v1/status", "/nothing"] {
        let answer = ask(&site, Method::GET, path, Some("127.0.0.1"));
        let policy = answer.headers().get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers().get("x-content-type-options").unwrap(), "nosniff");
        assert_eq!(answer.headers().get(CACHE_CONTROL).unwrap(), "no-store");
    }
}

#[tokio::test]
async fn the_json_is_that_of_the_command_with_its_age() {
    let overview = samples::all().into_iter().find(|(name, _)| *name == "blocked").unwrap().1;
    let answer = ask(&site(Some("blocked")), Method::GET, "/api/v1/status", Some("localhost"));
    let mut served: Value = serde_json::from_str(&body(answer).await).unwrap();
    let members = served.as_object_mut().unwrap();
    assert!(members.shift_remove("ageMs").unwrap().is_u64());
    assert_eq!(members.shift_remove("lookError").unwrap(), Value::Null);
    assert_eq!(served, serde_json::to_value(overview).unwrap());
    let nothing = ask(&site(None), Method::GET, "/api/v1/status", Some("localhost"));
    assert_eq!(nothing.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(nothing).await.contains("first look"));
}

#[tokio::test]
async fn metrics_of_a_blocked_migration() {
    let site = site(Some("blocked"));
    let text = body(ask(&site, Method::GET, "/metrics", Some("localhost"))).await;
    for line in [
        "switchover_migration_state 4",
        "switchover_migration_phase_state{phase=\"backfill\"} 4",
        "switchover_migration_phase_state{phase=\"snapshot\"} 0",
        "switchover_migration_phase_percent{phase=\"backfill\"} 31",
        "switchover_migration_agent_held_requests{agent=\"http://es-coord-1:9199\"} 12",
        "switchover_migration_look_failed 0",
    ] {
        assert!(text.lines().any(|there| there == line), "{line}: {text}");
    }
    assert!(!text.contains("phase=\"cutover\""), "what is no part of the migration has no figure");
    site.latest.put(Err("no such file".to_owned()));
    let text = body(ask(&site, Method::GET, "/metrics", Some("localhost"))).await;
    assert!(text.contains("switchover_migration_look_failed 1") && text.contains("_state 4"), "{text}");
}
