use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

fn text(bytes: impl Into<Option<Vec<u8>>>) -> String {
    bytes.into().map(|bytes| String::from_utf8(bytes).unwrap()).unwrap_or_default()
}

const ODD: &str =
    r#" { "n" : 1.10 , "big":1234567890123456789012345, "d":1,"d":{"x":[1, 2 ,3]} ,"~/é":"\u00e9" } "#;

#[test]
fn everything_else_keeps_its_bytes() {
    for (at, new, wanted) in [
        ("/n", "2", ODD.replace("1.10", "2")),
        ("/d/x/1", "\"b\"", ODD.replace(" 2 ", " \"b\" ")),
        ("/d/x/-", "4", ODD.replace("3]", "3,4]")),
        ("/d/x/3", "4", ODD.replace("3]", "3,4]")),
        ("/~0~1é", "0", ODD.replace("\"\\u00e9\"", "0")),
        ("/new/a", "{}", ODD.replace("e9\" }", "e9\",\"new\":{\"a\":{}} }")),
        ("", "[]", " [] ".to_owned()),
    ] {
        assert_eq!(text(set(ODD.as_bytes(), &pointer(at), new.as_bytes()).unwrap()), wanted, "{at}");
    }
    for (at, wanted) in [
        ("/n", ODD.replace("\"n\" : 1.10 , ", "")),
        ("/d", ODD.replace("\"d\":1,\"d\":{\"x\":[1, 2 ,3]} ,", "")),
        ("/~0~1é", ODD.replace(" ,\"~/é\":\"\\u00e9\"", "")),
        ("/d/x/0", ODD.replace("1, 2", "2")),
        ("/d/x/2", ODD.replace(" ,3", "")),
        ("/d/x/3", String::new()),
        ("/d/x", ODD.replace("{\"x\":[1, 2 ,3]}", "{}")),
        ("/none/x", String::new()),
        ("/n/x", String::new()),
        ("", String::new()),
    ] {
        assert_eq!(text(remove(ODD.as_bytes(), &pointer(at)).unwrap()), wanted, "{at}");
    }
    for (at, name, wanted) in [
        ("/n", "m\"", ODD.replace("\"n\"", "\"m\\\"\"")),
        ("/d", "e", ODD.replace("\"d\"", "\"e\"")),
        ("/n", "d", ODD.replace("\"d\":1,\"d\":{\"x\":[1, 2 ,3]} ,", "").replace("\"n\"", "\"d\"")),
        ("/n", "n", String::new()),
        ("/d/x/0", "n", String::new()),
    ] {
        assert_eq!(text(rename(ODD.as_bytes(), &pointer(at), name).unwrap()), wanted, "{at}");
    }
    assert_eq!(get(ODD.as_bytes(), &pointer("/d/x/1")).unwrap(), Some(b"2".as_slice()));
    assert_eq!(get(ODD.as_bytes(), &pointer("/d/x/01")).unwrap(), None);
}

