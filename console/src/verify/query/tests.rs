use super::*;
use crate::target::scripted;

fn wanted(id: &str, routing: Option<&str>, source: &str) -> Wanted {
    Wanted {
        id: id.to_owned(),
        routing: routing.map(str::to_owned),
        source: source.as_bytes().to_vec(),
        seen: None,
    }
}

async fn asked(
    data_stream: bool,
    documents: Vec<Wanted>,
    script: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static,
) -> Result<Tally> {
    let destination = Arc::new(Destination { index: "a/b".to_owned(), data_stream });
    let target = Target::impatient(&scripted::start(script));
    compare(target, None, Batch { destination, documents }).await
}

#[tokio::test]
async fn each_document_is_judged_by_source_and_routing() {
    let documents = vec![
        wanted("1", None, r#"{"a":1}"#),
        wanted("2", Some("r"), r#"{"a":2}"#),
        wanted("3", Some("r"), "{}"),
        wanted("4", None, "{}"),
        wanted("5", None, "{}"),
        wanted("6", None, "{}"),
    ];
    let tally = asked(false, documents, |request, body| {
        assert_eq!(request, "POST /a%2Fb/_mget");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&body["docs"][1]["routing"], &body["docs"][0]["routing"]), (&json!("r"), &Value::Null));
        let docs = json!({"docs": [
            {"_index": "x", "_id": "1", "found": true, "_source": {"a": 1.0}},
            {"_index": "x", "_id": "2", "found": true, "_routing": "r", "_source": {"a": 3}},
            {"_index": "x", "_id": "3", "found": true, "_routing": "other", "_source": {}},
            {"_index": "x", "_id": "4", "found": false},
            {"_index": "x", "_id": "5", "error": {"type": "illegal_argument_exception"}},
            {"_index": "x", "_id": "6", "found": true},
        ]});
        (200, docs.to_string())
    })
    .await
    .unwrap();
    assert_eq!((tally.same, tally.missing.count, tally.not_comparable), (1, 1, 2));
    let at: Vec<_> =
        tally.different.examples.iter().map(|one| (one.id.as_str(), one.at.as_deref())).collect();
    assert_eq!(at, [("2", Some("/a")), ("3", Some("_routing"))]);
    assert_eq!(tally.missing.examples[0].id, "4");
    assert!(tally.problems.keys().any(|why| why.contains("illegal_argument_exception")), "{tally:?}");
    assert_eq!(tally.answered.len(), 4, "those that were found");
}

#[tokio::test]
async fn a_stream_is_searched_and_one_of_the_same_id_must_fit() {
    let documents = || vec![wanted("1", None, r#"{"a":1}"#), wanted("2", None, "{}")];
    let page = |failed: u64, total: u64| {
        json!({"timed_out": false, "_shards": {"failed": failed}, "hits": {"total": {"value": total}, "hits": [
            {"_index": ".ds-1", "_id": "1", "_source": {"a": 2}},
            {"_index": ".ds-2", "_id": "1", "_source": {"a": 1}},
        ]}})
        .to_string()
    };
    let tally = asked(true, documents(), move |request, _| {
        assert!(request.starts_with("POST /a%2Fb/_search?"), "{request}");
        (200, page(0, 2))
    });
    let tally = tally.await.unwrap();
    assert_eq!((tally.same, tally.missing.count, tally.different.count), (1, 1, 0));
    assert_eq!(tally.answered, [hash(".ds-2", "1", None)]);
    for (failed, total) in [(1, 2), (0, 3)] {
        let error = asked(true, documents(), move |_, _| (200, page(failed, total))).await.unwrap_err();
        assert!(error.to_string().contains("not answered whole"), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_no_difference() {
    for (status, answer) in [
        (503, "{}"),
        (403, r#"{"error":{"type":"security_exception","reason":"no"}}"#),
        (200, "<html>"),
        (200, r#"{"docs":[]}"#),
        (200, r#"{"docs":[{"_id":"other","found":false}]}"#),
    ] {
        let documents = vec![wanted("1", None, "{}")];
        let error = asked(false, documents, move |_, _| (status, answer.to_owned())).await.unwrap_err();
        assert!(!error.to_string().is_empty(), "{answer}");
    }
}
