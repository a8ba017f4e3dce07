//! Stored scripts: which languages a target has.

use serde_json::Value;

/// Those of every OpenSearch.
const LANGUAGES: [&str; 3] = ["painless", "mustache", "expression"];

/// Why no OpenSearch takes this script.
pub(crate) fn refused(script: &Value) -> Option<String> {
    let language = script.get("lang").and_then(Value::as_str)?;
    (!LANGUAGES.contains(&language))
        .then(|| format!("it is written in {language}; the target has {}: rewrite it", LANGUAGES.join(", ")))
}
