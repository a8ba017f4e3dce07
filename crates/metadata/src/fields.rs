//! Walking through the fields of a mapping: properties, fields of fields, and what dynamic templates would make.

use std::fmt;

use serde_json::Value;

use crate::json::Object;

/// Fields nested deeper are left alone; targets refuse more than 20 by default (`index.mapping.depth.limit`).
const MAX_DEPTH: usize = 200;

/// The type of a field: one without is an object.
pub(crate) fn kind(field: &Object) -> &str {
    field.get("type").and_then(Value::as_str).unwrap_or("object")
}

/// Where a field is. Written out only where it is told: most fields of a cluster are as they should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path<'p> {
    outer: Option<&'p Path<'p>>,
    name: &'p str,
}

impl<'p> Path<'p> {
    /// The last part.
    pub(crate) fn name(&self) -> &'p str {
        self.name
    }

    /// Whether a message that names a field by its path, or by its last part, means this one.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.to_string() == name
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outer {
            Some(outer) => write!(f, "{outer}.{}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// What is done with a field.
type Visit<'v> = dyn FnMut(&Path<'_>, &mut Object) + 'v;

/// Calls `visit` with the path and the definition of every field, the outer ones first.
pub(crate) fn visit(mapping: &mut Object, visit: &mut Visit<'_>) {
    descend(mapping, None, 0, visit);
    let root = Path { outer: None, name: "dynamic_templates" };
    for template in mapping.get_mut("dynamic_templates").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some((name, template)) = template.as_object_mut().and_then(|all| all.iter_mut().next()) else {
            continue;
        };
        if let Some(Value::Object(field)) = template.get_mut("mapping") {
            let path = Path { outer: Some(&root), name };
            visit(&path, field);
            descend(field, Some(&path), 1, visit);
        }
    }
}

fn descend(object: &mut Object, outer: Option<&Path<'_>>, depth: usize, visit: &mut Visit<'_>) {
    if depth > MAX_DEPTH {
        return;
    }
    for inner in ["properties", "fields"] {
        for (name, field) in object.get_mut(inner).and_then(Value::as_object_mut).into_iter().flatten() {
            let Value::Object(field) = field else { continue };
            let path = Path { outer, name };
            visit(&path, field);
            descend(field, Some(&path), depth + 1, visit);
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
