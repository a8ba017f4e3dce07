//! Figures and spans on their way to an OpenTelemetry collector, and collectors that are of no use.

use std::collections::BTreeSet;
use switchover_e2e::scripted::{Node, ok};
use switchover_testkit::agent::Agent;
use switchover_testkit::collector::{Collector, Metric, Mood, attribute, metric, number_data_point};
use switchover_testkit::http::Connection;
use switchover_testkit::program::eventually;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn agent(node: &Node, directory: &tempfile::TempDir, collector: &str) -> Agent {
    let flags = ["--otelMetricsCollectorEndpoint", collector, "--otelTraceCollectorEndpoint", collector];
    Agent::start(&node.url, directory.path(), &flags)
}

fn write(agent: &Agent, count: usize) {
    let mut connection = Connection::open(&agent.address).unwrap();
    for number in 0..count {
        assert_eq!(connection.send("PUT", &format!("/i/_doc/{number}"), "{}").unwrap().status, 200);
    }
}

/// The name that Prometheus has for it, from its kind and unit.
fn scraped_name(metric: &Metric) -> String {
    match &metric.data {
        Some(metric::Data::Sum(_)) => format!("{}_total", metric.name),
        Some(metric::Data::Histogram(_)) => format!("{}_seconds_count", metric.name),
        _ => metric.name.clone(),
    }
}

fn value(metrics: &[Metric], name: &str) -> i64 {
    let found = metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name}"));
    let Some(metric::Data::Sum(sum)) = &found.data else { panic!("{found:?}") };
    let Some(number_data_point::Value::AsInt(value)) = sum.data_points[0].value else { panic!("{found:?}") };
    value
}

#[test]
fn a_collector_gets_the_figures_of_the_metrics_page_and_a_span_of_each_write() {
    let (node, collector) = (Node::start(ok), Collector::start());
    let directory = tempfile::tempdir().unwrap();
    let mut agent = agent(&node, &directory, &collector.url);
    write(&agent, 3);
    let mut connection = Connection::open(&agent.address).unwrap();
    connection.send("GET", "/i/_doc/1", "").unwrap();
    let request = format!(
        "DELETE /i?pretty HTTP/1.1\r\nHost: h\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n\r\n"
    );
    connection.write(request.as_bytes()).unwrap();
    connection.answer(switchover_http1::RequestKind::Other).unwrap();
    let spans = eventually("four spans", || Some(collector.sent().spans).filter(|spans| spans.len() == 4));
    let delete = spans.iter().find(|span| span.name == "DELETE").expect("the DELETE");
    let hexadecimal: String = delete.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hexadecimal, TRACE);
    assert_eq!(delete.parent_span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert_eq!(attribute(&delete.attributes, "url.path").as_deref(), Some("/i"));
    assert_eq!(attribute(&delete.attributes, "switchover.request_number").as_deref(), Some("1"));
    for span in &spans {
        let attribute = |name: &str| attribute(&span.attributes, name);
        assert_eq!(attribute("http.response.status_code").as_deref(), Some("200"));
        let whole = (span.end_time_unix_nano - span.start_time_unix_nano) as f64 / 1e9;
        let waits = ["request_wait", "node_wait", "answer_wait"]
            .map(|wait| attribute(&format!("switchover.{wait}")).expect("each wait").parse::<f64>().unwrap());
        assert!(
            waits.iter().all(|wait| *wait >= 0.0) && waits.iter().sum::<f64>() <= whole + 1e-6,
            "{span:?}"
        );
    }

    let (_, page) = agent.page("/metrics");
    let scraped: BTreeSet<_> = page
        .lines()
        .filter(|line| !line.starts_with('#') && !line.contains("_bucket{") && !line.contains("_seconds_sum"))
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert!(agent.terminate().success());
    let sent = collector.sent();
    assert_eq!(sent.metrics.iter().map(scraped_name).collect::<BTreeSet<_>>(), scraped);
    // The last push is of the end.
    assert_eq!(value(&sent.metrics, "switchover_agent_mutating_requests"), 4);
    assert_eq!(value(&sent.metrics, "switchover_agent_captured_requests"), 5);
    let resource = sent.resource.unwrap().attributes;
    assert_eq!(attribute(&resource, "service.name").as_deref(), Some("switchover-agent"));
}

#[test]
fn a_connection_that_spans_are_made_of_goes_over_to_a_new_program() {
    let (node, collector) = (Node::start(ok), Collector::start());
    let directory = tempfile::tempdir().unwrap();
    let mut agent = agent(&node, &directory, &collector.url);
    let mut connection = Connection::open(&agent.address).unwrap();
    assert_eq!(connection.send("PUT", "/i/_doc/1", "{}").unwrap().status, 200);
    eventually("the first span", || (collector.sent().spans.len() == 1).then_some(()));
    agent.signal("USR2");
    agent.started_again();
    assert_eq!(connection.send("PUT", "/i/_doc/2", "{}").unwrap().status, 200);
    eventually("the second span", || (collector.sent().spans.len() == 2).then_some(()));
    assert_eq!(node.received().len(), 1, "the connection to the node went over too");
}

/// Traffic goes on, the end comes, and the log has one line for each of the two kinds.
fn of_no_use(collector: &str, begun: impl Fn() -> bool) {
    let (node, directory) = (Node::start(ok), tempfile::tempdir().unwrap());
    let mut agent = agent(&node, &directory, collector);
    eventually("the first push", || begun().then_some(()));
    write(&agent, 1000);
    let warnings = |agent: &Agent| {
        let log = agent.log_text();
        let of = |what: &str| log.matches(&format!("the collector does not take {what}")).count();
        (of("metrics"), of("spans"))
    };
    eventually("both warnings", || (warnings(&agent) == (1, 1)).then_some(()));
    write(&agent, 1000);
    assert_eq!(agent.status()["captured"]["requests"], 2000);
    assert!(agent.terminate().success());
    assert_eq!(warnings(&agent), (1, 1));
}

#[test]
fn a_collector_that_is_away() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    of_no_use(&format!("http://127.0.0.1:{port}"), || true);
}

#[test]
fn a_collector_that_keeps_silent() {
    let collector = Collector::start();
    collector.be(Mood::Silent);
    of_no_use(&collector.url, || collector.sent().requests > 0);
}

#[test]
fn a_collector_that_refuses() {
    let collector = Collector::start();
    collector.be(Mood::Refusing);
    of_no_use(&collector.url, || collector.sent().requests > 0);
}
