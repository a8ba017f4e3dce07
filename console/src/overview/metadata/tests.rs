use super::*;

fn names(names: &[&str]) -> Names {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn record(items: &[(&str, Option<&str>, &str)]) -> Record {
    let item = |(name, source, became): &(&str, Option<&str>, &str)| {
        let reason = (*became == "failed").then_some("mapper_parsing_exception");
        serde_json::json!({"kind": "index", "name": name, "sourceName": source, "became": became, "reason": reason})
    };
    let items: Vec<_> = items.iter().map(item).collect();
    let record = serde_json::json!({"schema": 1, "target": "t", "atUnixMs": 7, "items": items});
    serde_json::from_value(record).unwrap()
}

#[test]
fn the_record_is_held_against_both_clusters() {
    let source = names(&["a", "b"]);
    for (items, target, expected) in [
        (&[("a", None, "created"), ("b", None, "unchanged")][..], &["a", "b"][..], "complete"),
        (&[("a", None, "created"), ("b", None, "leftOut")], &["a"], "complete"),
        (&[("a", None, "created"), ("b2", Some("b"), "created")], &["a", "b2"], "complete"),
        (
            &[("a", None, "created"), ("b", None, "failed")],
            &["a"],
            "blocked: 1 items failed, first index b: mapper",
        ),
        (&[("a", None, "created"), ("b", None, "created")], &["a"], "blocked: not on the target any more: b"),
        (&[("a", None, "created")], &["a"], "blocked: indices of the source that came since"),
        (&[("a", None, "leftOut"), ("b", None, "leftOut")], &[], "not started"),
    ] {
        let shown = phase(Some(&record(items)), Some(&source), &names(target)).summary.state.to_string();
        assert!(shown.starts_with(expected), "{items:?}: {shown}");
    }
    let kept = phase(Some(&record(&[("a", None, "differs")])), None, &names(&["a"]));
    assert_eq!(kept.summary.state, State::Complete);
    assert!(kept.summary.facts[0].text.starts_with("index a;"), "{kept:?}");
    assert_eq!(kept.details.unwrap().differs, 1);
}

#[test]
fn without_a_record_nothing_is_claimed() {
    let state = |source: Option<&[&str]>, target: &[&str]| {
        phase(None, source.map(names).as_ref(), &names(target)).summary.state
    };
    assert_eq!(state(Some(&["a"]), &["other"]), State::NotStarted);
    assert_eq!(state(None, &[]), State::NotStarted);
    assert!(matches!(state(Some(&["a"]), &["a"]), State::Unknown(_)));
    assert!(matches!(state(None, &["a"]), State::Unknown(_)));
}

#[test]
fn many_names_are_few_words() {
    let ten = (0..10).map(|number| number.to_string()).collect::<Vec<_>>();
    assert_eq!(super::names(ten.into_iter()), "0, 1, 2 and 7 others");
}
