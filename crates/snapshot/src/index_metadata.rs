//! What a snapshot keeps of an index besides its documents: settings, mappings, aliases.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::blob_format;
use crate::version::VersionId;

/// More than any index can have (`index.max_number_of_shards`, 1,024, can be raised, but not so far).
const MAX_SHARDS: u32 = 100_000;

/// The type of an index that has none.
const NO_TYPE: &str = "_doc";
/// What new types inherited, until 6.x; no document has it.
const DEFAULT_MAPPING: &str = "_default_";

/// Settings, mappings and aliases of an index at the time of the snapshot.
#[derive(Debug, Clone)]
pub struct IndexMetadata {
    /// `open` or `close`.
    pub state: String,
    /// By full name, `index.number_of_shards`: text, numbers, or lists of them.
    pub settings: BTreeMap<String, Value>,
    /// The mapping of each type, in JSON: `{"properties":...}`. Since 7.0 the only type is `_doc`.
    pub mappings: BTreeMap<String, Box<RawValue>>,
    /// Aliases with their filters and routing, in JSON, by name.
    pub aliases: BTreeMap<String, Box<RawValue>>,
    /// How many shards it has.
    pub number_of_shards: u32,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    state: String,
    settings: Value,
    #[serde(default)]
    mappings: Vec<Box<RawValue>>,
    #[serde(default)]
    aliases: BTreeMap<String, Box<RawValue>>,
}

impl IndexMetadata {
    /// From the JSON of `meta-*.dat`; the error says what is missing.
    pub(crate) fn parse(json: &[u8], index: &str, max_bytes: usize) -> Result<Self, String> {
        let mut files: BTreeMap<String, File> =
            serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let file = files.remove(index).ok_or_else(|| format!("it is not about index {index}"))?;
        let mut settings = BTreeMap::new();
        flatten("", &file.settings, &mut settings);
        let mut mappings = BTreeMap::new();
        for mapping in file.mappings {
            mappings.extend(types_of(&mapping, max_bytes)?);
        }
        let shards = number(settings.get("index.number_of_shards")).and_then(|n| u32::try_from(n).ok());
        let number_of_shards = shards
            .filter(|shards| (1..=MAX_SHARDS).contains(shards))
            .ok_or("it has no valid index.number_of_shards")?;
        let state = if file.state.is_empty() { "open".to_owned() } else { file.state };
        Ok(Self { state, settings, mappings, aliases: file.aliases, number_of_shards })
    }

    /// A setting that is a text or a number.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// The types of its documents.
    pub fn types(&self) -> impl Iterator<Item = &str> {
        self.mappings.keys().map(String::as_str).filter(|name| *name != DEFAULT_MAPPING)
    }

    /// The type of all documents where they are not stored with it (since 6.0) and it has another name than `_doc`,
    /// which stands for none.
    #[must_use]
    pub fn only_type(&self) -> Option<&str> {
        let mut types = self.types();
        match (types.next(), types.next()) {
            (Some(only), None) if only != NO_TYPE => Some(only),
            _ => None,
        }
    }

    /// The id that the index had in its cluster.
    #[must_use]
    pub fn uuid(&self) -> Option<&str> {
        self.setting("index.uuid")
    }

    /// The version that the index was made by, which its mappings are to be read by.
    #[must_use]
    pub fn version_created(&self) -> Option<VersionId> {
        number(self.settings.get("index.version.created")).map(VersionId)
    }
}

/// Mappings are written plainly, or compressed inside of the file.
fn types_of(mapping: &RawValue, max_bytes: usize) -> Result<BTreeMap<String, Box<RawValue>>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("a mapping in it can't be read: {error}");
    if !mapping.get().starts_with('"') {
        return serde_json::from_str(mapping.get()).map_err(|error| wrong(&error));
    }
    let base64: &str = serde_json::from_str(mapping.get()).map_err(|error| wrong(&error))?;
    let body = STANDARD.decode(base64).map_err(|error| wrong(&error))?;
    let json = blob_format::body_to_json(&body, max_bytes).map_err(|error| wrong(&error))?;
    serde_json::from_slice(&json).map_err(|error| wrong(&error))
}

/// Servers have written settings flat and nested.
fn flatten(prefix: &str, value: &Value, settings: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                flatten(&name, value, settings);
            }
        }
        Value::Number(number) => drop(settings.insert(prefix.to_owned(), number.to_string().into())),
        Value::Bool(value) => drop(settings.insert(prefix.to_owned(), value.to_string().into())),
        other => drop(settings.insert(prefix.to_owned(), other.clone())),
    }
}

fn number(setting: Option<&Value>) -> Option<u64> {
    setting.and_then(Value::as_str).and_then(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flat_and_nested_settings_plain_and_compressed_mappings() {
        let plain = br#"{"a":{"settings":{"index.number_of_shards":"3","index.uuid":"u"},
            "mappings":[{"t":{"properties":{}}},{"u":{}}],"aliases":{"x":{"filter":{"term":{"f":1.50}}}}}}"#;
        let metadata = IndexMetadata::parse(plain, "a", 1000).unwrap();
        assert_eq!((metadata.number_of_shards, metadata.uuid(), &*metadata.state), (3, Some("u"), "open"));
        assert_eq!(metadata.mappings.keys().collect::<Vec<_>>(), ["t", "u"]);
        assert_eq!(metadata.aliases["x"].get(), r#"{"filter":{"term":{"f":1.50}}}"#);

        let mapping = STANDARD.encode(br#"{"t":{"properties":{}}}"#);
        let nested = format!(
            r#"{{"a":{{"state":"close","settings":{{"index":{{"number_of_shards":1,"version":{{"created":1070699}}}}}},"mappings":["{mapping}"]}}}}"#
        );
        let metadata = IndexMetadata::parse(nested.as_bytes(), "a", 1000).unwrap();
        assert_eq!(metadata.version_created(), Some(VersionId(1_070_699)));
        assert_eq!((metadata.mappings["t"].get(), &*metadata.state), (r#"{"properties":{}}"#, "close"));
    }

    #[test]
    fn what_is_missing_is_told() {
        for (json, told) in [
            (r#"{"b":{"settings":{}}}"#, "not about index a"),
            (r#"{"a":{"settings":{}}}"#, "number_of_shards"),
            (r#"{"a":{"settings":{"index.number_of_shards":"0"}}}"#, "number_of_shards"),
            (r#"{"a":{"settings":{"index.number_of_shards":"4000000000"}}}"#, "number_of_shards"),
            (r#"{"a":{"settings":{"index.number_of_shards":"1"},"mappings":["!"]}}"#, "a mapping"),
        ] {
            let error = IndexMetadata::parse(json.as_bytes(), "a", 1000).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
