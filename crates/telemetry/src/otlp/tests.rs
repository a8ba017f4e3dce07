//! Against a collector that takes, refuses or keeps silent.

use super::*;
use crate::figures::{Durations, Figure, FigureValue};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use switchover_testkit::collector::{Collector, Metric, Mood, attribute, metric, number_data_point};
use switchover_testkit::program::WAIT_LIMIT;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn service() -> Service {
    Service { name: "daemon", instance: "one".to_owned(), started_unix_ns: 17 }
}

fn endpoint(collector: &Collector) -> CollectorEndpoint {
    CollectorEndpoint::parse(&collector.url).unwrap()
}

fn figures(count: u64) -> Vec<Figure> {
    let buckets = vec![(0.5, 3), (1.0, 2), (f64::INFINITY, 1)];
    vec![
        Figure { name: "read_bytes", help: "Bytes", value: FigureValue::Counter(count) },
        Figure { name: "open", help: "Open", value: FigureValue::Level(7) },
        Figure {
            name: "lag",
            help: "Lag",
            value: FigureValue::Levels { label: "partition", levels: vec![("3".to_owned(), 8)] },
        },
        Figure { name: "wait", help: "Wait", value: FigureValue::Durations(Durations { sum: 4.5, buckets }) },
    ]
}

fn span(number: u64) -> Span {
    Span {
        kind: Kind::Client,
        trace: u128::from(number + 1).to_be_bytes(),
        id: (number + 1).to_be_bytes(),
        parent: None,
        name: "PUT".to_owned(),
        began_unix_ns: 1,
        ended_unix_ns: 2,
        attributes: vec![("number", Value::Whole(number as i64))],
        failed: None,
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < WAIT_LIMIT, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn found<'a>(metrics: &'a [Metric], name: &str) -> &'a Metric {
    metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{name} in {metrics:?}"))
}

#[tokio::test]
async fn the_figures_arrive_as_they_are_and_once_more_at_the_end() {
    let collector = Collector::start();
    let (count, ended) = (Arc::new(AtomicU64::new(5)), CancellationToken::new());
    let theirs = Arc::clone(&count);
    let source = move || figures(theirs.load(Ordering::Relaxed));
    let pushing =
        tokio::spawn(push_metrics(endpoint(&collector), service(), "daemon", source, ended.clone()));
    until("the first push", || !collector.sent().metrics.is_empty()).await;
    count.store(6, Ordering::Relaxed);
    ended.cancel();
    pushing.await.unwrap();

    let sent = collector.sent();
    let resource = sent.resource.unwrap().attributes;
    assert_eq!(attribute(&resource, "service.name").as_deref(), Some("daemon"));
    assert_eq!(attribute(&resource, "service.instance.id").as_deref(), Some("one"));
    let bytes = found(&sent.metrics, "daemon_read_bytes");
    let Some(metric::Data::Sum(sum)) = &bytes.data else { panic!("{bytes:?}") };
    assert!(sum.is_monotonic && bytes.unit == "By" && sum.data_points[0].start_time_unix_nano == 17);
    assert_eq!(sum.data_points[0].value, Some(number_data_point::Value::AsInt(6)));
    let open = found(&sent.metrics, "daemon_open");
    let Some(metric::Data::Gauge(gauge)) = &open.data else { panic!("{open:?}") };
    assert_eq!(gauge.data_points[0].value, Some(number_data_point::Value::AsInt(7)));
    let lag = found(&sent.metrics, "daemon_lag");
    let Some(metric::Data::Gauge(gauge)) = &lag.data else { panic!("{lag:?}") };
    assert_eq!(gauge.data_points[0].value, Some(number_data_point::Value::AsInt(8)));
    assert_eq!(attribute(&gauge.data_points[0].attributes, "partition").as_deref(), Some("3"));
    let wait = found(&sent.metrics, "daemon_wait");
    let Some(metric::Data::Histogram(histogram)) = &wait.data else { panic!("{wait:?}") };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum, wait.unit.as_str()), (6, Some(4.5), "s"));
    assert_eq!((&point.bucket_counts[..], &point.explicit_bounds[..]), (&[3, 2, 1][..], &[0.5, 1.0][..]));
}

#[tokio::test]
async fn spans_arrive_and_what_is_left_goes_out_at_the_end() {
    let collector = Collector::start();
    let (queue, spans) = mpsc::channel(MAX_WAITING_SPANS);
    let ended = CancellationToken::new();
    let pushing = tokio::spawn(push_spans(endpoint(&collector), service(), spans, ended.clone()));
    queue.try_send(Span { parent: Some([9; 8]), failed: Some("gone"), ..span(0) }).unwrap();
    until("the first span", || collector.sent().spans.len() == 1).await;
    queue.try_send(span(1)).unwrap();
    ended.cancel();
    pushing.await.unwrap();
    let spans = collector.sent().spans;
    assert_eq!(spans.len(), 2);
    assert_eq!((spans[0].parent_span_id.as_slice(), spans[0].name.as_str()), (&[9; 8][..], "PUT"));
    assert_eq!(spans[0].status.as_ref().unwrap().message, "gone");
    assert!(spans[1].status.is_none() && spans[1].trace_id == 2u128.to_be_bytes());
    assert_eq!(attribute(&spans[1].attributes, "number").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_collector_that_refuses_gets_the_next_spans_and_not_those_again() {
    let collector = Collector::start();
    collector.be(Mood::Refusing);
    let (queue, spans) = mpsc::channel(MAX_WAITING_SPANS);
    let ended = CancellationToken::new();
    let pushing = tokio::spawn(push_spans(endpoint(&collector), service(), spans, ended.clone()));
    queue.try_send(span(0)).unwrap();
    until("the refusal", || collector.sent().requests == 1).await;
    collector.be(Mood::Well);
    queue.try_send(span(1)).unwrap();
    until("the next span", || !collector.sent().spans.is_empty()).await;
    ended.cancel();
    pushing.await.unwrap();
    let sent = collector.sent();
    assert_eq!((sent.spans.len(), sent.spans[0].span_id.as_slice()), (1, &2u64.to_be_bytes()[..]));
}

#[tokio::test]
async fn one_that_keeps_silent_holds_up_neither_the_spans_makers_nor_the_end() {
    let collector = Collector::start();
    collector.be(Mood::Silent);
    let (queue, spans) = mpsc::channel(MAX_WAITING_SPANS);
    let ended = CancellationToken::new();
    let pushing = tokio::spawn(push_spans(endpoint(&collector), service(), spans, ended.clone()));
    queue.try_send(span(0)).unwrap();
    until("the first request", || collector.sent().requests == 1).await;
    let taken = (0..100_000).filter(|number| queue.try_send(span(*number)).is_ok()).count();
    assert!(taken <= MAX_WAITING_SPANS, "{taken}");
    let begun = Instant::now();
    ended.cancel();
    pushing.await.unwrap();
    assert!(begun.elapsed() < WAIT_LIMIT / 4, "the end waits for the collector");
}

#[tokio::test]
async fn the_end_comes_though_nobody_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = CollectorEndpoint::parse(&format!("127.0.0.1:{port}")).unwrap();
    let ended = CancellationToken::new();
    ended.cancel();
    push_metrics(endpoint, service(), "daemon", || figures(1), ended).await;
}
