//! What was asked, what was learnt, and what stands around the body.

use super::*;

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
    assert_eq!(verdict("", "location: /a/_doc/1\r\n").expected.len(), 1);
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
        items: &SentItems::All,
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
    expected("/a/t/1/_create", version_5, r#"{"_id":"1","result":"created"}"#, rules::REMOVED_FIELD);
    expected("/a/_doc", r#"{"_id":"1"}"#, r#"{"_id":"1","forced_refresh":true}"#, rules::ADDED_FIELD);
    let made = r#"{"acknowledged":true,"shards_acknowledged":true,"index":"a"}"#;
    expected("/a", r#"{"acknowledged":true}"#, made, rules::ADDED_FIELD);
    expected("/", r#"{"status":200,"tagline":"x"}"#, r#"{"tagline":"y"}"#, rules::PRODUCT);
    let created = r#"{"items":[{"create":{"_id":"1","status":201}}]}"#;
    let indexed = r#"{"items":[{"index":{"_id":"1","status":201}}]}"#;
    expected("/_bulk", created, indexed, rules::ITEM_NAME);
    assert_eq!(bodies_of("/_bulk", indexed, created).verdict, Verdict::Different);
    let other_id = indexed.replace("\"1\"", "\"2\"");
    assert_eq!(bodies_of("/_bulk", created, &other_id).verdict, Verdict::Different);
    let conflict = r#"{"error":{"type":"version_conflict_engine_exception"},"status":409}"#;
    for text in [
        "VersionConflictEngineException[[a][0] [t][1]: version conflict, current [7], provided [5]]",
        "RemoteTransportException[[n][inet[/1]][x]]; nested: DocumentAlreadyExistsException[[a][1] [t][2]]; ",
    ] {
        let old = format!(r#"{{"error":"{text}","status":409}}"#);
        expected("/a/_doc/1", &old, conflict, rules::ERROR_NAME);
    }
    let missing = r#"{"error":"IndexMissingException[[a] missing]","status":409}"#;
    assert_eq!(bodies_of("/a/_doc/1", missing, conflict).verdict, Verdict::Different);
    let reindexed = bodies_of("/_reindex", r#"{"created":5}"#, "{}");
    assert_eq!(reindexed.verdict, Verdict::Different, "that is a count");
}

#[test]
fn what_the_request_says_matters() {
    let asked = |request: &str, source: &str, target: &str| {
        let question = Question {
            call: Call::parse("POST", b"/a/_search"),
            body: request.as_bytes(),
            items: &SentItems::All,
        };
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
