//! Walking through the fields of a mapping: properties, fields of fields, and what dynamic templates would make.

use serde_json::Value;

use crate::json::Object;

/// Fields nested deeper are left alone; targets refuse more than 20 by default (`index.mapping.depth.limit`).
const MAX_DEPTH: usize = 200;

/// The type of a field: one without is an object.
pub(crate) fn kind(field: &Object) -> &str {
    field.get("type").and_then(Value::as_str).unwrap_or("object")
}

/// Calls `visit` with the path and the definition of every field, the outer ones first.
pub(crate) fn visit(mapping: &mut Object, visit: &mut dyn FnMut(&str, &mut Object)) {
    descend(mapping, "", 0, visit);
    for template in mapping.get_mut("dynamic_templates").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some((name, template)) = template.as_object_mut().and_then(|all| all.iter_mut().next()) else {
            continue;
        };
        if let Some(Value::Object(field)) = template.get_mut("mapping") {
            let path = format!("dynamic_templates.{name}");
            visit(&path, field);
            descend(field, &path, 1, visit);
        }
    }
}

fn descend(object: &mut Object, path: &str, depth: usize, visit: &mut dyn FnMut(&str, &mut Object)) {
    if depth > MAX_DEPTH {
        return;
    }
    for inner in ["properties", "fields"] {
        for (name, field) in object.get_mut(inner).and_then(Value::as_object_mut).into_iter().flatten() {
            let Value::Object(field) = field else { continue };
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            visit(&path, field);
            descend(field, &path, depth + 1, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::into_object;

    #[test]
    fn every_field_is_seen_once() {
        let mut mapping = into_object(json!({
            "properties": {"a": {"type": "text", "fields": {"k": {"type": "keyword"}}},
                "o": {"properties": {"x.y": {"type": "long"}}}},
            "dynamic_templates": [{"t": {"match": "*", "mapping": {"type": "text", "fields": {"raw": {}}}}}, 7]}));
        let mut seen = Vec::new();
        visit(&mut mapping, &mut |path, field| seen.push(format!("{path}:{}", kind(field))));
        let wanted = [
            "a:text",
            "a.k:keyword",
            "o:object",
            "o.x.y:long",
            "dynamic_templates.t:text",
            "dynamic_templates.t.raw:object",
        ];
        assert_eq!(seen, wanted);
    }
}
