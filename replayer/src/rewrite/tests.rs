use std::io::Write;
use std::sync::Arc;

use switchover_capture::{End, Message, Timestamp};

use super::*;
use crate::budget::Budget;
use crate::commit::Hold;

fn captured(request: &[u8], response: Option<&str>) -> Captured {
    let message = |bytes: &[u8]| Message {
        bytes: Bytes::copy_from_slice(bytes),
        first: Timestamp::default(),
        last: Timestamp::default(),
    };
    Captured {
        connection: 1,
        node_id: "n".into(),
        connection_id: "c".into(),
        index: 0,
        lane: 0,
        request: message(request),
        response: response.map(|response| message(response.as_bytes())),
        end: if response.is_some() { End::Complete } else { End::Closed },
        first: 0,
        source_end: 0,
        footprint: Default::default(),
        lease: Arc::new(Budget::new(usize::MAX)).lease(0),
        hold: Hold::default(),
    }
}

fn ok(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn request(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("{line} HTTP/1.1\r\nHost: src:9200\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn rewriter(auth: TargetAuth) -> Rewriter {
    Rewriter::new("target:9201".to_owned(), auth)
}

fn sent(request: &[u8], response: Option<&str>) -> (String, String, Notes) {
    let outgoing = rewriter(TargetAuth::Keep).rewrite(&captured(request, response)).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&outgoing.head), text(&outgoing.body), outgoing.notes)
}

#[test]
fn only_host_changes_and_everything_else_is_byte_identical() {
    let raw = b"\r\nPUT /a/_doc/1?x=%20y HTTP/1.1\r\nuser-AGENT:  odd \r\nHOST: src\r\nX-A: 1\r\nX-a: 2\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    let (head, body, _) = sent(raw, None);
    assert_eq!(
        head,
        "PUT /a/_doc/1?x=%20y HTTP/1.1\r\nuser-AGENT:  odd \r\nHOST: target:9201\r\nX-A: 1\r\nX-a: 2\r\nContent-Length: 7\r\n\r\n"
    );
    assert_eq!(body, "{\"a\":1}");
}

#[test]
fn chunked_bodies_keep_their_framing_when_not_edited() {
    let raw = b"POST /a/_search HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n";
    let (head, body, _) = sent(raw, None);
    assert!(head.contains("Transfer-Encoding: chunked\r\n") && !head.contains("Content-Length"));
    assert_eq!(body, "3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n");
}

#[test]
fn expect_upgrade_and_absolute_targets() {
    let headers = "Expect: 100-continue\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\nX: 1\r\n";
    let (head, ..) = sent(&request("PUT http://src:9200/a?b=c", headers, b"x"), None);
    assert_eq!(head, "PUT /a?b=c HTTP/1.1\r\nHost: target:9201\r\nX: 1\r\nContent-Length: 1\r\n\r\n");
    let (head, ..) = sent(b"GET /x HTTP/1.0\r\n\r\n", None);
    assert_eq!(head, "GET /x HTTP/1.0\r\nHost: target:9201\r\n\r\n");
}

#[test]
fn what_was_captured_as_a_hash_is_not_sent() {
    let hash = switchover_capture::REDACTED_PREFIX;
    let raw = request("GET /", &format!("Authorization: {hash}00ff\r\nX: {hash}\r\nY: 1\r\n"), b"");
    let outgoing = rewriter(TargetAuth::Keep).rewrite(&captured(&raw, None)).unwrap();
    let head = String::from_utf8(outgoing.head.to_vec()).unwrap();
    assert!(!head.contains(hash) && head.contains("Y: 1"), "{head}");
}

