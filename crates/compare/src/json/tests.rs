use proptest::prelude::*;

use super::*;

/// Builds the tree again, to compare it with another parser's.
fn tree(value: &Value<'_>) -> serde_json::Value {
    match value.kind() {
        Kind::Array => value.items().map(|item| tree(&item)).collect(),
        Kind::Object => value
            .fields()
            .map(|(name, value)| {
                let name: String =
                    serde_json::from_str(&format!("\"{}\"", String::from_utf8_lossy(name))).unwrap();
                (name, tree(&value))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Text => value.text().unwrap().into(),
        _ => serde_json::from_slice(value.raw()).unwrap(),
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        // Halves: that parser rounds others.
        any::<i32>().prop_map(|halves| (f64::from(halves) / 2.0).into()),
        ".*".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(".*", inner, 0..6)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn the_same_values_as_another_parser_finds(json in any_json(), pretty: bool) {
        let body = if pretty { format!("{json:#}") } else { json.to_string() };
        let mut tape = Tape::default();
        prop_assert_eq!(tree(&tape.parse(body.as_bytes()).unwrap()), json);
    }

    #[test]
    fn nothing_another_parser_takes_is_refused(body in r#"[\[\]{},:"0-9.eE+\-tfnrueals \\]{0,24}"#) {
        if serde_json::from_str::<serde_json::Value>(&body).is_ok() {
            prop_assert!(Tape::default().parse(body.as_bytes()).is_some());
        }
    }

    #[test]
    fn any_bytes_end(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut tape = Tape::default();
        if let Some(value) = tape.parse(&body) {
            let _ = (value.shown(10), value.text(), value.number(), value.items().count(), value.fields().count());
        }
    }

    #[test]
    fn a_cut_body_is_none(json in any_json(), at: prop::sample::Index) {
        let body = json.to_string();
        if body.starts_with(['[', '{', '"']) {
            prop_assert!(Tape::default().parse(&body.as_bytes()[..at.index(body.len())]).is_none());
        }
    }
}

#[test]
fn numbers_stay_text() {
    let mut tape = Tape::default();
    let value = tape.parse(br#"{"a":1234567890123456789012345,"b":1.10,"a":2}"#).unwrap();
    let numbers: Vec<_> = value.fields().map(|(_, value)| value.raw()).collect();
    assert_eq!(numbers, [&b"1234567890123456789012345"[..], b"1.10", b"2"]);
    assert_eq!(value.get("a").unwrap().raw(), b"2", "the last of two wins");
}

#[test]
fn what_is_not_one_value() {
    for body in [
        "",
        "{",
        "[1,]",
        "{,}",
        "{\"a\"}",
        "{\"a\":1,}",
        "[1}",
        "1 2",
        "tru",
        "nul",
        "-",
        "\"",
        "\"\\\"",
        "[1]]",
        "1-2",
    ] {
        assert!(Tape::default().parse(body.as_bytes()).is_none(), "{body}");
    }
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert!(
        Tape::default().parse(&nested(MAX_DEPTH)).is_some()
            && Tape::default().parse(&nested(MAX_DEPTH + 1)).is_none()
    );
    assert!(Tape::default().parse(&vec![b'['; 1_000_000]).is_none());
}
