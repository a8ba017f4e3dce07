use super::*;
use proptest::prelude::*;

fn pairs(text: &str) -> Vec<(String, String)> {
    parse(text).into_iter().map(|property| (property.name, property.value)).collect()
}

fn one(text: &str) -> (String, String) {
    let mut all = pairs(text);
    assert_eq!(all.len(), 1, "{text:?} gave {all:?}");
    all.remove(0)
}

fn owned(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The examples of `java.util.Properties.load`.
#[test]
fn as_java_documents_it() {
    for same in
        ["Truth = Beauty", "    Truth:Beauty", "Truth            :Beauty", "Truth Beauty", "Truth\tBeauty"]
    {
        assert_eq!(one(same), owned("Truth", "Beauty"), "{same:?}");
    }
    let fruits = "fruits                           apple, banana, pear, \\\n                                  cantaloupe, watermelon, \\\n                                  kiwi, mango";
    assert_eq!(one(fruits), owned("fruits", "apple, banana, pear, cantaloupe, watermelon, kiwi, mango"));
    assert_eq!(one("cheeses"), owned("cheeses", ""));
    assert_eq!(one("\\:\\= = x"), owned(":=", "x"));
}

#[test]
fn escapes_comments_and_ends() {
    assert_eq!(pairs("# a=b\n  ! c=d\n\n \t\n"), []);
    assert_eq!(one("a=\\u0041\\tb\\\\c\\q\\\"x\\\""), owned("a", "A\tb\\cq\"x\""));
    assert_eq!(one("a=\\uD83D\\uDE00"), owned("a", "😀"));
    assert_eq!(one("a=\\uZZ \\u12"), owned("a", "uZZ u12"));
    assert_eq!(one("a=b \r\n"), owned("a", "b "));
    assert_eq!(pairs("a=1\rb=2\r\nc=3"), [owned("a", "1"), owned("b", "2"), owned("c", "3")]);
    assert_eq!(one("a==b"), owned("a", "=b"));
    assert_eq!(one("a = = b"), owned("a", "= b"));
    assert_eq!(one("a=b\\"), owned("a", "b"));
    assert_eq!(pairs("a=b\\\\\nc=d"), [owned("a", "b\\"), owned("c", "d")]);
    // A comment cannot be continued, but a continuation may begin like one.
    assert_eq!(pairs("#x\\\na=b"), [owned("a", "b")]);
    assert_eq!(one("a=b\\\n#c"), owned("a", "b#c"));
}

#[test]
fn lines_are_where_a_property_begins() {
    let lines: Vec<usize> = parse("# x\n\na=1\\\n2\nb=2").into_iter().map(|property| property.line).collect();
    assert_eq!(lines, [3, 5]);
}

/// As `java.util.Properties.store` writes.
fn store(name: &str, value: &str) -> String {
    let escape = |text: &str, is_name: bool| {
        let mut out = String::new();
        for (i, c) in text.chars().enumerate() {
            match c {
                ' ' if is_name || i == 0 => out.push_str("\\ "),
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\x0c' => out.push_str("\\f"),
                '=' | ':' | '#' | '!' | '\\' => out.extend(['\\', c]),
                ' '..='~' => out.push(c),
                _ => c
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
            }
        }
        out
    };
    format!("{}={}\n", escape(name, true), escape(value, false))
}

proptest! {
    #[test]
    fn what_java_stores_is_read_back(all in prop::collection::vec((".{1,12}", ".{0,40}"), 0..8)) {
        let text: String = all.iter().map(|(name, value)| store(name, value)).collect();
        prop_assert_eq!(pairs(&text), all);
    }

    #[test]
    fn any_text_is_taken(text in "[\\\\ \t=:#!\r\nu0-9aé😀]{0,60}|.{0,60}") {
        let _ = parse(&text);
    }
}
