use proptest::prelude::*;

use super::*;

#[test]
fn a_reduced_answer_holds_the_items_kept() {
    let body = r#"{"took":7,"errors":true,"items":[{"index":{"status":201}},{"index":{"status":400,"error":"x"}},{"delete":{"status":200}}]}"#;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-A: b\r\n\r\n{body}", body.len());
    let reduced = String::from_utf8(reduced_answer(answer.as_bytes(), &[0, 2]).unwrap()).unwrap();
    assert_eq!(
        reduced,
        "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 86\r\n\r\n\
         {\"took\":7,\"errors\":false,\"items\":[{\"index\":{\"status\":201}},{\"delete\":{\"status\":200}}]}"
    );
    assert!(reduced_answer(answer.as_bytes(), &[3]).is_none());
    assert!(reduced_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &[0]).is_none());
}

#[test]
fn lines_of_another_form_of_the_bulk_are_taken_only_when_it_has_the_same_items() {
    let remainder = Remainder { body: Bytes::new(), items: vec![1], of: 2 };
    let content = b"{\"index\":{}}\n{\"a\":1}\n{\"delete\":{\"_id\":\"2\"}}";
    assert_eq!(remaining_lines(content, &remainder).unwrap(), b"{\"delete\":{\"_id\":\"2\"}}\n");
    let other = Remainder { of: 3, ..remainder };
    assert!(remaining_lines(content, &other).is_none());
}

/// A bulk's lines, and whether each item has a document line.
fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        ("[a-d]", 0_u8..9)
            .prop_map(|(id, n)| format!("{{\"index\":{{\"_id\":\"{id}\"}}}}\n{{\"n\":{n}.10}}\n")),
        "[a-d]".prop_map(|id| format!("{{ \"delete\" : {{\"_id\":\"{id}\"}} }}\r\n")),
        (0_u8..9).prop_map(|n| format!("\n{{\"create\":{{}}}}\n{{\"n\":{n}}}\n")),
        "[a-d]".prop_map(|id| format!("{{\"update\":{{\"_id\":\"{id}\"}}}}\n{{\"doc\":{{}}}}\n")),
    ]
}

fn result(at: usize, failed: bool) -> String {
    match failed {
        true => format!(r#"{{"index":{{"at":{at},"status":429,"error":{{"type":"t"}}}}}}"#),
        false => format!(r#"{{"index":{{"at":{at},"status":201}}}}"#),
    }
}

fn answered(results: impl Iterator<Item = String>) -> Answer {
    let items: Vec<_> = results.collect();
    let body = format!(r#"{{"took":1,"errors":true,"items":[{}]}}"#, items.join(","));
    Answer {
        bytes: format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into(),
        status: 200,
        retry_after: None,
        sent_at: std::time::SystemTime::now(),
        latency: std::time::Duration::ZERO,
    }
}

proptest! {
    /// Whatever fails however often: every failed item is sent again, in order, with its own lines, and in the end every
    /// item's result stands in its place.
    #[test]
    fn resending_ends_with_every_item_done_in_its_place(
        actions in proptest::collection::vec((action(), 0_u8..3), 1..20),
    ) {
        let body: String = actions.iter().map(|(lines, _)| lines.as_str()).collect();
        let request = RawRequest {
            head: format!("POST /_bulk HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len()).into(),
            body: body.into(),
            kind: switchover_http1::RequestKind::Other,
        };
        let none = BTreeSet::new();
        let mut left: Vec<u8> = actions.iter().map(|(_, failures)| *failures).collect();
        let first = answered(left.iter().enumerate().map(|(at, left)| result(at, *left > 0)));
        let failing = left.iter().any(|left| *left > 0);
        let begun = Bulk::begin(&request, &first, None, &none);
        prop_assert_eq!(begun.is_some(), failing);
        let Some(mut bulk) = begun else { return Ok(()) };
        let mut rounds = 0;
        while !bulk.is_done() {
            rounds += 1;
            prop_assert!(rounds <= 3);
            let Remainder { body, items, of } = bulk.remainder();
            prop_assert_eq!(of, actions.len());
            let lines: String = items.iter().map(|at| actions[*at].0.trim_start_matches('\n')).collect();
            prop_assert_eq!(&body, lines.as_bytes());
            prop_assert!(left.iter().enumerate().all(|(at, left)| *left == 0 || items.contains(&at)));
            for at in &items {
                left[*at] = left[*at].saturating_sub(1);
            }
            let answer = answered(items.iter().map(|at| result(*at, left[*at] > 0)));
            prop_assert!(bulk.take(&answer, &none));
        }
        let merged = bulk.merged();
        let body = answer_body(&merged.bytes).unwrap();
        let done: Vec<_> = (0..actions.len()).map(|at| result(at, false)).collect();
        let wanted = format!(r#"{{"took":1,"errors":false,"items":[{}]}}"#, done.join(","));
        prop_assert_eq!(body.as_ref(), wanted.as_bytes());
    }

    #[test]
    fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        for item in items(&body).unwrap_or_default() {
            prop_assert!(body.get(item.range).is_some());
        }
    }

    #[test]
    fn no_answer_panics(answer in proptest::collection::vec(any::<u8>(), 0..200)) {
        let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &answer].concat();
        prop_assert!(reduced_answer(&answer, &[0]).is_none());
    }
}
