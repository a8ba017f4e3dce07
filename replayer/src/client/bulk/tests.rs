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

proptest! {
    #[test]
    fn no_body_panics_and_items_cover_what_is_not_blank(body in "(\\{\"(index|create|delete|update)\":\\{(\"_id\":\"?[a-z0-9]{0,3}\"?)?\\}\\}|\\{\\}|x| )?\n?") {
        if let Some(items) = items(body.as_bytes()) {
            for item in items {
                prop_assert!(body.get(item.range).is_some());
            }
        }
    }

    #[test]
    fn no_answer_panics(answer in proptest::collection::vec(any::<u8>(), 0..200)) {
        let answer = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &answer].concat();
        prop_assert!(reduced_answer(&answer, &[0]).is_none());
    }
}
