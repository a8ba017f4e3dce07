//! Formats of dates: their names, and the letters that mean something else since Elasticsearch 7 (Java's own time
//! instead of Joda's).

use serde_json::Value;

use super::Severity::Lossless;
use super::Without::{Misunderstood, Refused};
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::span::Span;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "date-format-letters",
        source: Span::es_before(7),
        target: Span::ANY,
        severity: Lossless,
        does: "writes letters of date patterns as Java's own time wants them: Y is y, x is Y, ZZ is XXX; and leaves out the 8 in front",
        why: "Elasticsearch read patterns by Joda until 6, where YYYY is the year; in the target it is the year of the week",
        act: Act::Edit(letters),
        without: Misunderstood,
        before: r#"{"mappings": {"properties": {"a": {"type": "date", "format": "YYYY-MM-dd'T'HH:mm:ssZZ||8uuuu-MM-dd"}}}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "date", "format": "yyyy-MM-dd'T'HH:mm:ssXXX||uuuu-MM-dd"}}}}"#,
    },
    Rule {
        name: "date-format-names",
        source: Span::ES,
        target: Span::os_from(2, 0),
        severity: Lossless,
        does: "writes names of date formats with underscores",
        why: "the target knows only these",
        act: Act::Edit(names),
        without: Refused,
        before: r#"{"mappings": {"properties": {"a": {"type": "date", "format": "strictDateOptionalTime||epoch_millis"}}, "dynamic_date_formats": ["dateOptionalTime"]}}"#,
        after: r#"{"mappings": {"properties": {"a": {"type": "date", "format": "strict_date_optional_time||epoch_millis"}}, "dynamic_date_formats": ["date_optional_time"]}}"#,
    },
];

fn letters(item: &mut Item, _: Context) -> Vec<Found> {
    edit(item, |format| match format.strip_prefix('8') {
        Some(java) => java.to_owned(),
        None if is_camel_case(format) => format.to_owned(),
        None => java_pattern(format),
    })
}

fn names(item: &mut Item, _: Context) -> Vec<Found> {
    edit(item, |format| match is_camel_case(format) {
        true => snake_case(format),
        false => format.to_owned(),
    })
}

/// Changes the formats of all fields, and those by which dates are recognised.
fn edit(item: &mut Item, change: impl Fn(&str) -> String) -> Vec<Found> {
    let mut found = Vec::new();
    let mut edit = |path: &str, value: &mut Value| {
        let Value::String(text) = value else { return };
        let new = text.split("||").map(&change).collect::<Vec<_>>().join("||");
        if new != *text {
            found.push((path.to_owned(), format!("format {text} is now {new}")));
            *text = new;
        }
    };
    let roots = item.definition.mappings.get_mut("dynamic_date_formats").and_then(Value::as_array_mut);
    for format in roots.into_iter().flatten() {
        edit("dynamic_date_formats", format);
    }
    fields::visit(&mut item.definition.mappings, &mut |path, field| {
        let has_format = matches!(fields::kind(field), "date" | "date_nanos" | "date_range");
        if let Some(format) = field.get_mut("format").filter(|_| has_format) {
            edit(path, format);
        }
    });
    found
}

/// The names that Elasticsearch had for its formats until 7: `dateOptionalTime`.
fn is_camel_case(format: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        "basic", "date", "epoch", "hour", "ordinal", "strict", "time", "tTime", "week", "year", "iso", "rfc",
        "weekyear",
    ];
    format.bytes().all(|byte| byte.is_ascii_alphabetic())
        && format.bytes().any(|byte| byte.is_ascii_uppercase())
        && BEGINNINGS.iter().any(|begin| format.starts_with(begin))
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for sign in name.chars() {
        if sign.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(sign.to_ascii_lowercase());
    }
    snake
}

/// Outside of quotes.
fn java_pattern(joda: &str) -> String {
    let mut java = String::new();
    let mut quoted = false;
    let mut signs = joda.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => {
                quoted = !quoted;
                java.push(sign);
            }
            'Y' if !quoted => java.push('y'),
            'x' if !quoted => java.push('Y'),
            'Z' if !quoted && signs.peek() == Some(&'Z') => {
                let mut count = 1;
                while signs.next_if_eq(&'Z').is_some() {
                    count += 1;
                }
                java.push_str(if count == 2 { "XXX" } else { "VV" });
            }
            other => java.push(other),
        }
    }
    java
}
