use bytes::Bytes;
use switchover_capture::{End, Message, Timestamp};

use super::*;
use crate::budget::Budget;
use crate::commit::Hold;

fn captured(request: &str, answer: Option<(u16, &str)>) -> Captured {
    let message = |bytes: String| Message {
        bytes: Bytes::from(bytes),
        first: Timestamp { seconds: 1, nanos: 0 },
        last: Timestamp { seconds: 1, nanos: 0 },
    };
    Captured {
        connection: 1,
        node_id: "n".into(),
        connection_id: "c".into(),
        index: 0,
        lane: 0,
        request: message(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n")),
        response: answer.map(|(status, body)| {
            message(format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
        }),
        end: if answer.is_some() { End::Complete } else { End::Closed },
        first: 0,
        source_end: 0,
        footprint: Footprint::default(),
        lease: std::sync::Arc::new(Budget::new(usize::MAX)).lease(0),
        hold: Hold::default(),
    }
}

fn of(names: &mut Names, request: &str, answer: Option<(u16, &str)>) -> Footprint {
    Footprint::of(&captured(request, answer), names)
}

fn documents(access: Access, index: &str, ids: &[&str]) -> Footprint {
    let keys = ids.iter().map(|id| DocumentKey::of(id)).collect();
    Footprint(vec![(access, Place::Documents(index.into(), keys))])
}

fn one(access: Access, place: Place) -> Footprint {
    Footprint(vec![(access, place)])
}

#[test]
fn documents_are_named_by_the_answers() {
    use Access::{Read, Write};
    let mut names = Names::default();
    let names = &mut names;
    let made = r#"{"_index":"logs-1","_id":"x/1","result":"created"}"#;
    assert_eq!(of(names, "PUT /alias/_doc/x%2F1", Some((201, made))), documents(Write, "logs-1", &["x/1"]));
    assert_eq!(of(names, "POST /alias/_doc", Some((201, made))), documents(Write, "logs-1", &["x/1"]));
    let found = r#"{"_index":"logs-1","_id":"x/1","found":true}"#;
    assert_eq!(of(names, "GET /alias/_doc/x%2F1", Some((200, found))), documents(Read, "logs-1", &["x/1"]));
    // A failure does not name its document; the path does, once the index is known.
    let conflict = r#"{"error":{"type":"version_conflict_engine_exception"},"status":409}"#;
    assert_eq!(
        of(names, "PUT /logs-1/_create/x%2F1", Some((409, conflict))),
        documents(Write, "logs-1", &["x/1"])
    );
    assert_eq!(of(names, "PUT /alias/_create/1", Some((409, conflict))), one(Write, Place::Cluster));
    assert_eq!(of(names, "POST /logs-1/_doc", None), documents(Write, "logs-1", &[]), "its id is nobody's");
    assert_eq!(of(names, "PUT /logs-1/type/7", None), documents(Write, "logs-1", &["7"]));
}

#[test]
fn a_name_is_an_index_once_an_answer_has_shown_it() {
    use Access::{Read, Write};
    let mut names = Names::default();
    let names = &mut names;
    assert_eq!(of(names, "POST /logs/_search", Some((200, "{}"))), one(Read, Place::Cluster));
    let echo = r#"{"_index":"logs","_id":"1","found":false}"#;
    assert_eq!(
        of(names, "GET /logs/_doc/1", Some((404, echo))),
        one(Read, Place::Cluster),
        "may be an alias"
    );
    of(names, "PUT /logs/_doc/1", Some((201, r#"{"_index":"logs","_id":"1"}"#)));
    assert_eq!(of(names, "POST /logs/_search", Some((200, "{}"))), one(Read, Place::Index("logs".into())));
    assert_eq!(of(names, "GET /logs*/_search", Some((200, "{}"))), one(Read, Place::Cluster));
    assert_eq!(of(names, "GET /logs,other/_search", Some((200, "{}"))), one(Read, Place::Cluster));
    assert_eq!(
        of(names, "POST /logs/_delete_by_query", Some((200, "{}"))),
        one(Write, Place::Index("logs".into()))
    );
    assert_eq!(of(names, "DELETE /logs", Some((200, "{}"))), one(Write, Place::Index("logs".into())));
    assert_eq!(of(names, "POST /logs/_search", Some((200, "{}"))), one(Read, Place::Cluster), "gone");
    of(names, "PUT /logs/_doc/1", Some((201, r#"{"_index":"logs","_id":"1"}"#)));
    assert_eq!(of(names, "POST /_aliases", Some((200, "{}"))), one(Write, Place::Cluster));
    assert_eq!(of(names, "POST /logs/_refresh", Some((200, "{}"))), one(Write, Place::Cluster), "forgotten");
}

#[test]
fn bulks_touch_what_their_items_name() {
    let mut names = Names::default();
    let answer = r#"{"errors":false,"items":[{"index":{"_index":"a","_id":"1","status":201}},
        {"delete":{"_index":"a","_id":"2","status":404}},{"create":{"_index":"b","_id":"3","status":201}}]}"#;
    let mut touched = of(&mut names, "POST /_bulk?refresh", Some((200, answer)));
    touched.0.sort_by_key(|(_, place)| format!("{place:?}"));
    let Footprint(mut expected) = documents(Access::Write, "a", &["1", "2"]);
    expected.extend(documents(Access::Write, "b", &["3"]).0);
    expected.sort_by_key(|(_, place)| format!("{place:?}"));
    assert_eq!(touched, Footprint(expected));
    let failed = r#"{"errors":true,"items":[{"index":{"_index":"alias","_id":"1","status":400}}]}"#;
    let unknown = of(&mut names, "POST /_bulk", Some((200, failed)));
    assert_eq!(unknown, one(Access::Write, Place::Cluster));
    assert_eq!(of(&mut names, "POST /a/_bulk", None), one(Access::Write, Place::Index("a".into())));
    assert_eq!(of(&mut names, "POST /_bulk", None), one(Access::Write, Place::Cluster));
}

#[test]
fn cursors_keep_their_order_and_what_is_not_understood_holds_everything() {
    let mut names = Names::default();
    let names = &mut names;
    let opened = of(names, "POST /i/_search?scroll=1m", Some((200, "{}")));
    assert_eq!(opened.0, [(Access::Write, Place::Cursors), (Access::Read, Place::Cluster)]);
    assert_eq!(of(names, "POST /_search/scroll", None), one(Access::Write, Place::Cursors));
    assert_eq!(of(names, "DELETE /_pit", None).0[0], (Access::Write, Place::Cursors));
    assert_eq!(
        of(names, "POST /_search", None).0,
        [(Access::Read, Place::Cursors), (Access::Read, Place::Cluster)]
    );
    assert_eq!(of(names, "GET /_cat/indices", None), Footprint::default());
    assert_eq!(of(names, "GET /_cluster/health", None), Footprint::default());
    assert_eq!(of(names, "PUT /_cluster/settings", None), one(Access::Write, Place::Cluster));
    assert_eq!(of(names, "POST /_msearch", None), one(Access::Read, Place::Cluster));
    assert_eq!(of(names, "PUT /new", None), one(Access::Write, Place::Index("new".into())));
    assert_eq!(of(names, "PUT /_template/t", None), one(Access::Write, Place::Cluster));
    assert_eq!(of(names, "nonsense", None), one(Access::Write, Place::Cluster));
    assert_eq!(of(names, "GET /\u{fffd}", None), one(Access::Read, Place::Cluster));
    assert!(!Footprint::everything().only_reads());
}