#[test]
fn parameters_that_were_captured_as_hashes_are_left_out_and_bodies_are_not_sent() {
    let hash = switchover_capture::REDACTED_PREFIX;
    for (target, sent) in [
        (format!("/a?token={hash}00&b=1&pwd={hash}11"), "GET /a?b=1 HTTP/1.1"),
        (format!("/a?token={hash}00"), "GET /a HTTP/1.1"),
        (format!("http://{hash}22@h:1/a?x={hash}00"), "GET /a HTTP/1.1"),
    ] {
        let raw = request(&format!("GET {target}"), "", b"");
        let outgoing = rewriter(TargetAuth::Keep).rewrite(&captured(&raw, None)).unwrap();
        assert_eq!(outgoing.head.split(|byte| *byte == b'\r').next().unwrap(), sent.as_bytes());
    }
    let body = format!(r#"{{"persistent":{{"a.password":"{hash}00"}}}}"#);
    let rewritten = |line: &str| {
        let raw = request(line, "", body.as_bytes());
        rewriter(TargetAuth::Keep).rewrite(&captured(&raw, None))
    };
    let unsent = rewritten("PUT /_cluster/settings").unwrap_err();
    assert!(
        matches!(unsent, Unsent::Redacted) && !unsent.is_meant() && unsent.to_string().contains("by hand")
    );
    // A document may say what it likes.
    assert!(rewritten("PUT /a/_doc/1").is_ok());
}

#[test]
fn authorization_kept_removed_replaced() {
    let raw = request("GET /", "auTHorization: Basic YQ==\r\n", b"");
    for (auth, count, wanted) in [
        (TargetAuth::Keep, 1, "auTHorization: Basic YQ==\r\n"),
        (TargetAuth::Remove, 0, ""),
        (TargetAuth::Replace("Basic Yg==".to_owned()), 1, "Authorization: Basic Yg==\r\n"),
    ] {
        let outgoing = rewriter(auth).rewrite(&captured(&raw, None)).unwrap();
        let head = String::from_utf8(outgoing.head.to_vec()).unwrap();
        assert_eq!(head.to_lowercase().matches("authorization:").count(), count);
        assert!(head.contains(wanted));
    }
    assert!(!format!("{:?}", TargetAuth::Replace("Basic secret".to_owned())).contains("secret"));
}

#[test]
fn generated_ids_of_single_documents() {
    let created = ok(201, r#"{"_index":"a","_id":"x/y ü","result":"created"}"#);
    for (target, wanted) in [
        ("/a/_doc", "/a/_doc/x%2Fy%20%C3%BC?op_type=create"),
        ("/a/_doc/", "/a/_doc/x%2Fy%20%C3%BC?op_type=create"),
        ("/a/_doc/?refresh=true&routing=r", "/a/_doc/x%2Fy%20%C3%BC?op_type=create&refresh=true&routing=r"),
        ("/a/_doc?op_type=create", "/a/_doc/x%2Fy%20%C3%BC?op_type=create"),
        ("/a/typed", "/a/typed/x%2Fy%20%C3%BC?op_type=create"),
    ] {
        let (head, body, notes) = sent(&request(&format!("POST {target}"), "", b"{}"), Some(&created));
        assert!(head.starts_with(&format!("PUT {wanted} HTTP/1.1\r\n")), "{target}: {head}");
        assert_eq!((body.as_str(), notes.ids_taken, notes.ids_unknown), ("{}", 1, 0));
    }
    for (line, response, unknown) in [
        ("POST /a/_doc", None, 1),
        ("POST /a/_doc", Some(ok(400, "{}")), 0),
        ("POST /a/_doc", Some(ok(201, "not json")), 1),
        ("POST /a/_doc/1", Some(created.clone()), 0),
        ("POST /a/_search", Some(created.clone()), 0),
        ("PUT /a/_doc/1", Some(created), 0),
    ] {
        let (head, _, notes) = sent(&request(line, "", b"{}"), response.as_deref());
        assert!(head.starts_with(&format!("{line} HTTP/1.1\r\n")), "{line}: {head}");
        assert_eq!((notes.ids_taken, notes.ids_unknown), (0, unknown), "{line}");
    }
}

const MIXED: &str = concat!(
    "{\"index\":{\"_index\":\"a\"}}\n{\"n\":12345678901234567890.10}\n",
    "{ \"create\" : { } }\r\n{\"_id\":1}\r\n",
    "{\"index\":{\"_id\":\"given\"}}\n{}\n",
    "{\"update\":{\"_id\":\"u\"}}\n{\"doc\":{}}\n",
    "{\"delete\":{\"_id\":\"d\"}}\n",
    "{\"index\":{\"_id\":null,\"_index\":\"b\"}}\n{}\n",
);
const MIXED_ANSWER: &str = concat!(
    r#"{"took":1,"items":[{"index":{"_id":"g1"}},{"create":{"_id":"g\"2"}},{"index":{"_id":"given"}},"#,
    r#"{"update":{"_id":"u"}},{"delete":{"_id":"d"}},{"index":{"_id":"g3"}}]}"#
);
const MIXED_SENT: &str = concat!(
    "{\"index\":{\"_id\":\"g1\",\"_index\":\"a\"}}\n{\"n\":12345678901234567890.10}\n",
    "{ \"create\" : {\"_id\":\"g\\\"2\" } }\r\n{\"_id\":1}\r\n",
    "{\"index\":{\"_id\":\"given\"}}\n{}\n",
    "{\"update\":{\"_id\":\"u\"}}\n{\"doc\":{}}\n",
    "{\"delete\":{\"_id\":\"d\"}}\n",
    "{\"index\":{\"_id\":\"g3\",\"_index\":\"b\"}}\n{}\n",
);

#[test]
fn generated_ids_in_bulks() {
    for target in ["/_bulk", "/a/_bulk?refresh=true", "/a/t/_bulk"] {
        let (head, body, notes) =
            sent(&request(&format!("POST {target}"), "", MIXED.as_bytes()), Some(&ok(200, MIXED_ANSWER)));
        assert_eq!(body, MIXED_SENT);
        assert_eq!(notes, Notes { ids_taken: 3, ..Notes::default() });
        assert!(head.starts_with(&format!("POST {target} HTTP/1.1\r\n")));
        assert!(head.ends_with(&format!("Content-Length: {}\r\n\r\n", MIXED_SENT.len())));
        assert_eq!(head.matches("Content-Length").count(), 1);
    }
}

#[test]
fn bulks_in_chunks_and_compressed_are_sent_plain() {
    let chunked = format!(
        "POST /_bulk HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{MIXED}\r\n0\r\n\r\n",
        MIXED.len()
    );
    let (head, body, _) = sent(chunked.as_bytes(), Some(&ok(200, MIXED_ANSWER)));
    assert_eq!(body, MIXED_SENT);
    assert!(!head.contains("Transfer-Encoding"));

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(MIXED.as_bytes()).unwrap();
    let raw = request("POST /_bulk", "Content-Encoding: gzip\r\n", &encoder.finish().unwrap());
    let (head, body, _) = sent(&raw, Some(&ok(200, MIXED_ANSWER)));
    assert_eq!(body, MIXED_SENT);
    assert!(!head.contains("gzip"));
}

#[test]
fn bulks_without_a_usable_answer_go_as_they_are() {
    let one_item = ok(200, r#"{"items":[{"index":{"_id":"g1"}}]}"#);
    for response in [None, Some(one_item.as_str()), Some("HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n")] {
        let (_, body, notes) = sent(&request("POST /_bulk", "", MIXED.as_bytes()), response);
        assert_eq!(body, MIXED);
        assert_eq!(notes, Notes { ids_unknown: 3, ..Notes::default() });
    }
    let failed_item = ok(200, r#"{"items":[{"index":{"_id":null,"status":400}}]}"#);
    let (_, body, notes) = sent(&request("POST /_bulk", "", b"{\"index\":{}}\n{}\n"), Some(&failed_item));
    assert_eq!((body.as_str(), notes.ids_unknown), ("{\"index\":{}}\n{}\n", 1));
    for broken in ["{\"index\"", "[]\n", "{\"index\":{},\"create\":{}}\n{}\n", "{\"index\":[]}\n{}\n", "\n\n"]
    {
        let (_, body, notes) = sent(&request("POST /_bulk", "", broken.as_bytes()), Some(&ok(400, "{}")));
        assert_eq!((body.as_str(), notes), (broken, Notes::default()));
    }
}

#[test]
fn scroll_ids_are_exchanged_wherever_they_stand() {
    let rewriter = rewriter(TargetAuth::Keep);
    for (source, target) in [("s1==", "t/1"), ("s2", "t2")] {
        let opened = ok(200, &format!(r#"{{"_scroll_id":"{source}","hits":{{}}}}"#));
        let search = captured(&request("POST /a/_search?scroll=1m", "", b"{}"), Some(&opened));
        rewriter.learn(&search, ok(200, &format!(r#"{{"_scroll_id":"{target}"}}"#)).as_bytes());
    }
    for (line, body, wanted_line, wanted_body, count) in [
        (
            "POST /_search/scroll",
            r#"{"scroll": "1m", "scroll_id": "s1=="}"#,
            "POST /_search/scroll",
            r#"{"scroll": "1m", "scroll_id": "t/1"}"#,
            1,
        ),
        (
            "DELETE /_search/scroll",
            r#"{"scroll_id":["s1==","x","s2"]}"#,
            "DELETE /_search/scroll",
            r#"{"scroll_id":["t/1","x","t2"]}"#,
            2,
        ),
        (
            "GET /_search/scroll?scroll=1m&scroll_id=s1%3D%3D",
            "",
            "GET /_search/scroll?scroll=1m&scroll_id=t%2F1",
            "",
            1,
        ),
        ("DELETE /_search/scroll/s1==,s2", "", "DELETE /_search/scroll/t%2F1,t2", "", 2),
        ("POST /_search/scroll?scroll=1m", "s2\n", "POST /_search/scroll?scroll=1m", "t2", 1),
        (
            "POST /_search/scroll",
            r#"{"scroll_id":"unknown"}"#,
            "POST /_search/scroll",
            r#"{"scroll_id":"unknown"}"#,
            0,
        ),
        ("DELETE /_search/scroll/_all", "", "DELETE /_search/scroll/_all", "", 0),
    ] {
        let outgoing = rewriter.rewrite(&captured(&request(line, "", body.as_bytes()), None)).unwrap();
        let head = String::from_utf8(outgoing.head.to_vec()).unwrap();
        assert!(head.starts_with(&format!("{wanted_line} HTTP/1.1\r\n")), "{line}: {head}");
        assert_eq!(outgoing.body, wanted_body.as_bytes(), "{line}");
        assert_eq!(outgoing.notes.scroll_ids, count, "{line}");
    }
}

#[test]
fn what_is_not_one_request_is_refused() {
    for raw in
        [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"[..], b"GET /", b"", b"\x16\x03\x01"]
    {
        assert!(rewriter(TargetAuth::Keep).rewrite(&captured(raw, None)).is_err());
    }
}

fn with(options: RewriteOptions) -> Rewriter {
    rewriter(TargetAuth::Keep).with(Arc::new(options), None)
}

fn auto() -> RewriteOptions {
    RewriteOptions { rewrite: Rewrite::Auto, ..RewriteOptions::default() }
}

const JSON: &str = "Content-Type: application/json\r\n";

fn line_and_body(rewriter: &Rewriter, request: &[u8], response: Option<&str>) -> (String, String) {
    let outgoing = rewriter.rewrite(&captured(request, response)).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let line = text(&outgoing.head).lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    (line, text(&outgoing.body))
}

#[test]
fn generated_ids_and_types_at_once() {
    let created = ok(201, r#"{"_index":"a","_type":"t","_id":"g1","created":true}"#);
    let (line, _) = line_and_body(&with(auto()), &request("POST /a/t", JSON, b"{}"), Some(&created));
    assert_eq!(line, "PUT /a/_doc/g1?op_type=create");
    let bulk = b"{\"index\":{\"_index\":\"a\",\"_type\":\"t\"}}\n{\"n\":1.10}\n";
    let items = ok(200, r#"{"items":[{"index":{"_id":"g1"}}]}"#);
    let (_, body) = line_and_body(&with(auto()), &request("POST /_bulk", JSON, bulk), Some(&items));
    assert_eq!(body, "{\"index\":{\"_id\":\"g1\",\"_index\":\"a\"}}\n{\"n\":1.10}\n");
}

#[test]
fn points_in_time_and_asynchronous_searches() {
    let rewriter = with(auto());
    let opened =
        captured(&request("POST /a/_pit?keep_alive=1m", "", b""), Some(&ok(200, r#"{"id":"src=="}"#)));
    assert!(
        rewriter.rewrite(&opened).unwrap().head.starts_with(b"POST /a/_search/point_in_time?keep_alive=1m ")
    );
    rewriter.learn(&opened, ok(200, r#"{"pit_id":"tgt"}"#).as_bytes());
    let search = br#"{"size": 1.0, "pit":{"id":"src==", "keep_alive":"1m"}}"#;
    let (line, body) = line_and_body(&rewriter, &request("POST /_search", JSON, search), None);
    assert_eq!(
        (line.as_str(), body.as_str()),
        ("POST /_search", r#"{"size": 1.0, "pit":{"id":"tgt", "keep_alive":"1m"}}"#)
    );
    let (line, body) = line_and_body(&rewriter, &request("DELETE /_pit", JSON, br#"{"id":"src=="}"#), None);
    assert_eq!((line.as_str(), body.as_str()), ("DELETE /_search/point_in_time", r#"{"pit_id":["tgt"]}"#));

    let begun = captured(
        &request("POST /a/_async_search", JSON, b"{}"),
        Some(&ok(200, r#"{"id":"s/1","is_running":true}"#)),
    );
    rewriter.learn(&begun, ok(200, r#"{"id":"t=1","state":"RUNNING"}"#).as_bytes());
    let (line, _) =
        line_and_body(&rewriter, &request("GET /_async_search/s%2F1?keep_alive=1m", "", b""), None);
    assert_eq!(line, "GET /_plugins/_asynchronous_search/t%3D1?keep_alive=1m");
}

#[test]
fn what_an_unknown_source_refused_stays_refused() {
    let rewriter = with(auto());
    let typed = request("PUT /a/t/1", JSON, b"{}");
    assert_eq!(line_and_body(&rewriter, &typed, Some(&ok(400, "{}"))).0, "PUT /a/t/1");
    assert_eq!(line_and_body(&rewriter, &typed, Some(&ok(201, "{}"))).0, "PUT /a/_doc/1");
    let root = ok(200, r#"{"version":{"number":"6.8.23"},"tagline":"You Know, for Search"}"#);
    line_and_body(&rewriter, &request("GET /", "", b""), Some(&root));
    assert_eq!(line_and_body(&rewriter, &typed, Some(&ok(400, "{}"))).0, "PUT /a/_doc/1");
}

fn rules(yaml: &str) -> RewriteOptions {
    RewriteOptions { rules: switchover_rewrite::rules::Rules::parse("r", yaml).unwrap(), ..auto() }
}

#[test]
fn rules_change_head_and_body_and_nothing_else() {
    let yaml = "- {name: r, match: {path: /a/t/*}, set: {headers: {X-New: v}, query: {refresh: wait_for}}, remove: {headers: [x-old]}}";
    let raw = request(
        "PUT /a/t/1",
        "X-Old: 1\r\nX-kept:  2 \r\nContent-Type: application/json\r\n",
        b"{\"n\":1.10}",
    );
    let outgoing = with(rules(yaml)).rewrite(&captured(&raw, None)).unwrap();
    assert_eq!(
        String::from_utf8(outgoing.head.to_vec()).unwrap(),
        "PUT /a/_doc/1?refresh=wait_for HTTP/1.1\r\nHost: target:9201\r\nX-kept:  2 \r\nContent-Type: application/json\r\nContent-Length: 10\r\nX-New: v\r\n\r\n"
    );
    assert_eq!((&outgoing.body[..], outgoing.body_edited), (&b"{\"n\":1.10}"[..], false));
}

#[test]
fn compressed_bodies_are_opened_for_rules() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"n\" : 1.10}").unwrap();
    let raw = request(
        "PUT /a/_doc/1",
        "Content-Encoding: gzip\r\nContent-Type: application/json\r\n",
        &encoder.finish().unwrap(),
    );
    for (yaml, wanted) in [
        ("- {name: r, set: {body: {/x: 1}}}", "{\"n\" : 1.10,\"x\":1}"),
        ("- {name: r, remove: {headers: [content-encoding]}}", "{\"n\" : 1.10}"),
    ] {
        let outgoing = with(rules(yaml)).rewrite(&captured(&raw, None)).unwrap();
        let head = String::from_utf8(outgoing.head.to_vec()).unwrap();
        assert_eq!(outgoing.body, wanted.as_bytes());
        assert!(
            !head.contains("gzip") && head.contains(&format!("Content-Length: {}\r\n", wanted.len())),
            "{head}"
        );
    }
}

#[test]
fn what_is_not_sent() {
    let failing = "- {name: r, match: {path: /a/**}, set: {body: {/n/x: 1}}}\n- {name: no, match: {path: /b}, reject: true}";
    let raw = request("PUT /a/t/1", JSON, b"{\"n\":1}");
    let unsent = with(rules(failing)).rewrite(&captured(&raw, None)).unwrap_err();
    assert!(
        matches!(&unsent, Unsent::Failed { reason } if reason.contains("rule 'r'")) && !unsent.is_meant()
    );
    let send = RewriteOptions { on_error: OnTransformError::Send, ..rules(failing) };
    assert_eq!(line_and_body(&with(send), &raw, None), ("PUT /a/_doc/1".to_owned(), "{\"n\":1}".to_owned()));
    let unsent = with(rules(failing)).rewrite(&captured(&request("GET /b", "", b""), None)).unwrap_err();
    assert!(matches!(unsent, Unsent::Rejected { .. }) && unsent.is_meant());
    let filter = r#"{"JsonJMESPathPredicateProvider":{"script":"method == 'GET'"}}"#;
    let filter = || Some(switchover_rewrite::transformer::Predicate::parse(filter).unwrap());
    let filtered = RewriteOptions { filter: filter(), on_error: OnTransformError::Send, ..auto() };
    assert!(matches!(with(filtered).rewrite(&captured(&raw, None)), Err(Unsent::Rejected { .. })));
    let filtered = RewriteOptions { filter: filter(), ..auto() };
    let not_utf8 = b"GET /\xff HTTP/1.1\r\n\r\n";
    assert!(matches!(with(filtered).rewrite(&captured(not_utf8, None)), Err(Unsent::Failed { .. })));
    assert!(with(auto()).rewrite(&captured(not_utf8, None)).is_ok());
}
