use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::target::scripted;

fn status(state: &str, requests: u64) -> String {
    serde_json::json!({
        "state": state, "reason": (state != "capturing").then_some("the log is full"), "nodeId": "node-1",
        "captured": {"requests": requests, "records": 9, "bytes": 9}, "delivered": {"requests": 1, "records": 1, "bytes": 1},
        "held": {"requests": 3, "records": 3, "bytes": 300}, "lost": {"requests": 0, "records": 0, "bytes": 0},
        "gaps": [{"from": 1, "to": 2, "requests": 5, "connections": 1, "records": 0, "bytes": 9, "reason": "full", "indices": []}],
        "connections": {"open": 4, "total": 9, "blocked": 1},
    })
    .to_string()
}

fn looks(agents: &[Agent]) -> Vec<(&str, Option<u64>)> {
    agents.iter().map(|agent| (agent.state.as_str(), agent.held_requests)).collect()
}

async fn ask(services: &str, seen: &Seen) -> (Phase<Agents>, Seen) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("services.yaml");
    std::fs::write(&path, services).unwrap();
    super::ask(&Services::load(&path).unwrap(), seen).await
}

#[tokio::test]
async fn an_agent_that_is_silent_hides_no_other_and_makes_the_whole_unknown() {
    let counted = AtomicU64::new(100);
    let well = scripted::start(move |request, _| {
        assert_eq!(request, "GET /status");
        (200, status("capturing", counted.fetch_add(50, Ordering::SeqCst)))
    });
    let (phase, seen) = ask(&format!("agents: ['{well}', 'http://127.0.0.1:1']"), &Seen::new()).await;
    let details = phase.details.unwrap();
    assert_eq!(looks(&details.agents), [("capturing", Some(3)), ("noAnswer", None)]);
    let rate = details.agents[0].requests_per_second.unwrap();
    assert!((30.0..60.0).contains(&rate), "50 in a little more than a second: {rate}");
    assert!(matches!(&phase.summary.state, State::Unknown(reason) if reason.contains("127.0.0.1:1")));

    let (phase, _) = ask(&format!("agents: ['{well}']"), &seen).await;
    assert_eq!(phase.summary.state, State::Running);
    let details = phase.details.unwrap();
    assert_eq!(details.agents[0].gaps[0].to_unix_ms, 2);
    assert!(details.agents[0].requests_per_second.is_some(), "against the look before");
}

#[tokio::test]
async fn an_agent_that_does_not_capture_blocks() {
    let unwell = scripted::start(|_, _| (200, status("uncaptured", 1)));
    let (phase, _) = ask(&format!("agents: ['{unwell}']"), &Seen::new()).await;
    assert_eq!(phase.summary.state, State::Blocked("node-1 is uncaptured: the log is full".to_owned()));
    let strange = scripted::start(|_, _| (200, "{}".to_owned()));
    let (phase, _) = ask(&format!("agents: ['{strange}']"), &Seen::new()).await;
    assert!(matches!(phase.summary.state, State::Unknown(_)), "{phase:?}");
    let (phase, _) = ask("agents: []", &Seen::new()).await;
    assert!(!phase.summary.in_use);
}

#[tokio::test]
async fn nodes_without_an_agent_are_told() {
    let agent = scripted::start(|_, _| (200, status("capturing", 1)));
    let source = scripted::start(|request, _| {
        match request {
        "GET /_nodes/http" => (200, r#"{"nodes":{"x":{"name":"node-1","host":"h","ip":"10.0.0.1","http":{"publish_address":"10.0.0.1:9200"}},"y":{"name":"node-2","host":"h2","ip":"10.0.0.2","http":{"publish_address":"10.0.0.2:9200"}},"z":{"name":"no-http","host":"h3","ip":"10.0.0.3"}}}"#.to_owned()),
        "GET /_nodes/stats/http" => (200, r#"{"nodes":{"y":{"http":{"current_open":7,"total_opened":9}}}}"#.to_owned()),
        other => (500, other.to_owned()),
    }
    });
    let (phase, _) =
        ask(&format!("agents: ['{agent}']\nsource: {{endpoint: '{source}'}}"), &Seen::new()).await;
    let fact = &phase.summary.facts[0];
    assert!(fact.text.starts_with("node-2 (10.0.0.2:9200, 7 open connections): "), "{fact:?}");
    assert_eq!(phase.summary.state, State::Running);
}

#[test]
fn a_process_that_began_anew_has_no_rate() {
    let begun = Instant::now();
    let later = begun + Duration::from_secs(2);
    assert_eq!(rate((begun, 10), (later, 30)), Some(10.0));
    assert_eq!(rate((begun, 10), (later, 3)), None);
    assert_eq!(rate((begun, 10), (begun, 10)), None);
}