#[test]
fn where_nothing_can_be_set() {
    for at in ["/n/x", "/d/x/5", "/d/x/y", "/~0~1é/0"] {
        let error = set(ODD.as_bytes(), &pointer(at), b"1").unwrap_err();
        assert_eq!(error.kind, JsonErrorKind::NoSuchPlace, "{at}");
    }
    for wrong in ["a", "/~", "/~2", "a/b"] {
        assert!(Pointer::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_not_json() {
    use JsonErrorKind::*;
    for (wrong, kind) in [
        ("", Truncated),
        ("  ", Truncated),
        ("{", Truncated),
        ("{\"a\"", Truncated),
        ("[1,", Truncated),
        ("\"\\u12", Encoding),
        ("\"\\x\"", Encoding),
        ("[1,]", Unexpected),
        ("{,}", Unexpected),
        ("{a:1}", Unexpected),
        ("01", Unexpected),
        ("1 2", Unexpected),
        ("-", Truncated),
        ("1.", Truncated),
        ("1e+", Truncated),
        ("\"\n\"", Unexpected),
        ("nul", Truncated),
        ("NaN", Unexpected),
    ] {
        assert_eq!(check(wrong.as_bytes()).unwrap_err().kind, kind, "{wrong}");
    }
    assert_eq!(check(b"\"\xff\"").unwrap_err().kind, Encoding);
}

#[test]
fn depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(check(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(check(nested(MAX_DEPTH + 1).as_bytes()).unwrap_err().kind, JsonErrorKind::TooDeep);
    assert_eq!(check("[".repeat(10_000_000).as_bytes()).unwrap_err().kind, JsonErrorKind::TooDeep);
}

#[test]
fn merging_keeps_what_a_script_left_alone() {
    let merged = |after: &str, numbers| text(merge(ODD.as_bytes(), after.as_bytes(), numbers).unwrap());
    // As JavaScript writes it: numbers rounded, the first "d" gone.
    let unchanged = r#"{"n":1.1,"big":1.2345678901234568e+24,"d":{"x":[1,2,3]},"~/é":"é"}"#;
    assert_eq!(merged(unchanged, Numbers::Double), "");
    assert_eq!(
        merged(unchanged, Numbers::Exact),
        ODD.replace("1234567890123456789012345", "1.2345678901234568e+24")
    );
    let edited = r#"{"~/é":"é","d":{"x":[1,5,3]},"n":1.1,"y":null}"#;
    let wanted = ODD
        .replace("\"big\":1234567890123456789012345, ", "")
        .replace(" 2 ", " 5 ")
        .replace(" }", ",\"y\":null }");
    assert_eq!(merged(edited, Numbers::Double), wanted);
    assert_eq!(merged("{\"q\":1,\"r\":2}", Numbers::Double), " { \"q\":1,\"r\":2 } ");
    assert_eq!(merged("{}", Numbers::Double), " {  } ");
    for (same, other) in [("1.10", "1.1"), ("100", "1e2"), ("-0.0", "-0"), ("0.001", "1E-3")] {
        assert_eq!(text(merge(same.as_bytes(), other.as_bytes(), Numbers::Exact).unwrap()), "", "{same}");
    }
}

/// JSON text as no serializer writes it: white space, escapes, odd numbers, the same name twice.
fn any_text() -> impl Strategy<Value = String> {
    let space = prop::sample::select(vec!["", " ", "\n\t", "\r\n"]);
    let scalar = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.10",
        "12345678901234567890123",
        "1e-7",
        "\"\"",
        "\"a\\u00e9\\n\"",
        "\"é/~\"",
    ]);
    let leaf = scalar.prop_map(str::to_owned);
    let name = prop::sample::select(vec!["a", "b", "c/d", "e~", "é", ""]);
    leaf.prop_recursive(4, 32, 5, move |inner| {
        let space = space.clone();
        prop_oneof![
            (prop::collection::vec((space.clone(), inner.clone()), 0..5)).prop_map(|items| {
                let items: Vec<String> =
                    items.into_iter().map(|(space, item)| format!("{space}{item}{space}")).collect();
                format!("[{}]", items.join(","))
            }),
            (prop::collection::vec((space, name.clone(), inner), 0..5)).prop_map(|items| {
                let members: Vec<String> = items
                    .into_iter()
                    .map(|(space, name, value)| format!("{space}\"{name}\"{space}:{space}{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn any_pointer() -> impl Strategy<Value = Vec<String>> {
    let token = prop::sample::select(vec!["a", "b", "c/d", "e~", "é", "", "0", "1", "4", "-"]);
    prop::collection::vec(token.prop_map(str::to_owned), 0..4)
}

fn parsed(tokens: &[String]) -> Pointer {
    let escaped: Vec<String> =
        tokens.iter().map(|token| token.replace('~', "~0").replace('/', "~1")).collect();
    Pointer::parse(&escaped.iter().map(|token| format!("/{token}")).collect::<String>()).unwrap()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What `set` should do, on a tree. `None`: there is no such place.
fn set_in(value: &mut Value, tokens: &[String], new: &Value) -> Option<()> {
    let Some((token, rest)) = tokens.split_first() else {
        *value = new.clone();
        return Some(());
    };
    let slot = match value {
        Value::Object(members) => members.entry(token.clone()).or_insert(Value::Object(Map::new())),
        Value::Array(items) => {
            let at = if token == "-" { items.len() } else { token.parse().ok()? };
            if at == items.len() {
                items.push(Value::Object(Map::new()));
            }
            items.get_mut(at)?
        }
        _ => return None,
    };
    set_in(slot, rest, new)
}

fn parent_of<'v>(value: &'v mut Value, tokens: &[String]) -> Option<&'v mut Value> {
    tokens.iter().try_fold(value, |value, token| match value {
        Value::Object(members) => members.get_mut(token),
        Value::Array(items) => items.get_mut(token.parse::<usize>().ok()?),
        _ => None,
    })
}

proptest! {
    #[test]
    fn what_serde_takes_the_scanner_takes(text in any_text()) {
        let found = check(text.as_bytes()).unwrap();
        prop_assert_eq!(&text[found], text.trim());
    }

    #[test]
    fn editing_nothing_changes_nothing(text in any_text()) {
        prop_assert_eq!(merge(text.as_bytes(), text.as_bytes(), Numbers::Exact).unwrap(), None);
        prop_assert!(Splices::new(text.as_bytes()).finish().is_none());
        let again = serde_json::to_vec(&value(&text)).unwrap();
        prop_assert_eq!(merge(text.as_bytes(), &again, Numbers::Double).unwrap(), None);
    }

    #[test]
    fn set_is_set_on_the_tree(text in any_text(), tokens in any_pointer(), new in any_text()) {
        let mut wanted = value(&text);
        let possible = set_in(&mut wanted, &tokens, &value(&new)).is_some();
        match set(text.as_bytes(), &parsed(&tokens), new.as_bytes()) {
            Ok(edited) => prop_assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), wanted),
            Err(error) => prop_assert!(!possible, "{}", error),
        }
    }

    #[test]
    fn remove_is_remove_on_the_tree(text in any_text(), tokens in any_pointer()) {
        let mut wanted = value(&text);
        let removed = tokens.split_last().and_then(|(last, way)| match parent_of(&mut wanted, way)? {
            Value::Object(members) => members.shift_remove(last),
            Value::Array(items) => last.parse().ok().filter(|at| *at < items.len()).map(|at| items.remove(at)),
            _ => None,
        });
        let edited = remove(text.as_bytes(), &parsed(&tokens)).unwrap();
        prop_assert_eq!(edited.is_some(), removed.is_some());
        if let Some(edited) = edited {
            prop_assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), wanted);
        }
    }

    #[test]
    fn rename_is_rename_on_the_tree(text in any_text(), tokens in any_pointer(), name in "[ab]") {
        let mut wanted = value(&text);
        let renamed = tokens.split_last().and_then(|(last, way)| match parent_of(&mut wanted, way)? {
            Value::Object(members) if *last != name => {
                let moved = members.shift_remove(last)?;
                members.insert(name.clone(), moved)
                    .or(Some(json!(null)))
            }
            _ => None,
        });
        let edited = rename(text.as_bytes(), &parsed(&tokens), &name).unwrap();
        prop_assert_eq!(edited.is_some(), renamed.is_some());
        if let Some(edited) = edited {
            prop_assert_eq!(serde_json::from_slice::<Value>(&edited).unwrap(), wanted);
        }
    }

    #[test]
    fn merging_gives_what_was_asked_for(before in any_text(), after in any_text()) {
        let merged = merge(before.as_bytes(), after.as_bytes(), Numbers::Double).unwrap();
        let merged = merged.unwrap_or_else(|| before.clone().into_bytes());
        prop_assert_eq!(serde_json::from_slice::<Value>(&merged).unwrap(), value(&after));
    }

    #[test]
    fn no_bytes_are_too_hostile(bytes in prop::collection::vec(any::<u8>(), 0..64), text in any_text(), cut in 0..200usize) {
        let _ = check(&bytes);
        let cut = &text.as_bytes()[..cut.min(text.len())];
        prop_assert_eq!(check(cut).is_ok(), serde_json::from_slice::<Value>(cut).is_ok());
    }

    #[test]
    fn one_pass_finds_what_three_find(
        outer in "[ \\n]?", name in any_text(), inner in any_text(), more in prop::option::of(any_text()), tail in "[ x]?",
        cut in 0..300usize,
    ) {
        let key = if name.starts_with('"') { name } else { "\"index\"".to_owned() };
        let more = more.map(|more| format!(",\"m\":{more}")).unwrap_or_default();
        let text = format!("{outer}{{{key} : {inner}{more}}}{tail}");
        let text = text.as_bytes().get(..cut).unwrap_or(text.as_bytes());
        let slow = || -> Result<(Member, Vec<Member>), JsonError> {
            let unexpected = JsonError { kind: JsonErrorKind::Unexpected, offset: 0 };
            let object = check(text)?;
            let [member] = &*members(text, &object)? else { return Err(unexpected) };
            if kind(text, &member.value) != Kind::Object {
                return Err(unexpected);
            }
            Ok((member.clone(), members(text, &member.value)?))
        };
        match (nested(text), slow()) {
            (Ok(fast), Ok(slow)) => prop_assert_eq!(fast, slow),
            (fast, slow) => prop_assert!(fast.is_err() && slow.is_err(), "{:?} {:?}", fast, slow),
        }
    }

    #[test]
    fn a_name_is_what_it_says(spelled in r#"([abé]|\\u0061|\\n|x){0,3}"#, name in "[abéx]{0,3}") {
        let quoted = format!("\"{spelled}\"");
        let all = 0..quoted.len();
        let slow = string(quoted.as_bytes(), &all).is_some_and(|text| text == name);
        prop_assert_eq!(is(quoted.as_bytes(), &all, &name), slow);
        prop_assert!(is(quoted.as_bytes(), &all, &string(quoted.as_bytes(), &all).unwrap()));
    }
}
