//! Any bytes as a bulk: no panic, the actions lie one behind the other, and when a type mapping leaves some out, what is
//! told of the others is what is left.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use switchover_rewrite::bulk::{self, Action};
use switchover_rewrite::json::{self, Kind};
use switchover_rewrite::request::Request;
use switchover_rewrite::types::TypeRouting;
use switchover_rewrite::versions::Versions;

pub(crate) fn run(body: &[u8]) {
    let (mut actions, mut end, mut whole) = (Vec::new(), 0, true);
    for action in bulk::actions(body) {
        let Ok(action) = action else {
            whole = false;
            break;
        };
        assert_eq!(action.whole.start, end, "nothing lies between two actions");
        end = action.whole.end;
        assert!(is_in(&action.line, &action.whole) && is_in(&action.metadata, &action.line));
        assert_eq!(json::kind(body, &action.metadata), Kind::Object);
        assert_eq!(action.document.is_none(), action.name == "delete");
        if let Some(document) = &action.document {
            assert!(is_in(document, &action.whole) && document.start >= action.line.end);
            assert!(!body[document.clone()].contains(&b'\n'));
        }
        actions.push(action);
    }
    if whole {
        assert!(body[end..].trim_ascii().is_empty(), "what is behind the last action says nothing");
        left_out(body, &actions);
    }
}

fn is_in(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.start <= inner.end && inner.end <= outer.end
}

/// Documents of other types than `t` have no place on the target.
fn left_out(body: &[u8], actions: &[Action]) {
    let named = HashMap::from([("a".to_owned(), HashMap::from([("t".to_owned(), "a_t".to_owned())]))]);
    let versions = Versions::new(None, None, TypeRouting::new(named, None).expect("no patterns"));
    let headers = std::iter::empty().collect();
    let mut request =
        Request::new("POST", "/_bulk", None, headers, Cow::Borrowed(body), |_, _| Err(String::new()));
    if versions.rewrite(&mut request).is_err() {
        return;
    }
    let all: Vec<usize> = (0..actions.len()).collect();
    let places = request.kept().map_or(all, |kept| {
        assert_eq!(kept.of, actions.len());
        kept.places.clone()
    });
    let sent = request.body().expect("a plain body").to_vec();
    let left: Vec<Action> = bulk::actions(&sent).collect::<Result<_, _>>().expect("a bulk stays one");
    assert_eq!(left.len(), places.len());
    for (action, place) in left.iter().zip(places) {
        let captured = &actions[place];
        assert_eq!(action.name, captured.name);
        let text = |body: &[u8], action: &Action| action.document.clone().map(|range| body[range].to_vec());
        if action.name != "update" {
            assert_eq!(text(&sent, action), text(body, captured), "documents are not touched");
        }
    }
}
