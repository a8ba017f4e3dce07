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
    let question = Question { call: Call::parse(method, path.as_bytes()), body: b"" };
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
fn hits_may_change_places_where_they_rank_equally() {
    let search = "/a/_search";
    same(
        search,
        &page(3, &[("1", 2.0), ("2", 1.0), ("3", 1.0)]),
        &page(3, &[("1", 2.000001), ("3", 1.0), ("2", 1.0)]),
    );
    let swapped = bodies_of(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("2", 2.0), ("1", 1.0)]));
    assert_eq!(swapped.verdict, Verdict::Different);
    different(
        search,
        &page(2, &[("1", 2.0), ("2", 1.0)]),
        &page(2, &[("1", 2.1), ("2", 1.0)]),
        "value",
        "hits.hits.*._score",
    );
    different(search, &page(9, &[("1", 2.0)]), &page(8, &[("1", 2.0)]), "value", "hits.total");
    different(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("1", 2.0)]), "length", "hits.hits");
    let ranked = |last: &str, score: f64| page(9, &[("1", 2.0), (last, score)]);
    expected(search, &ranked("2", 1.0), &ranked("3", 1.0), rules::CUT_BY_PAGE);
    let worse = bodies_of(search, &ranked("2", 1.0), &ranked("3", 0.9));
    assert_eq!(worse.verdict, Verdict::Different, "another rank is no tie");
    let whole = bodies_of(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("1", 2.0), ("3", 1.0)]));
    assert_eq!(whole.verdict, Verdict::Different, "nothing is cut when all hits are on the page");
    let first = bodies_of(search, &page(9, &[("1", 2.0), ("2", 1.0)]), &page(9, &[("3", 2.0), ("2", 1.0)]));
    assert_eq!(first.verdict, Verdict::Different, "the first page begins with the best");
}

#[test]
fn scores_of_another_scale() {
    let search = "/a/_search";
    let halves = |factor: f64| {
        page(9, &[("1", 2.2 * factor), ("2", 1.1 * factor)])
            .replace("1.0,\"hits", &format!("{},\"hits", 2.2 * factor))
    };
    expected(search, &halves(1.0), &halves(1.0 / 2.2), rules::BM25_FACTOR);
    assert_eq!(bodies_of(search, &halves(1.0), &halves(0.5)).verdict, Verdict::Different);
    let even =
        |score: f64| page(2, &[("1", score), ("2", score)]).replace("1.0,\"hits", &format!("{score},\"hits"));
    expected(search, &even(1.8), &even(1.0), rules::UNIFORM_SCORE);
}

