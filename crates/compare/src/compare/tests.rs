mod asked;
mod computed;

use switchover_http1::RequestKind;

use super::*;
use crate::verdict::{MAX_DIFFERENCES_PER_PAIR, MAX_SHOWN_BYTES};

fn answer(status: u16, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn compared(method: &str, path: &str, source: &[u8], target: &[u8]) -> Comparison {
    let question = Question { call: Call::parse(method, path.as_bytes()), body: b"", items: &SentItems::All };
    let kind = RequestKind::new(method, false);
    match (Answer::parse(source, kind), Answer::parse(target, kind)) {
        (Ok(source), Ok(target)) => Comparer::default().compare(&question, &source, &target),
        (Err(reason), _) | (_, Err(reason)) => Comparison::not_comparable(reason),
    }
}

fn bodies_of(path: &str, source: &str, target: &str) -> Comparison {
    compared("POST", path, &answer(200, source), &answer(200, target))
}

#[track_caller]
fn same(path: &str, source: &str, target: &str) {
    let comparison = bodies_of(path, source, target);
    assert_eq!(comparison.verdict, Verdict::Same, "{comparison:?}");
    let back = bodies_of(path, target, source);
    assert_eq!(back.verdict, Verdict::Same, "{back:?}");
}

#[track_caller]
fn expected(path: &str, source: &str, target: &str, rule: &str) {
    let comparison = bodies_of(path, source, target);
    assert_eq!(comparison.verdict, Verdict::ExpectedDifference, "{comparison:?}");
    assert_eq!(comparison.expected.keys().copied().collect::<Vec<_>>(), [rule]);
}

#[track_caller]
fn different(path: &str, source: &str, target: &str, kind: &str, at: &str) {
    let comparison = bodies_of(path, source, target);
    assert_eq!(comparison.verdict, Verdict::Different, "{comparison:?}");
    let found: Vec<_> =
        comparison.differences.iter().map(|found| (found.kind, found.path.as_str())).collect();
    assert_eq!(found, [(kind, at)]);
}

#[track_caller]
fn not_comparable(path: &str, source: &str, target: &str) {
    let comparison = bodies_of(path, source, target);
    assert_eq!(comparison.verdict, Verdict::NotComparable, "{comparison:?}");
    assert!(comparison.reason.is_some() && comparison.differences.is_empty());
}

fn page(total: u32, hits: &[(&str, f64)]) -> String {
    let hits: Vec<_> = hits
        .iter()
        .map(|(id, score)| {
            format!(r#"{{"_index":"a","_id":"{id}","_score":{score},"_source":{{"id":"{id}"}}}}"#)
        })
        .collect();
    format!(r#"{{"hits":{{"total":{{"value":{total}}},"max_score":1.0,"hits":[{}]}}}}"#, hits.join(","))
}

#[test]
fn what_differs_between_any_two_clusters_is_ignored() {
    same(
        "/a/_search",
        r#"{"took":3,"_shards":{"total":5},"_scroll_id":"x","hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}"#,
        r#"{"took":9,"_shards":{"total":1},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}"#,
    );
    expected(
        "/a/_search",
        r#"{"hits":{"total":3,"hits":[]}}"#,
        r#"{"hits":{"total":{"value":3,"relation":"eq"},"hits":[]}}"#,
        rules::TOTAL_SHAPE,
    );
    expected(
        "/a/_doc/1",
        r#"{"_index":"a","_type":"_doc","_id":"1","_version":1,"result":"created","_seq_no":1,"_primary_term":1}"#,
        r#"{"_index":"a","_id":"1","_version":1,"result":"created","_seq_no":7,"_primary_term":3}"#,
        rules::TYPES_REMOVED,
    );
    expected(
        "/",
        r#"{"name":"n1","cluster_name":"c","cluster_uuid":"u","version":{"number":"7.10.2"},"tagline":"x"}"#,
        r#"{"name":"n2","cluster_name":"d","cluster_uuid":"v","version":{"number":"2.19.4","distribution":"opensearch"},"tagline":"y"}"#,
        rules::PRODUCT,
    );
    same("/a/_doc/1", r#"{"b":1,"a":2}"#, r#"{"a":2, "b":1}"#);
}

#[test]
fn nothing_is_ignored_inside_documents() {
    for (source, target, kind, at) in [
        (r#"{"_source":{"took":1}}"#, r#"{"_source":{"took":2}}"#, "value", "_source.took"),
        (r#"{"_source":{"_type":1}}"#, r#"{"_source":{}}"#, "missing", "_source._type"),
        (r#"{"_source":{}}"#, r#"{"_source":{"uuid":1}}"#, "extra", "_source.uuid"),
        (r#"{"_source":{"x":1.0000000001}}"#, r#"{"_source":{"x":1.0}}"#, "value", "_source.x"),
        (r#"{"_source":{"x":"1"}}"#, r#"{"_source":{"x":1}}"#, "type", "_source.x"),
        (r#"{"_source":{"x":[1,2]}}"#, r#"{"_source":{"x":[1,3]}}"#, "value", "_source.x.*"),
        (r#"{"_source":{"x":[1,2]}}"#, r#"{"_source":{"x":[1]}}"#, "length", "_source.x"),
        (
            r#"{"_source":{"hits":[{"a":1}]}}"#,
            r#"{"_source":{"hits":[{"a":2}]}}"#,
            "value",
            "_source.hits.*.a",
        ),
    ] {
        different("/a/_doc/1", source, target, kind, at);
    }
}

#[test]
fn status_codes_come_first() {
    let comparison = compared("GET", "/a/_doc/1", &answer(200, "{}"), &answer(404, "{}"));
    assert_eq!(comparison.verdict, Verdict::Different);
    assert_eq!(
        (comparison.differences[0].kind, comparison.differences[0].source.as_str()),
        ("status", "200 {}")
    );
    let comparison = compared("GET", "/_cat/indices", &answer(200, "green"), &answer(500, "{}"));
    assert_eq!(comparison.verdict, Verdict::Different);
}

#[test]
fn errors_by_type_not_by_text() {
    let error = |kind: &str, reason: &str| {
        format!(
            r#"{{"error":{{"root_cause":[{{"type":"{kind}"}}],"type":"{kind}","reason":"{reason}"}},"status":400}}"#
        )
    };
    let verdict =
        |one: &str, other: &str| compared("POST", "/a/_search", &answer(400, one), &answer(400, other));
    assert_eq!(
        verdict(&error("parsing_exception", "a"), &error("parsing_exception", "b")).verdict,
        Verdict::Same
    );
    let renamed =
        verdict(&error("elasticsearch_parse_exception", "a"), &error("opensearch_parse_exception", "b"));
    assert_eq!((renamed.verdict, renamed.expected.len()), (Verdict::ExpectedDifference, 1));
    let other = verdict(&error("parsing_exception", "a"), &error("index_not_found_exception", "a"));
    assert_eq!((other.verdict, other.differences[0].path.as_str()), (Verdict::Different, "error.type"));
    assert_eq!(
        verdict(r#"{"error":"no handler for [a]"}"#, r#"{"error":"no handler for [b]"}"#).verdict,
        Verdict::Same
    );
}

#[test]
fn bulk_items_one_by_one() {
    let item = |id: &str, status: u16, rest: &str| {
        format!(r#"{{"index":{{"_index":"a","_type":"_doc","_id":"{id}","status":{status}{rest}}}}}"#)
    };
    let bulk = |took: u32, items: &[String]| {
        format!(r#"{{"took":{took},"errors":true,"items":[{}]}}"#, items.join(","))
    };
    let error = |text: &str| format!(r#","error":{{"type":"mapper_parsing_exception","reason":"{text}"}}"#);
    same(
        "/_bulk",
        &bulk(1, &[item("1", 201, ""), item("2", 400, &error("a"))]),
        &bulk(2, &[item("1", 201, ""), item("2", 400, &error("b"))]),
    );
    different(
        "/_bulk",
        &bulk(1, &[item("1", 201, "")]),
        &bulk(1, &[item("x", 201, "")]),
        "value",
        "items.*.index._id",
    );
    different(
        "/_bulk",
        &bulk(1, &[item("1", 201, "")]),
        &bulk(1, &[item("1", 409, "")]),
        "value",
        "items.*.index.status",
    );
    different("/_bulk", &bulk(1, &[item("1", 201, "")]), &bulk(1, &[]), "length", "items");
}

#[test]
fn text_and_the_clusters_own_state_are_not_comparable() {
    not_comparable("/_cat/nodes", "127.0.0.1 a", "127.0.0.1 b");
    not_comparable("/_cat/indices", "green open a", "green open b");
    not_comparable("/_nodes/stats", r#"{"x":1}"#, r#"{"x":2}"#);
    not_comparable("/x", "one text", "another text");
    same("/_cat/indices", "green", "green");
    same(
        "/_cluster/health",
        r#"{"status":"green","cluster_name":"a"}"#,
        r#"{"status":"green","cluster_name":"b"}"#,
    );
    different("/x", "{}", "text", "type", "");
    different("/x", "{}", "", "body", "");
}

#[test]
fn heads_and_compressed_bodies() {
    let head =
        |date: u8| format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\ndate: {date}\r\n\r\n").into_bytes();
    assert_eq!(compared("HEAD", "/a", &head(1), &head(2)).verdict, Verdict::Same);
    let gzipped = |body: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, body.as_bytes()).unwrap();
        let body = encoder.finish().unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    };
    let verdict = |one: &[u8], other: &[u8]| compared("GET", "/a/_doc/1", one, other).verdict;
    assert_eq!(verdict(&gzipped(r#"{"took":1,"a":1}"#), &answer(200, r#"{"took":2,"a":1}"#)), Verdict::Same);
    assert_eq!(verdict(&gzipped(r#"{"a":1}"#), &gzipped(r#"{"a":2}"#)), Verdict::Different);
    let damaged = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
    assert_eq!(verdict(damaged, &gzipped("{}")), Verdict::NotComparable);
    let chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n0\r\n\r\n";
    assert_eq!(verdict(chunked, &answer(200, r#"{"a":1}"#)), Verdict::Same);
}

#[test]
fn shown_values_and_lists_are_bounded() {
    let long = "ü".repeat(1000);
    let comparison = bodies_of("/a/_doc/1", &format!(r#"{{"a":"{long}"}}"#), r#"{"a":"x"}"#);
    assert!(comparison.differences[0].source.len() <= MAX_SHOWN_BYTES + 5);
    let fields = |value: u32| {
        let fields: Vec<_> = (0..100).map(|field| format!("\"f{field}\":{value}")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let comparison = bodies_of("/a/_doc/1", &fields(1), &fields(2));
    assert_eq!(comparison.differences.len(), MAX_DIFFERENCES_PER_PAIR);
}

#[test]
fn numbers_of_documents_are_text() {
    for (one, other) in
        [("1.10", "1.1"), ("1", "1.0"), ("1234567890123456789012345", "1234567890123456789012346")]
    {
        different(
            "/a/_doc/1",
            &format!(r#"{{"_source":{{"n":{one}}}}}"#),
            &format!(r#"{{"_source":{{"n":{other}}}}}"#),
            "value",
            "_source.n",
        );
    }
    same("/a/_doc/1", r#"{"_source":{"t":"\u00e4/"}}"#, r#"{"_source":{"t":"ä\/"}}"#);
}

#[test]
fn items_that_were_not_sent_are_not_compared() {
    let body = |errors: bool, items: &[&str]| {
        let items: Vec<String> = items.iter().map(|item| format!("{{\"index\":{item}}}")).collect();
        answer(200, &format!("{{\"errors\":{errors},\"items\":[{}]}}", items.join(",")))
    };
    let (one, two) = (r#"{"_id":"1","status":201}"#, r#"{"_id":"2","status":201}"#);
    let failed = r#"{"_id":"x","status":400,"error":{"type":"t"}}"#;
    let source = body(true, &[one, failed, two]);
    let source = Answer::parse(&source, RequestKind::Other).unwrap();
    let compare = |items: &SentItems, target: &[u8]| {
        let target = Answer::parse(target, RequestKind::Other).unwrap();
        let question = Question { call: Call::parse("POST", b"/a/_bulk"), body: b"", items };
        Comparer::default().compare(&question, &source, &target)
    };
    let sent = SentItems::Some { places: vec![0, 2], of: 3 };
    let same = compare(&sent, &body(false, &[one, two]));
    assert_eq!(same.verdict, Verdict::ExpectedDifference, "{same:?}");
    assert_eq!(same.expected.keys().copied().collect::<Vec<_>>(), [rules::ITEMS_LEFT_OUT]);
    for other in [body(false, &[two, one]), body(false, &[one]), body(true, &[one, failed])] {
        assert_eq!(compare(&sent, &other).verdict, Verdict::Different);
    }
    assert_eq!(compare(&SentItems::All, &body(false, &[one, two])).verdict, Verdict::Different);
    let other = compare(&SentItems::Others, &body(false, &[one, two]));
    assert_eq!((other.verdict, other.reason.as_deref()), (Verdict::NotComparable, Some(OTHER_ITEMS)));
    // A place that the source's answer does not have is no reason to panic.
    let beyond = SentItems::Some { places: vec![0, 9], of: 10 };
    assert_eq!(compare(&beyond, &body(false, &[one, two])).verdict, Verdict::Different);
}
