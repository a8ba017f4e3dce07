//! Any bytes as JSON: no panic, what serde_json takes is taken, and an edit of it is JSON again.
//!
//! The first byte says where the text ends that is put into the other.

use switchover_rewrite::json::{self, Numbers, Pointer};

const POINTERS: [&str; 6] = ["", "/a", "/a/a", "/a/0", "/0/-", "/a/a/2/a"];

pub(crate) fn run(input: &[u8]) {
    let Some((&cut, rest)) = input.split_first() else { return };
    let (text, new) = rest.split_at(rest.len().saturating_sub(usize::from(cut)));
    let is_json = json::check(text).is_ok();
    assert!(is_json || serde_json::from_slice::<serde_json::Value>(text).is_err());
    let new_is_json = json::check(new).is_ok();
    for pointer in POINTERS {
        let pointer = Pointer::parse(pointer).expect("a pointer");
        let found = json::get(text, &pointer);
        assert_eq!(found.is_ok(), is_json);
        if let Ok(edited) = json::set(text, &pointer, new)
            && new_is_json
        {
            // An edit may nest deeper than what is accepted, and nothing else.
            let deeper = json::JsonErrorKind::TooDeep;
            assert!(
                json::check(&edited).is_ok() || json::check(&edited).is_err_and(|error| error.kind == deeper)
            );
        }
        for edited in [json::remove(text, &pointer), json::rename(text, &pointer, "a\"")] {
            assert!(edited.ok().flatten().is_none_or(|edited| json::check(&edited).is_ok()));
        }
    }
    match json::merge(text, new, Numbers::Exact) {
        Ok(merged) => assert!(json::check(&merged.unwrap_or_else(|| text.to_vec())).is_ok()),
        Err(_) => assert!(!is_json || !new_is_json),
    }
}