#[test]
fn scroll_pages_have_each_indexs_own_order() {
    let next = "/_search/scroll";
    same(next, &page(3, &[("1", 1.0), ("2", 1.0)]), &page(3, &[("2", 1.0), ("1", 1.0)]));
    expected(
        next,
        &page(3, &[("1", 1.0), ("2", 1.0)]),
        &page(3, &[("2", 1.0), ("3", 1.0)]),
        rules::INDEX_ORDER,
    );
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
fn tables_by_row_and_column() {
    let cat = |target: &str, source: &str, other: &str| {
        let text = |body: &str| {
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=UTF-8\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        compared("GET", target, text(source).as_bytes(), text(other).as_bytes())
    };
    let row =
        |index: &str, uuid: &str, docs: u32| format!("green open {index} {uuid} 1 0 {docs} 0 4kb 4kb\n");
    let verdict = cat(
        "/_cat/indices",
        &(row("a", "u1", 7) + &row("b", "u2", 1)),
        &(row("b", "u3", 1) + &row("a", "u4", 7)),
    );
    assert_eq!(verdict.verdict, Verdict::Same, "{verdict:?}");
    let counts = cat("/_cat/indices", &row("a", "u", 7), &row("a", "u", 8));
    assert_eq!(
        (counts.verdict, counts.differences[0].path.as_str()),
        (Verdict::Different, "indices.*.docs.count")
    );
    let missing = cat("/_cat/indices", &(row("a", "u", 7) + &row("b", "u", 1)), &row("a", "u", 7));
    assert_eq!((missing.differences[0].kind, missing.differences[0].source.as_str()), ("missing", "b"));
    let header =
        cat("/_cat/count?v", "epoch timestamp count\n1 10:00 5\n", "epoch      timestamp count\n2 10:01 6\n");
    assert_eq!(header.differences[0].path, "count.*.count");
    let chosen = cat("/_cat/indices?h=i,dc", "a 1\n", "a 2\n");
    assert_eq!(chosen.differences[0].path, "indices.*.docs.count");
    let json = |docs: u32| format!(r#"[{{"index":"a","docs.count":"{docs}","uuid":"{docs}"}}]"#);
    assert_eq!(cat("/_cat/indices?format=json", &json(1), &json(2)).verdict, Verdict::Different);
    assert_eq!(cat("/_cat/aliases", "", "x a - - - -\n").verdict, Verdict::Different);
}

#[test]
fn buckets_by_key() {
    let terms = |buckets: &[(&str, u32, &str)]| {
        let buckets: Vec<_> = buckets
            .iter()
            .map(|(key, count, sum)| {
                format!(r#"{{"key":"{key}","doc_count":{count},"s":{{"value":{sum}}}}}"#)
            })
            .collect();
        format!(
            r#"{{"aggregations":{{"t":{{"doc_count_error_upper_bound":{},"buckets":[{}]}}}}}}"#,
            buckets.len(),
            buckets.join(",")
        )
    };
    let search = "/a/_search";
    same(
        search,
        &terms(&[("a", 2, "0.30000000000000004"), ("b", 2, "1.5")]),
        &terms(&[("b", 2, "1.5"), ("a", 2, "0.3")]),
    );
    let order =
        bodies_of(search, &terms(&[("a", 3, "1"), ("b", 2, "1")]), &terms(&[("b", 2, "1"), ("a", 3, "1")]));
    assert_eq!(order.differences[0].kind, "order");
    different(
        search,
        &terms(&[("a", 3, "1")]),
        &terms(&[("a", 4, "1")]),
        "value",
        "aggregations.t.buckets.*.doc_count",
    );
    different(
        search,
        &terms(&[("a", 3, "1.5")]),
        &terms(&[("a", 3, "1.6")]),
        "value",
        "aggregations.t.buckets.*.s.value",
    );
    let lost = bodies_of(search, &terms(&[("a", 3, "1"), ("b", 1, "1")]), &terms(&[("a", 3, "1")]));
    assert_eq!(
        (lost.differences[0].kind, lost.differences[0].path.as_str()),
        ("missing", "aggregations.t.buckets.*")
    );
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
fn headers_that_clients_act_on() {
    let with =
        |header: &str| format!("HTTP/1.1 200 OK\r\n{header}content-length: 2\r\n\r\n{{}}").into_bytes();
    let verdict = |one: &str, other: &str| compared("PUT", "/a/_doc/1", &with(one), &with(other));
    let json = "content-type: application/json; charset=UTF-8\r\n";
    assert_eq!(verdict(json, "content-type: application/vnd.elasticsearch+json\r\n").verdict, Verdict::Same);
    let text = verdict(json, "content-type: text/html\r\n");
    assert_eq!((text.differences[0].kind, text.differences[0].path.as_str()), ("header", "content-type"));
    assert_eq!(
        verdict("location: /a/_doc/1\r\n", "Location: http://h:1/a/_doc/1?x\r\n").verdict,
        Verdict::Same
    );
    assert_eq!(verdict("location: /a/t/1\r\n", "location: /a/_doc/1\r\n").expected.len(), 1);
    assert_eq!(verdict("location: /a/_doc/1\r\n", "location: /a/_doc/2\r\n").verdict, Verdict::Different);
    assert_eq!(verdict("location: /a/_doc/1\r\n", "").verdict, Verdict::Different);
    assert_eq!(verdict("warning: 299 x\r\n", "").verdict, Verdict::ExpectedDifference);
}

#[test]
fn secrets_are_not_shown() {
    let body = |hash: &str| answer(200, &format!(r#"{{"bob":{{"hash":"{hash}"}}}}"#));
    let comparison = compared("GET", "/_security/user/bob", &body("secret-1"), &body("secret-2"));
    assert_eq!(comparison.verdict, Verdict::Different);
    assert!(!format!("{comparison:?}").contains("secret-"));
}

#[test]
fn noise_is_learnt_from_the_source_alone() {
    let question = |method: &'static str, target: &'static str| Question {
        call: Call::parse(method, target.as_bytes()),
        body: b"",
    };
    fn of(body: &str) -> Answer<'_> {
        Answer { status: 200, body: body.as_bytes().into(), ..Answer::default() }
    }
    let clock =
        |time: u32, docs: u32| format!(r#"{{"clock":{time},"count":{docs},"_source":{{"clock":{time}}}}}"#);
    let search = question("GET", "/a/_search");
    let mut comparer = Comparer::default();
    comparer.learn(&search, &of(&clock(1, 1)), 0);
    assert_eq!(comparer.compare(&search, &of(&clock(1, 1)), &of(&clock(2, 1))).verdict, Verdict::Different);
    comparer.learn(&search, &of(&clock(2, 2)), 1);
    assert_eq!(
        comparer.noise().paths().collect::<Vec<_>>(),
        [(Class::Search, "clock")],
        "no count, no document"
    );
    let noisy = comparer.compare(&search, &of(r#"{"clock":3}"#), &of(r#"{"clock":4}"#));
    assert_eq!(noisy.expected.keys().collect::<Vec<_>>(), [&rules::NOISE]);
    let elsewhere =
        comparer.compare(&question("GET", "/a/_doc/1"), &of(r#"{"clock":3}"#), &of(r#"{"clock":4}"#));
    assert_eq!(elsewhere.verdict, Verdict::Different, "noise of searches only");

    let mut comparer = Comparer::default();
    comparer.learn(&search, &of(&clock(1, 1)), 0);
    comparer.learn(&question("PUT", "/a/_doc/1"), &of("{}"), 1);
    comparer.learn(&search, &of(&clock(2, 1)), 2);
    comparer.learn(&search, &of(&clock(3, 1)), 3);
    assert_eq!(comparer.noise().paths().count(), 0, "a write may have changed it");
}

#[test]
fn documents_are_counted_in_stats() {
    let stats = |docs: u32, bytes: u32| {
        format!(
            r#"{{"indices":{{"a":{{"primaries":{{"docs":{{"count":{docs}}},"store":{{"bytes":{bytes}}}}}}}}}}}"#
        )
    };
    not_comparable("/_stats", &stats(1, 1), &stats(1, 2));
    different("/_stats", &stats(1, 1), &stats(2, 1), "value", "indices.*.primaries.docs.count");
}

#[test]
fn answers_of_older_sources() {
    expected(
        "/a/_search",
        r#"{"hits":{"hits":[{"_type":"t"}]}}"#,
        r#"{"hits":{"hits":[{"_type":"_doc"}]}}"#,
        rules::TYPES_REMOVED,
    );
    let untyped = r#"{"a":{"mappings":{"properties":{"x":{"type":"date"}}}}}"#;
    expected(
        "/a/_mapping",
        r#"{"a":{"mappings":{"t":{"properties":{"x":{"type":"date"}}}}}}"#,
        untyped,
        rules::TYPES_REMOVED,
    );
    let other =
        bodies_of("/a/_mapping", r#"{"a":{"mappings":{"t":{"properties":{"x":{"type":"long"}}}}}}"#, untyped);
    assert_eq!(other.verdict, Verdict::Different);
    let version_5 = r#"{"_id":"1","created":true,"result":"created"}"#;
    expected("/a/_doc", version_5, r#"{"_id":"1","result":"created"}"#, rules::REMOVED_FIELD);
    expected("/a/_doc", r#"{"_id":"1"}"#, r#"{"_id":"1","result":"created"}"#, rules::ADDED_FIELD);
    let reindexed = bodies_of("/_reindex", r#"{"created":5}"#, "{}");
    assert_eq!(reindexed.verdict, Verdict::Different, "that is a count");
}

#[test]
fn what_the_request_says_matters() {
    let asked = |request: &str, source: &str, target: &str| {
        let question = Question { call: Call::parse("POST", b"/a/_search"), body: request.as_bytes() };
        let of =
            |body: &str| Answer { status: 200, body: body.as_bytes().to_vec().into(), ..Answer::default() };
        Comparer::default().compare(&question, &of(source), &of(target))
    };
    let metric = |value: &str| format!(r#"{{"aggregations":{{"m":{{"value":{value}}}}}}}"#);
    let cardinality = r#"{"aggs":{"m":{"cardinality":{"field":"x"}}}}"#;
    assert_eq!(asked(cardinality, &metric("1000"), &metric("1004")).verdict, Verdict::ExpectedDifference);
    assert_eq!(asked(cardinality, &metric("1000"), &metric("1200")).verdict, Verdict::Different);
    let sum = r#"{"aggs":{"m":{"sum":{"field":"x"}},"c":{"cardinality":{"field":"x"}}}}"#;
    assert_eq!(
        asked(sum, &metric("1000.0"), &metric("1004.0")).verdict,
        Verdict::Different,
        "of another name"
    );
    let range = |to: &str| {
        format!(r#"{{"aggregations":{{"r":{{"buckets":[{{"key":"*-{to}","to_as_string":"{to}","doc_count":3}}]}}}}}}"#)
        .replace("\"to_as", "\"to\":1,\"to_as")
    };
    assert_eq!(
        asked(r#"{"aggs":{"r":{"date_range":{"ranges":[{"to":"now"}]}}}}"#, &range("1"), &range("2")).verdict,
        Verdict::ExpectedDifference
    );
    assert_eq!(asked("{}", &range("1"), &range("2")).verdict, Verdict::Different);
    let random = r#"{"query":{"function_score":{"random_score":{}}}}"#;
    let (one, other) = (page(2, &[("1", 0.3), ("2", 0.1)]), page(2, &[("2", 0.9), ("1", 0.2)]));
    assert_eq!(asked(random, &one, &other).verdict, Verdict::NotComparable);
    let changed = page(2, &[("1", 0.3), ("2", 0.1)]).replace(r#""id":"1""#, r#""id":"x""#);
    assert_eq!(asked(random, &one, &changed).verdict, Verdict::Different, "documents are still compared");
    let second = |id: &str| page(9, &[(id, 1.0), ("5", 0.5)]);
    assert_eq!(asked(r#"{"from":2}"#, &second("3"), &second("4")).verdict, Verdict::ExpectedDifference);
    assert_eq!(asked(r#"{"from":0}"#, &second("3"), &second("4")).verdict, Verdict::Different);
}
