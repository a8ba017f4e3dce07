use std::io::Write;

use super::*;
use crate::compare::Comparer;
use crate::json::Tape;
use crate::report::Report;

/// As the existing tool's console has it in its tests, shortened.
const OLD: &str = r#"{"sourceRequest":{"Request-URI":"/_cat/indices?v","Method":"GET","HTTP-Version":"HTTP/1.1","Host":"capture-proxy:9200","Authorization":"Basic YWRtaW46YWRtaW4=","body":""},"sourceResponse":{"HTTP-Version":{"keepAliveDefault":true},"Status-Code":200,"Reason-Phrase":"OK","response_time_ms":59,"content-type":"text/plain; charset=UTF-8","body":"Y291bnQKMQo="},"targetRequest":{"Request-URI":"/_cat/indices?v","Method":"GET","HTTP-Version":"HTTP/1.1","Host":"opensearchtarget","Authorization":"Basic YWRtaW46eA==","body":""},"targetResponses":[{"HTTP-Version":{"keepAliveDefault":true},"Status-Code":200,"Reason-Phrase":"OK","response_time_ms":721,"content-type":"text/plain; charset=UTF-8","body":"Y291bnQKMQo="}],"connectionId":"0242acfffe13000a.0","numRequests":1,"numErrors":0}"#;

fn tuple(method: &str, target: &str, source: &str, targets: &str) -> String {
    format!(
        r#"{{"sourceRequest":{{"Host":["s"],"Authorization":["Basic secret"],"Request-URI":"{target}","Method":"{method}","HTTP-Version":"HTTP/1.1","payload":{{"inlinedJsonBody":{{"n":1.10}}}}}},"sourceResponse":{source},"targetResponses":[{targets}],"connectionId":"c.1","numRequests":1,"numErrors":0}}"#
    )
}

fn answer(status: u16, body: &str) -> String {
    format!(
        r#"{{"content-type":["application/json"],"HTTP-Version":"HTTP/1.1","Status-Code":{status},"Reason-Phrase":"X","response_time_ms":7,"payload":{{"inlinedJsonBody":{body}}}}}"#
    )
}

fn judged(line: &str) -> Judged {
    let mut tape = Tape::default();
    judge(&mut Comparer::default(), &Tuple::new(tape.parse(line.as_bytes()).unwrap()).unwrap())
}

fn converted(line: &str, shape: Shape) -> String {
    let mut tape = Tape::default();
    let mut out = Vec::new();
    convert(
        &mut out,
        &Tuple::new(tape.parse(line.as_bytes()).unwrap()).unwrap(),
        shape,
        &mut Comparer::default(),
    );
    String::from_utf8(out).unwrap()
}

