//! Small edits of JSON objects that keep the order of their members.

use serde_json::{Map, Value};

/// An object's members.
pub(crate) type Object = Map<String, Value>;

/// Takes a member out, and leaves the others in their order.
pub(crate) fn take(object: &mut Object, name: &str) -> Option<Value> {
    object.shift_remove(name)
}

/// Gives a member another name, in its place. Nothing happens when there is one of that name already.
pub(crate) fn rename(object: &mut Object, from: &str, to: &str) -> bool {
    if !object.contains_key(from) || object.contains_key(to) {
        return false;
    }
    let renamed =
        |(name, value): (String, Value)| if name == from { (to.to_owned(), value) } else { (name, value) };
    *object = std::mem::take(object).into_iter().map(renamed).collect();
    true
}

/// A scalar as the text that settings and lenient parsers take it for; `None` for what is none.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What old versions took for true and false.
pub(crate) fn flag(value: &Value) -> Option<bool> {
    match text(value)?.as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Of a value that should be an object.
pub(crate) fn into_object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}
