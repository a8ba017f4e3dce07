use super::*;
use crate::noise::Noise;
use crate::verdict::Difference;

fn pair(class: Class, source_ms: u64, target_ms: u64) -> Pair<'static> {
    Pair {
        class,
        request: b"GET /a/_search?q=<b> HTTP/1.1\r\nHost: x\r\n",
        id: "c.1",
        source_status: Some(200),
        target_status: Some(200),
        source_latency: Some(Duration::from_millis(source_ms)),
        target_latency: Some(Duration::from_millis(target_ms)),
        fate: Fate::Sent,
    }
}

fn difference(path: &str) -> Comparison {
    let mut comparison =
        Comparison::different("value", "<script>alert(1)</script>".to_owned(), "\u{1b}[2J".to_owned());
    comparison.differences[0].path = path.to_owned();
    comparison
}

fn page(report: &Report) -> (String, String, serde_json::Value) {
    let facts = vec![Fact {
        label: "gaps",
        text: "1 & more".to_owned(),
        examples: vec!["<i>".to_owned()],
        alarming: true,
    }];
    let document = Document::new(report, &Noise::default(), "DIFFERENT".to_owned(), 3)
        .with_run(serde_json::Map::new(), facts);
    let (mut html, mut text) = (Vec::new(), Vec::new());
    write_html(&mut html, &document).unwrap();
    write_text(&mut text, &document).unwrap();
    (String::from_utf8(html).unwrap(), String::from_utf8(text).unwrap(), document.json())
}

#[test]
fn differences_are_grouped_by_cause_and_bounded() {
    let mut report = Report::default();
    for _ in 0..10 {
        report.add(&pair(Class::Search, 1, 1), difference("hits.total"));
    }
    for at in 0..2000 {
        report.add(&pair(Class::Get, 1, 1), difference(&format!("f{at}")));
    }
    report.add(&pair(Class::Search, 1, 1), difference("hits.total"));
    let (_, _, json) = page(&report);
    assert_eq!(
        (&json["differences"][0]["count"], &json["differences"][0]["path"]),
        (&11.into(), &"hits.total".into())
    );
    assert_eq!(json["differences"][0]["examples"].as_array().unwrap().len(), MAX_EXAMPLES);
    assert_eq!(json["differences"].as_array().unwrap().len(), MAX_GROUPS);
    assert_eq!(json["differencesNotGrouped"], 2001 - MAX_GROUPS as u64);
    assert_eq!(json["requests"]["different"], 2011);
    assert_eq!(json["exitCode"], 3);
}

#[test]
fn nothing_from_outside_is_markup_or_a_control_sequence() {
    let mut report = Report::default();
    report.add(&pair(Class::Search, 1, 1), difference("<img src=x>"));
    let mut verdict = Comparison::same();
    verdict.differences = vec![Difference {
        kind: "value",
        path: "\u{7}".to_owned(),
        source: String::new(),
        target: String::new(),
    }];
    report.add(&pair(Class::Search, 1, 1), verdict);
    let (html, text, _) = page(&report);
    assert!(
        !html.contains("<script>")
            && !html.contains("<img")
            && !html.contains("<b>\r")
            && !html.contains('\u{1b}')
    );
    assert!(
        html.contains("&lt;script&gt;alert(1)&lt;/script&gt;")
            && html.contains("q=&lt;b&gt;")
            && html.contains("1 &amp; more")
    );
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
    assert!(!html.contains("http://") && !html.contains("https://"), "nothing is loaded from anywhere");
}

#[test]
fn three_times_slower_is_found_and_noise_is_not() {
    let slower = |factor: f64, samples: u64| {
        let mut report = Report::default();
        for at in 0..samples {
            let source = 4 + at % 9;
            report.add(&pair(Class::Search, source, (source as f64 * factor) as u64), Comparison::same());
            report.add(&pair(Class::Bulk, source, source + at % 2), Comparison::same());
        }
        report.findings()
    };
    let found = slower(3.0, 100);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("search answers are slower on the target: p50"), "{found:?}");
    assert!(slower(3.0, 99).is_empty(), "too few to tell");
    assert!(slower(1.5, 5000).is_empty());
}

#[test]
fn latencies_are_of_the_same_requests() {
    let mut report = Report::default();
    report.add(&pair(Class::Search, 1, 1), Comparison::same());
    report.add(&Pair { target_latency: None, ..pair(Class::Search, 9000, 0) }, Comparison::same());
    let (_, _, json) = page(&report);
    let latency = &json["byEndpoint"][0]["latencyMs"];
    assert_eq!((&latency["source"]["count"], &latency["target"]["count"]), (&1.into(), &1.into()));
    assert!(latency["source"]["p99.9"].as_f64().unwrap() < 2.0);
}

#[test]
fn durations_of_minutes_are_not_cut() {
    let mut durations = Durations::default();
    for seconds in [1, 300, 86_400, u64::MAX] {
        durations.add(std::time::Duration::from_secs(seconds));
    }
    let found = durations.percentiles();
    assert!((found.p50 - 300_000.0).abs() < 300.0, "{found:?}");
    assert!((found.p90 - 604_800_000.0).abs() < 1_000_000.0 && found.count == 4, "{found:?}");
    assert_eq!(durations.buckets(&[1_000_000, 500_000_000])[1], (500_000_000, 1));
}