#[test]
fn tuples_are_compared_again() {
    let verdict = |line: &str| judged(line).comparison().verdict;
    let exception = r#"{"Exception":"no answer within 1s"}"#;
    let (one, other) = (answer(200, r#"{"a":1,"took":1}"#), answer(200, r#"{"a":2,"took":2}"#));
    let again = answer(200, r#"{"a":1,"took":9}"#);
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", &one, &again)), Verdict::Same);
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", &one, &other)), Verdict::Different);
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", &one, exception)), Verdict::Different);
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", &one, "")), Verdict::NotComparable);
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", exception, &one)), Verdict::NotComparable);
    let lost = format!("{exception},{other}");
    assert_eq!(
        judged(&tuple("PUT", "/a/_doc/1", &one, &lost)).comparison().reason.as_deref(),
        Some(judge::SENT_AGAIN)
    );
    assert_eq!(verdict(&tuple("GET", "/a/_doc/1", &one, &lost)), Verdict::Different);
    let refused = format!(r#"{{"Exception":"cannot connect: refused"}},{other}"#);
    assert_eq!(verdict(&tuple("PUT", "/a/_doc/1", &one, &refused)), Verdict::Different);
    let redacted = answer(200, "1").replace(r#""inlinedJsonBody":1"#, r#""inlinedTextBody":"REDACTED""#);
    assert_eq!(verdict(&tuple("GET", "/_security/user", &redacted, &redacted)), Verdict::NotComparable);
    assert_eq!(verdict(OLD), Verdict::Same);
    let given_up = tuple("PUT", "/a/_doc/1", &one, &other)
        .replace("\"numRequests\"", "\"error\":\"given up\",\"numRequests\"");
    assert_eq!(judged(&given_up).comparison().reason.as_deref(), Some(DEAD_LETTERED));
    let mut report = Report::default();
    judged(OLD).count(&mut report);
    assert_eq!(report.requests.same, 1);
}

#[test]
fn what_the_replayer_knew_is_known_again() {
    let reason = |line: &str| judged(line).comparison().reason.clone().unwrap_or_default();
    let (one, other) = (answer(200, r#"{"a":1}"#), answer(200, r#"{"a":2}"#));
    let with = |field: &str, line: &str| line.replace("\"numRequests\"", &format!("{field},\"numRequests\""));
    let search = tuple("POST", "/a/_search", &one, &other);
    assert_eq!(judged(&search).comparison().verdict, Verdict::Different);
    assert_eq!(reason(&with("\"overtaken\":true", &search)), OVERTAKEN);
    assert_eq!(
        judged(&with("\"overtaken\":true", &tuple("POST", "/a/_search", &one, &one))).comparison().verdict,
        Verdict::Same
    );
    // A gateway that gave up waiting for the target has told nothing of what the target did.
    let gateway = format!("{},{other}", answer(504, "{}"));
    assert_eq!(reason(&tuple("PUT", "/a/_doc/1", &one, &gateway)), SENT_AGAIN);

    let unsent = tuple("PUT", "/a/_doc/1", &one, "");
    for (error, wanted) in [
        (
            "rewriting failed: rule 'bulk': the body, from byte 13 on: not JSON",
            "not sent: rewriting failed: rule 'bulk': the body, from byte 13 on: not JSON",
        ),
        (
            "its secrets were not captured: do it by hand",
            "not sent: its secrets were not captured: do it by hand",
        ),
        ("filtered: rule 'no deletes'", "filtered: rule 'no deletes'"),
        ("the message is incomplete", "the captured request can't be parsed: the message is incomplete"),
    ] {
        assert_eq!(reason(&with(&format!("\"error\":\"{error}\""), &unsent)), wanted);
    }
}

#[test]
fn reasons_without_end_are_counted_together() {
    let mut report = Report::default();
    let unsent = tuple("PUT", "/a/_doc/1", &answer(200, "{}"), "");
    for place in 0..10_000 {
        let error = format!("\"error\":\"rewriting failed: rule 'x' at byte {place}\",\"numRequests\"");
        judged(&unsent.replace("\"numRequests\"", &error)).count(&mut report);
    }
    let document = crate::report::Document::new(&report, &crate::noise::Noise::default(), String::new(), 0);
    let reasons = document.json()["notComparable"].as_object().unwrap().clone();
    assert_eq!(reasons.len(), 101, "{reasons:?}");
    assert_eq!(reasons["other reasons, in the tuples"], 9900);
}

#[test]
fn secrets_of_foreign_tuples_are_not_shown() {
    let (one, other) = (answer(200, r#"{"a":1}"#), answer(200, r#"{"a":2}"#));
    let line = tuple("GET", "/a/_doc/1?access_token=s3cret&realtime=false", &one, &other)
        .replace("\"Host\":[\"s\"]", "\"Host\":[\"s\"],\"Referer\":[\"http://bob:s3cret@h/\"]");
    let shown = converted(&line, Shape::Switchover);
    assert!(!shown.contains("s3cret") && shown.contains("access_token=REDACTED&realtime=false"), "{shown}");
    let mut report = Report::default();
    judged(&line).count(&mut report);
    let document = crate::report::Document::new(&report, &crate::noise::Noise::default(), String::new(), 0);
    let report = document.json().to_string();
    assert!(!report.contains("s3cret") && report.contains("access_token=REDACTED"), "{report}");
}

#[test]
fn shapes() {
    let old: serde_json::Value = serde_json::from_str(&converted(OLD, Shape::Switchover)).unwrap();
    assert_eq!(old["sourceRequest"]["Host"][0], "capture-proxy:9200");
    assert_eq!(old["sourceRequest"]["Authorization"][0], "REDACTED");
    assert_eq!(old["sourceResponse"]["HTTP-Version"], "HTTP/1.1");
    assert_eq!(old["targetResponses"][0]["payload"]["inlinedTextBody"], "count\n1\n");
    assert_eq!(
        (&old["comparison"]["verdict"], &old["connectionId"]),
        (&"same".into(), &"0242acfffe13000a.0".into())
    );

    let ours = converted(
        &tuple("GET", "/a/_doc/1", &answer(200, r#"{"n":1.10}"#), &answer(200, "{}")),
        Shape::Switchover,
    );
    assert!(
        ours.contains(r#"{"n":1.10}"#)
            && ours.contains(r#""verdict":"different""#)
            && !ours.contains("Basic secret"),
        "{ours}"
    );
    let theirs = converted(&ours, Shape::OpensearchMigrations);
    assert!(!theirs.contains("comparison") && theirs.contains(r#""inlinedJsonBody":{"n":1.10}"#), "{theirs}");
    let older: serde_json::Value = serde_json::from_str(&converted(&ours, Shape::Base64Body)).unwrap();
    assert_eq!(
        (&older["sourceRequest"]["Host"], &older["sourceResponse"]["body"]),
        (&"s".into(), &"eyJuIjoxLjEwfQ==".into())
    );
    assert_eq!(converted(&older.to_string(), Shape::Switchover).matches("1.10").count(), 3, "and back");
    assert_eq!(converted(&ours, Shape::Switchover), ours, "twice is once");

    let secret = tuple("PUT", "/_security/user/bob", &answer(200, "{}"), &answer(200, "{}"));
    for shape in [Shape::Switchover, Shape::OpensearchMigrations, Shape::Base64Body] {
        assert!(!converted(&secret, shape).contains("1.10"));
    }
}

#[test]
fn files_plain_and_compressed() {
    let text = b"{\"a\":1}\n\n  \r\n{\"b\":2}".as_slice();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    for file in [text.to_vec(), gzip.finish().unwrap(), zstd::encode_all(text, 1).unwrap()] {
        let mut lines = Lines::new(file.as_slice()).unwrap();
        let first = lines.next_line().unwrap().map(|line| (line.number, line.bytes.map(<[u8]>::to_vec)));
        assert_eq!(first, Some((1, Some(b"{\"a\":1}".to_vec()))));
        assert_eq!(lines.next_line().unwrap().unwrap().number, 4);
        assert!(lines.next_line().unwrap().is_none());
    }
    let cut = zstd::encode_all([b'x'; 10_000].as_slice(), 1).unwrap();
    assert!(Lines::new(&cut[..cut.len() - 3]).unwrap().next_line().is_err(), "damage is no end");
    assert!(Lines::new(&b""[..]).unwrap().next_line().unwrap().is_none());
}
