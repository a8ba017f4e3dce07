//! Bulks of which some items fail, at a target that follows a script.

use serde_json::Value;

use super::*;

fn items(count: usize) -> String {
    (0..count)
        .map(|id| format!("{{\"index\":{{\"_index\":\"a\",\"_id\":\"{id}\"}}}}\n{{\"n\":{id}}}\n"))
        .collect()
}

fn ok(id: &str) -> String {
    format!(r#"{{"index":{{"_id":"{id}","status":201,"n":1.10}}}}"#)
}

fn failed(id: &str, status: u16, kind: &str) -> String {
    format!(r#"{{"index":{{"_id":"{id}","status":{status},"error":{{"type":"{kind}","reason":"r"}}}}}}"#)
}

fn answered(items: &[String]) -> Step {
    let errors = items.iter().any(|item| item.contains("error"));
    reply(200, &format!(r#"{{"took":3,"errors":{errors},"items":[{}]}}"#, items.join(",")))
}

fn body(seen: &crate::scripted::Seen) -> &str {
    seen.text.split_once("\r\n\r\n").unwrap().1
}

fn merged(attempts: &Attempts) -> Value {
    let text = String::from_utf8(attempts.answer().unwrap().bytes.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    assert_eq!(head.to_lowercase().matches("content-length").count(), 1);
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn only_the_failed_items_go_again_and_the_answers_become_one() {
    let scripted = Scripted::start(|at, _| match at {
        0 => answered(&[
            ok("0"),
            failed("1", 429, "es_rejected_execution_exception"),
            ok("2"),
            failed("3", 503, "unavailable_shards_exception"),
        ]),
        1 => answered(&[failed("1", 429, "es_rejected_execution_exception"), ok("3")]),
        _ => answered(&[ok("1")]),
    })
    .await;
    let bulk = request_to("POST /_bulk?refresh=true", &items(4));
    let attempts = send(&scripted, &bulk, 200).await.unwrap();
    let seen = scripted.seen();
    let line = |id: usize| format!("{{\"index\":{{\"_index\":\"a\",\"_id\":\"{id}\"}}}}\n{{\"n\":{id}}}\n");
    assert_eq!(body(&seen[1]), format!("{}{}", line(1), line(3)));
    assert_eq!(body(&seen[2]), line(1));
    assert!(seen.iter().all(|seen| seen.text.starts_with("POST /_bulk?refresh=true HTTP/1.1\r\n")));
    let answer = merged(&attempts);
    assert_eq!((attempts.count, &answer["errors"]), (3, &false.into()));
    let ids: Vec<_> =
        answer["items"].as_array().unwrap().iter().map(|item| item["index"]["_id"].clone()).collect();
    assert_eq!(ids, ["0", "1", "2", "3"]);
    assert!(
        String::from_utf8_lossy(&attempts.answer().unwrap().bytes).contains("1.10"),
        "items are copied as they came"
    );
}

#[tokio::test]
async fn what_is_wrong_stays_wrong_and_is_not_sent_again() {
    for kind in DEFAULT_NON_RETRYABLE {
        let scripted = Scripted::start(move |_, _| answered(&[ok("0"), failed("1", 503, kind)])).await;
        let attempts = send(&scripted, &request_to("POST /a/t/_bulk", &items(2)), 200).await.unwrap();
        assert_eq!((scripted.seen().len(), attempts.count), (1, 1), "{kind}");
    }
    for (status, kind) in
        [(404, "index_not_found_exception"), (400, "unknown_to_us"), (403, "cluster_block_exception")]
    {
        let scripted = Scripted::start(move |_, _| answered(&[failed("0", status, kind)])).await;
        send(&scripted, &request_to("POST /_bulk", &items(1)), 200).await.unwrap();
        assert_eq!(scripted.seen().len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_mix_resends_what_passes_and_keeps_what_does_not() {
    let scripted = Scripted::start(|at, _| match at {
        0 => answered(&[
            failed("0", 400, "mapper_parsing_exception"),
            failed("1", 429, "circuit_breaking_exception"),
        ]),
        _ => answered(&[ok("1")]),
    })
    .await;
    let attempts = send(&scripted, &request_to("PUT /a/_bulk", &items(2)), 200).await.unwrap();
    let answer = merged(&attempts);
    assert_eq!((&answer["errors"], &answer["items"][0]["index"]["status"]), (&true.into(), &400.into()));
    assert_eq!(answer["items"][1]["index"]["status"], 201);
}

#[tokio::test]
async fn a_full_disk_passes() {
    let flood = r#"{"index":{"_id":"0","status":403,"error":{"type":"cluster_block_exception","reason":"blocked by: [disk usage exceeded flood-stage watermark]"}}}"#;
    let scripted = Scripted::start(move |at, _| match at {
        0 => answered(&[flood.to_owned()]),
        _ => answered(&[ok("0")]),
    })
    .await;
    send(&scripted, &request_to("POST /_bulk", &items(1)), 200).await.unwrap();
    assert_eq!(scripted.seen().len(), 2);
}

#[tokio::test]
async fn an_item_that_failed_on_the_source_too_is_an_answer() {
    let rejected = || [ok("0"), failed("1", 429, "es_rejected_execution_exception")];
    let Step::Reply(source) = answered(&rejected()) else { unreachable!() };
    let scripted = Scripted::start(move |_, _| answered(&rejected())).await;
    let sender = sender(&scripted.target);
    let source = Source { status: Some(200), answer: Some(&source[0]) };
    let bulk = request_to("POST /_bulk", &items(2));
    sender.send(&mut sender.connection(), &bulk, source).await.unwrap();
    assert_eq!(scripted.seen().len(), 1);
}

#[tokio::test]
async fn past_the_deadline_only_the_failed_items_remain() {
    let scripted = Scripted::start(|_, seen| match body(seen).matches("\"index\"").count() {
        3 => answered(&[ok("0"), failed("1", 429, "es_rejected_execution_exception"), ok("2")]),
        _ => answered(&[failed("1", 429, "es_rejected_execution_exception")]),
    })
    .await;
    let mut sender = sender(&scripted.target);
    sender.policy.deadline = Duration::from_millis(400);
    let bulk = request_to("POST /_bulk", &items(3));
    let given_up = sender.send(&mut sender.connection(), &bulk, Source::default()).await.unwrap_err();
    let remainder = given_up.remainder.unwrap();
    assert_eq!((remainder.items, remainder.of), (vec![1], 3));
    assert_eq!(remainder.body, "{\"index\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"n\":1}\n");
    assert!(given_up.reason.contains("1 of 3 items"), "{}", given_up.reason);
    assert!(sender.concurrency.limit() < 8, "items refused are an overload");
}

#[tokio::test]
async fn the_last_write_of_a_document_stays_the_last() {
    let body_ = "{\"index\":{\"_id\":\"x\"}}\n{\"v\":1}\n{\"index\":{\"_id\":\"y\"}}\n{}\n{\"index\":{\"_id\":\"x\"}}\n{\"v\":2}";
    let scripted = Scripted::start(|at, _| match at {
        0 => answered(&[failed("x", 429, "es_rejected_execution_exception"), ok("y"), ok("x")]),
        _ => answered(&[ok("x"), ok("x")]),
    })
    .await;
    send(&scripted, &request_to("POST /a/_bulk", body_), 200).await.unwrap();
    let again = body(&scripted.seen()[1]).to_owned();
    assert_eq!(again, "{\"index\":{\"_id\":\"x\"}}\n{\"v\":1}\n{\"index\":{\"_id\":\"x\"}}\n{\"v\":2}\n");
}

#[tokio::test]
async fn compressed_and_chunked_bulks_are_understood() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(items(2).as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let mut chunked = format!("{:x}\r\n", packed.len()).into_bytes();
    chunked.extend_from_slice(&packed);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    let scripted = Scripted::start(|at, _| match at {
        0 => answered(&[failed("0", 429, "es_rejected_execution_exception"), ok("1")]),
        _ => answered(&[ok("0")]),
    })
    .await;
    let head =
        "POST /_bulk HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n";
    let bulk = RawRequest { head: head.into(), body: chunked.into(), kind: RequestKind::Other };
    send(&scripted, &bulk, 200).await.unwrap();
    let seen = scripted.seen();
    assert!(body(&seen[1]).starts_with("{\"index\":{\"_index\":\"a\",\"_id\":\"0\"}}\n"), "{}", seen[1].text);
    assert!(!seen[1].text.to_lowercase().contains("encoding"), "{}", seen[1].text);
}

#[tokio::test]
async fn an_answer_that_hides_its_items_is_left_as_it_is() {
    for hidden in [r#"{"errors":true}"#, r#"{"errors":true,"items":[{"index":{"status":429}}]}"#, "{", ""] {
        let scripted = Scripted::start(move |_, _| reply(200, hidden)).await;
        let attempts = send(&scripted, &request_to("POST /_bulk", &items(3)), 200).await.unwrap();
        assert!(attempts.answer().unwrap().bytes.ends_with(hidden.as_bytes()));
        assert_eq!(scripted.seen().len(), 1, "{hidden}");
    }
}

#[tokio::test]
async fn ten_thousand_items_of_which_every_other_one_fails() {
    let scripted = Scripted::start(|_, seen| {
        let count = body(seen).lines().count() / 2;
        let item = |at: usize| match at % 2 {
            1 => failed("x", 429, "es_rejected_execution_exception"),
            _ => ok("x"),
        };
        answered(&(0..count).map(item).collect::<Vec<_>>())
    })
    .await;
    let attempts = send(&scripted, &request_to("POST /_bulk", &items(10_000)), 200).await.unwrap();
    let answer = merged(&attempts);
    assert_eq!((answer["items"].as_array().unwrap().len(), &answer["errors"]), (10_000, &false.into()));
}

#[tokio::test]
async fn items_whose_second_answer_makes_no_sense_are_not_taken_for_done() {
    for (status, nonsense) in [(200, "{}"), (200, r#"{"items":[]}"#), (413, "{}"), (401, "{}")] {
        let scripted = Scripted::start(move |at, _| match at {
            0 => answered(&[ok("0"), failed("1", 429, "es_rejected_execution_exception")]),
            _ => reply(status, nonsense),
        })
        .await;
        let given_up = send(&scripted, &request_to("POST /_bulk", &items(2)), 200).await.unwrap_err();
        assert_eq!(given_up.remainder.unwrap().items, [1], "{status} {nonsense}");
        assert!(given_up.reason.contains(&status.to_string()), "{}", given_up.reason);
    }
    let scripted = Scripted::start(|at, _| match at {
        0 => answered(&[failed("0", 429, "es_rejected_execution_exception")]),
        _ => Step::ReplyAndClose(b"no http\r\n\r\n".to_vec()),
    })
    .await;
    let given_up = send(&scripted, &request_to("POST /_bulk", &items(1)), 200).await.unwrap_err();
    assert!(given_up.remainder.is_some() && given_up.attempts.may_have_taken_effect());
}
