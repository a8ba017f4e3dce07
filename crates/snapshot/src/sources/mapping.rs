//! The fields of an index, from its mapping: how each one's values are kept.

use serde_json::{Map, Value};

use crate::sources::date::DateFormat;

/// An object of the mapping, or its root.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Object {
    /// The last part of its name.
    pub(crate) name: String,
    /// With the names of the objects around it; empty for the root.
    pub(crate) path: String,
    pub(crate) enabled: bool,
    pub(crate) nested: bool,
    /// Whether fields that the mapping does not have are left out of the index.
    pub(crate) leaves_out: bool,
    pub(crate) objects: Vec<Object>,
    pub(crate) leaves: Vec<Leaf>,
}

/// A field with values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Leaf {
    pub(crate) name: String,
    pub(crate) path: String,
    /// As the mapping names it.
    pub(crate) type_name: String,
    pub(crate) kind: Kind,
    pub(crate) indexed: bool,
    pub(crate) doc_values: bool,
    pub(crate) stored: bool,
    pub(crate) normalized: bool,
    /// Whether some values are left out of the index: long, malformed ones.
    pub(crate) may_ignore: bool,
    pub(crate) null_value: bool,
    pub(crate) copies_to: Vec<String>,
    /// The path of the first subfield that keeps a text's values as they are.
    pub(crate) keyword: Option<String>,
    pub(crate) has_subfields: bool,
}

/// Types whose values can be told from what the index keeps of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Integer,
    /// Elasticsearch turns the highest bit, so that they sort; OpenSearch does not.
    UnsignedLong {
        turned: bool,
    },
    Double,
    Float,
    HalfFloat,
    Boolean,
    /// `None`: a format that is not known here.
    Date {
        format: Option<DateFormat>,
        nanos: bool,
        only_format: bool,
    },
    Ip,
    GeoPoint,
    Keyword,
    Text,
    /// Of logs: a synthetic source has its values stored beside it.
    MatchOnlyText,
    Binary,
    /// It has no values of its own.
    Alias,
    Other,
}

/// Elasticsearch and OpenSearch allow 20 levels by default.
const MAX_DEPTH: usize = 100;

impl Object {
    /// From `{"properties":...}`. `None`: objects lie deeper in each other than any server allows.
    pub(crate) fn root(mapping: &Value, opensearch: bool) -> Option<Self> {
        let empty = Map::new();
        let of = Around { leaves_out: false, opensearch, depth: 0 };
        object(String::new(), String::new(), mapping.as_object().unwrap_or(&empty), of)
    }

    /// All leaves, also those of objects inside.
    pub(crate) fn all_leaves(&self) -> Vec<&Leaf> {
        let inner = self.objects.iter().flat_map(Object::all_leaves);
        self.leaves.iter().chain(inner).collect()
    }

    /// All objects inside, and this one.
    pub(crate) fn all_objects(&self) -> Vec<&Object> {
        std::iter::once(self).chain(self.objects.iter().flat_map(Object::all_objects)).collect()
    }
}

/// What an object has of those around it.
#[derive(Clone, Copy)]
struct Around {
    leaves_out: bool,
    opensearch: bool,
    depth: usize,
}

fn object(name: String, path: String, mapping: &Map<String, Value>, around: Around) -> Option<Object> {
    if around.depth > MAX_DEPTH {
        return None;
    }
    let leaves_out = match mapping.get("dynamic") {
        None => around.leaves_out,
        Some(dynamic) => dynamic == "false" || dynamic == false || dynamic == "runtime",
    };
    let mut object = Object {
        enabled: !is(mapping, "enabled", false),
        nested: mapping.get("type").is_some_and(|kind| kind == "nested"),
        name,
        path,
        leaves_out,
        ..Object::default()
    };
    let properties = mapping.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let Some(property) = property.as_object() else { continue };
        let path = if object.path.is_empty() { name.clone() } else { format!("{}.{name}", object.path) };
        match property.get("type").and_then(Value::as_str) {
            None | Some("object" | "nested" | "passthrough") => {
                let inside = Around { leaves_out, depth: around.depth + 1, ..around };
                object.objects.push(self::object(name.clone(), path, property, inside)?);
            }
            Some(kind) => object.leaves.push(leaf(name.clone(), path, kind, property, around.opensearch)),
        }
    }
    Some(object)
}

fn is(mapping: &Map<String, Value>, parameter: &str, value: bool) -> bool {
    match mapping.get(parameter) {
        Some(Value::Bool(found)) => *found == value,
        Some(Value::String(found)) => found.parse() == Ok(value),
        _ => false,
    }
}

fn leaf(name: String, path: String, type_name: &str, mapping: &Map<String, Value>, opensearch: bool) -> Leaf {
    let subfields = mapping.get("fields").and_then(Value::as_object);
    let keeps = |subfield: &Map<String, Value>| {
        subfield.get("type").is_some_and(|kind| kind == "keyword")
            && !subfield.contains_key("normalizer")
            && (!is(subfield, "doc_values", false) || is(subfield, "store", true))
    };
    let mut all = subfields.into_iter().flatten();
    let keyword = all.find(|(_, subfield)| subfield.as_object().is_some_and(keeps));
    let copies_to = match mapping.get("copy_to") {
        Some(Value::String(target)) => vec![target.clone()],
        Some(Value::Array(targets)) => targets.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let kind = kind(type_name, mapping, opensearch);
    Leaf {
        indexed: !is(mapping, "index", false),
        // The others have them unless they are switched off.
        doc_values: if matches!(kind, Kind::Text | Kind::MatchOnlyText | Kind::Other | Kind::Alias) {
            false
        } else {
            !is(mapping, "doc_values", false)
        },
        stored: is(mapping, "store", true),
        normalized: mapping.contains_key("normalizer"),
        may_ignore: mapping.contains_key("ignore_above") || is(mapping, "ignore_malformed", true),
        null_value: mapping.contains_key("null_value"),
        keyword: keyword.map(|(subfield, _)| format!("{path}.{subfield}")),
        has_subfields: subfields.is_some_and(|subfields| !subfields.is_empty()),
        type_name: type_name.to_owned(),
        name,
        path,
        kind,
        copies_to,
    }
}

fn kind(type_name: &str, mapping: &Map<String, Value>, opensearch: bool) -> Kind {
    match type_name {
        "byte" | "short" | "integer" | "long" => Kind::Integer,
        "unsigned_long" => Kind::UnsignedLong { turned: !opensearch },
        "double" => Kind::Double,
        "float" => Kind::Float,
        "half_float" => Kind::HalfFloat,
        "boolean" => Kind::Boolean,
        "date" | "date_nanos" => {
            let nanos = type_name == "date_nanos";
            // OpenSearch prints both alike.
            let default = match nanos && !opensearch {
                true => "strict_date_optional_time_nanos",
                false => "strict_date_optional_time",
            };
            let text = |name| mapping.get(name).and_then(Value::as_str);
            let format = text("print_format").or_else(|| text("format")).unwrap_or(default);
            let only_format = text("format").is_some_and(|format| !format.contains("||"));
            Kind::Date { format: DateFormat::parse(format), nanos, only_format }
        }
        "ip" => Kind::Ip,
        "geo_point" => Kind::GeoPoint,
        "keyword" => Kind::Keyword,
        "text" => Kind::Text,
        "match_only_text" => Kind::MatchOnlyText,
        "binary" => Kind::Binary,
        "alias" => Kind::Alias,
        _ => Kind::Other,
    }
}
