//! What differs between two JSON values, by place.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One difference. Neither side: it is there and null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Where: names joined by slashes, as in a JSON pointer.
    pub path: String,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Value>,
    /// What is there now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Value>,
}

/// The changes that make `after` of `before`. Objects are compared member by member, anything else as a whole.
#[must_use]
pub fn diff(before: &Value, after: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(String::new(), before, after, &mut changes);
    changes
}

fn walk(path: String, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let place = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
            for (name, value) in old {
                match new.get(name) {
                    Some(other) => walk(place(name), value, other, changes),
                    None => {
                        changes.push(Change { path: place(name), before: Some(value.clone()), after: None })
                    }
                }
            }
            for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                changes.push(Change { path: place(name), before: None, after: Some(value.clone()) });
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push(Change { path, before: Some(old.clone()), after: Some(new.clone()) }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_went_came_and_changed() {
        let (before, after) =
            (json!({"a": {"b/c": 1, "d": 2}, "e": [1]}), json!({"a": {"d": 3, "f": {}}, "e": [1]}));
        let told: Vec<_> = diff(&before, &after)
            .into_iter()
            .map(|change| (change.path, change.before, change.after))
            .collect();
        let wanted = [
            ("/a/b~1c".to_owned(), Some(json!(1)), None),
            ("/a/d".to_owned(), Some(json!(2)), Some(json!(3))),
            ("/a/f".to_owned(), None, Some(json!({}))),
        ];
        assert_eq!(told, wanted);
        assert!(diff(&after, &after).is_empty());
    }
}
