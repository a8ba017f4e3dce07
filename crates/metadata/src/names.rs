//! Names: which items a product made itself, and which names a target refuses.

use serde_json::Value;

use crate::item::{Kind, SourceItem};

/// Templates that come with Elasticsearch, by name.
const OWN_TEMPLATES: [&str; 24] = [
    "agentless",
    "elastic-connectors",
    "ilm-history",
    "logs",
    "logs-mappings",
    "logs-settings",
    "logs-tsdb-settings",
    "metrics",
    "metrics-mappings",
    "metrics-settings",
    "metrics-tsdb-settings",
    "profiling",
    "search-acl-filter",
    "slm-history",
    "synthetics",
    "synthetics-mappings",
    "synthetics-settings",
    "tenant_template",
    "traces",
    "traces-mappings",
    "traces-settings",
    "traces-tsdb-settings",
    "watch-history",
    "security-index-template",
];
/// The same, by how their names begin.
const OWN_TEMPLATE_PREFIXES: [&str; 9] = [
    "@abc_template@",
    "apm@",
    "apm-",
    "behavioral_analytics-",
    "data-streams",
    "ecs@",
    "elastic-connectors-",
    "ilm-history-",
    "profiling-",
];
/// And by how they end.
const OWN_TEMPLATE_SUFFIXES: [&str; 7] =
    ["@ilm", "@lifecycle", "@mappings", "@package", "@settings", "@template", "@tsdb-settings"];

/// What no name of an index may hold.
const REFUSED: [char; 12] = ['\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#', ':'];
/// The longest name of an index, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Whether an item of this name belongs to the product and not to its user.
#[must_use]
pub fn is_own(kind: Kind, name: &str) -> bool {
    if name.starts_with('.') && !(kind == Kind::Index && name.starts_with(".ds-")) {
        return true;
    }
    match kind {
        Kind::ComponentTemplate | Kind::LegacyTemplate | Kind::IndexTemplate => {
            OWN_TEMPLATES.contains(&name)
                || OWN_TEMPLATE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                || OWN_TEMPLATE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
        }
        Kind::Index | Kind::Pipeline | Kind::Script | Kind::DataStream | Kind::Alias => false,
    }
}

/// Whether an item says of itself that the product manages it.
#[must_use]
pub fn is_managed(item: &SourceItem) -> bool {
    let meta = item.rest.get("_meta").and_then(Value::as_object);
    meta.is_some_and(|meta| {
        meta.get("managed") == Some(&Value::Bool(true))
            || meta.get("managed_by").is_some_and(Value::is_string)
    })
}

/// Why no OpenSearch takes an index of this name.
#[must_use]
pub fn refused(name: &str) -> Option<String> {
    if let Some(sign) = name.chars().find(|sign| REFUSED.contains(sign)) {
        return Some(format!("the name holds '{sign}', which the target refuses in names"));
    }
    if name.chars().any(char::is_uppercase) {
        return Some("the name has capital letters, which the target refuses in names".to_owned());
    }
    if name.starts_with(['_', '-', '+']) || matches!(name, "" | "." | "..") {
        return Some("the target refuses names that begin with _, - or +".to_owned());
    }
    (name.len() > MAX_NAME_BYTES).then(|| format!("the name has more than {MAX_NAME_BYTES} bytes"))
}
