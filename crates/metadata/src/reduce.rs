//! The smallest definition that a target takes if and only if it takes another: fields that are defined alike are one.
//!
//! Asking a target costs it an index in memory for each question, and a thousand indices of a cluster have a handful of
//! shapes. Only what is taken is believed: who is refused asks again with the whole definition.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::definition::Definition;
use crate::json::Object;

/// Fields of an index that a target takes without being told otherwise (`index.mapping.total_fields.limit`).
const MAX_FIELDS: usize = 1_000;
/// Objects in objects, likewise (`index.mapping.depth.limit`).
const MAX_DEPTH: usize = 20;

/// The reduced definition; `None` where names or numbers of fields may decide.
#[must_use]
pub fn reduced(definition: &Definition) -> Option<Definition> {
    if definition.settings.keys().any(|name| name.starts_with("index.sort.")) {
        return None;
    }
    let mut fields = 0;
    let mut mappings = definition.mappings.clone();
    if let Some(properties) = mappings.get_mut("properties") {
        *properties = Value::Object(reduce(properties.as_object()?, 1, &mut fields)?);
    }
    (fields <= MAX_FIELDS).then(|| Definition { mappings, ..definition.clone() })
}

fn reduce(properties: &Object, depth: usize, count: &mut usize) -> Option<Object> {
    let mut shapes = BTreeSet::new();
    for (name, field) in properties {
        let mut field = field.as_object()?.clone();
        *count += 1 + field.get("fields").and_then(Value::as_object).map_or(0, Object::len);
        // Names that are no plain word may mean something, and these two name other fields.
        let is_plain = !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_@-".contains(&byte));
        if !is_plain
            || depth > MAX_DEPTH
            || field.contains_key("copy_to")
            || crate::fields::kind(&field) == "alias"
        {
            return None;
        }
        if let Some(inner) = field.get_mut("properties") {
            *inner = Value::Object(reduce(inner.as_object()?, depth + 1, count)?);
        }
        shapes.insert(Value::Object(field).to_string());
    }
    let shapes = shapes.into_iter().enumerate();
    shapes.map(|(at, shape)| Some((format!("f{at}"), serde_json::from_str(&shape).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(mappings: Value) -> Option<Value> {
        reduced(&Definition::parse(&json!({"mappings": mappings}))).map(|it| Value::Object(it.mappings))
    }

    #[test]
    fn fields_that_are_alike_are_one() {
        let (text, long) = (json!({"type": "text"}), json!({"type": "long"}));
        let one = of(
            json!({"dynamic": "strict", "properties": {"a": text, "b": long, "c": text, "o": {"properties": {"x": long, "y": long}}}}),
        );
        let other = of(
            json!({"dynamic": "strict", "properties": {"z": {"properties": {"q": long}}, "t": text, "u": long}}),
        );
        assert_eq!(one, other);
        let wanted = json!({"f0": {"properties": {"f0": long}}, "f1": long, "f2": text});
        assert_eq!(one.unwrap()["properties"], wanted);
    }

    #[test]
    fn where_names_or_numbers_count_nothing_is_reduced() {
        for mappings in [
            json!({"properties": {"a.b": {"type": "text"}}}),
            json!({"properties": {"": {"type": "text"}}}),
            json!({"properties": {"a": {"type": "text", "copy_to": "b"}}}),
            json!({"properties": {"a": {"type": "alias", "path": "b"}}}),
            json!({"properties": {"a": 1}}),
            json!({"properties": (0..1001).map(|n| (format!("f{n}"), json!({"type": "long"}))).collect::<Object>()}),
        ] {
            assert_eq!(of(mappings.clone()), None, "{mappings:.80}");
        }
        let sorted = json!({"settings": {"index.sort.field": "a"}, "mappings": {"properties": {"a": {"type": "long"}}}});
        assert_eq!(reduced(&Definition::parse(&sorted)), None);
    }
}
