use switchover_compare::noise::Noise;
use switchover_compare::report::{Document, Report};

use super::*;
use crate::progress::Oldest;

fn snapshot(state: &'static str, seconds: Option<u64>) -> Snapshot {
    let oldest = |seconds| Oldest {
        request: "c.1".to_owned(),
        node_id: "n".into(),
        seconds,
        reason: "cannot connect".to_owned(),
    };
    Snapshot { state, oldest: seconds.map(oldest), ..Progress::default().snapshot() }
}

#[test]
fn a_replayer_says_what_it_does_and_what_is_in_the_way() {
    let state_of = |order, now: Option<Snapshot>| state(order, now.as_ref()).0;
    let work = Order::Work;
    assert_eq!(state_of(work, None), MemberState::Starting);
    assert_eq!(state_of(Order::Rest(Rest::NotStarted), None), MemberState::Idle);
    assert_eq!(state_of(Order::Rest(Rest::Paused), None), MemberState::Paused);
    assert_eq!(state_of(work, Some(snapshot("starting", None))), MemberState::Starting);
    assert_eq!(state_of(work, Some(snapshot("replaying", Some(99)))), MemberState::Working);
    assert_eq!(state_of(work, Some(snapshot("waiting for its time", None))), MemberState::Working);
    assert_eq!(state_of(work, Some(snapshot("waiting for input", Some(3)))), MemberState::Waiting);
    // What is under way is finished first.
    assert_eq!(state_of(Order::Rest(Rest::Paused), Some(snapshot("stopping", None))), MemberState::Working);
    let (blocked, reason) = state(work, Some(&snapshot("waiting for an answer of the target", Some(14))));
    assert_eq!(blocked, MemberState::Blocked);
    assert_eq!(reason.unwrap(), "c.1 has had no answer for 14 s: cannot connect");
}

#[test]
fn the_report_has_the_counters_by_the_names_of_the_index() {
    let mut report = Report::default();
    report.requests.replayed = 7;
    report.requests.dead_lettered = 2;
    report.requests.expected_difference = 3;
    let live = Document::live(&report, &Noise::default());
    let counts = counts(&live);
    assert_eq!((counts.replayed, counts.dead_letters(), counts.expected_difference), (7, 2, 3));
    assert_eq!(counts.losses(), 0);
    assert_eq!(differences(&live), []);
    let found = serde_json::json!({"differences": [
        {"endpoint": "search", "kind": "value", "path": "a.b", "count": 4, "examples": [{"id": "c.1"}]},
    ]});
    assert_eq!((&*differences(&found)[0].path, differences(&found)[0].count), ("a.b", 4));
    assert_eq!(super::counts(&Value::Null), ReplayCounts::default(), "nothing was compared yet");
}
