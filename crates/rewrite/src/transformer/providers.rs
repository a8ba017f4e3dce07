//! The providers, by the names that the existing tool gives them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{ConfigError, Files, Predicate, Provider, Purpose, Transformer, Transformers};
use crate::predicate::JmesPath;
use crate::script::Script;
use crate::types::TypeRouting;
use crate::version::{Product, Version};
use crate::versions::Versions;

const PREDICATE: &str = "JsonJMESPathPredicateProvider";
const TYPE_REMOVAL: &str = "JsonTransformerForDocumentTypeRemovalProvider";

const KNOWN: &str = "expected JsonJSTransformerProvider, TypeMappingSanitizationTransformerProvider, \
     JsonJMESPathTransformerProvider, JsonConditionalTransformerProvider or NoopTransformerProvider";

pub(super) fn transformer(
    provider: &Provider<'_>,
    files: &dyn Files,
    purpose: Purpose,
) -> Result<Transformer, ConfigError> {
    match provider.name {
        "JsonJSTransformerProvider" => script(provider, files).map(Transformer::Script),
        "TypeMappingSanitizationTransformerProvider" => versions(provider, purpose).map(Transformer::Versions),
        "JsonJMESPathTransformerProvider" => jmespath(provider).map(Transformer::JmesPath),
        "JsonConditionalTransformerProvider" => conditional(provider, files, purpose),
        "NoopTransformerProvider" => Ok(Transformer::Noop),
        "JsonJoltTransformerProvider" => Err(provider.error(
            "Jolt is not supported; write it as JavaScript (JsonJSTransformerProvider) or as a rule (--rewriteRules). \
             Compressing and chunking (ADD_GZIP, MAKE_CHUNKED) is not needed: bodies go as they were captured",
        )),
        "JsonPythonTransformerProvider" => Err(provider.error(
            "Python is not supported; write it as JavaScript (JsonJSTransformerProvider) or as a rule (--rewriteRules)",
        )),
        TYPE_REMOVAL if matches!(purpose, Purpose::Documents) => Ok(Transformer::TypeRemoval),
        TYPE_REMOVAL => Err(provider.error(
            "this one is for documents of a backfill; for requests, --rewrite auto removes types",
        )),
        PREDICATE => Err(provider.error("a predicate, not a transformer; put it into a JsonConditionalTransformerProvider")),
        _ => Err(provider.error(format!("unknown provider; {KNOWN}"))),
    }
}

pub(super) fn predicate(provider: &Provider<'_>) -> Result<Predicate, ConfigError> {
    if provider.name != PREDICATE {
        return Err(provider.error(format!("unknown predicate; expected {PREDICATE}")));
    }
    provider.only(&["script"])?;
    Ok(Predicate { expression: jmespath(provider)? })
}

/// `{"script": "..."}`, or the bare text.
fn jmespath(provider: &Provider<'_>) -> Result<JmesPath, ConfigError> {
    let code = match provider.config {
        Value::String(code) => Some(code.as_str()),
        _ => provider.string("script")?,
    };
    let code = code.ok_or_else(|| provider.error("'script' is missing"))?;
    JmesPath::new(code).map_err(|error| provider.error(error))
}

/// `[predicate, [transformers]]`.
fn conditional(
    provider: &Provider<'_>,
    files: &dyn Files,
    purpose: Purpose,
) -> Result<Transformer, ConfigError> {
    let Some([test, chain]) = provider.config.as_array().map(Vec::as_slice) else {
        return Err(provider.error("expected [predicate, [transformers]]"));
    };
    let place = format!("{}.{}", provider.place, provider.name);
    let test = predicate(&Provider::new(test, &format!("{place}[0]"))?)?;
    Ok(Transformer::Conditional(test, Transformers::new(chain, &format!("{place}[1]"), files, purpose)?))
}

fn script(provider: &Provider<'_>, files: &dyn Files) -> Result<Script, ConfigError> {
    provider.only(&[
        "initializationScript",
        "initializationScriptFile",
        "initializationResourcePath",
        "bindingsObject",
        "bindingsObjectFiles",
        "bindingsObjectDirs",
    ])?;
    if let Some(path) = provider.string("initializationResourcePath")? {
        return Err(provider.error(format!(
            "'{path}' is a script inside the existing tool. Type mappings: use TypeMappingSanitizationTransformerProvider \
             or --rewrite auto. Others: give the script as initializationScriptFile"
        )));
    }
    let inline = provider.string("initializationScript")?;
    let (name, source) = match (inline, provider.string("initializationScriptFile")?) {
        (Some(source), None) => ("initializationScript".to_owned(), source.to_owned()),
        (None, Some(path)) => (path.to_owned(), files.read(path).map_err(|error| provider.error(error))?),
        _ => return Err(provider.error("give one of initializationScript and initializationScriptFile")),
    };
    let bindings = bindings(provider, files)?;
    Script::new(name, source, Value::Object(bindings).to_string()).map_err(|error| provider.error(error))
}

/// Directories go before single files, and these before what is written in the configuration.
fn bindings(provider: &Provider<'_>, files: &dyn Files) -> Result<Map<String, Value>, ConfigError> {
    let unreadable = |error: String| provider.error(error);
    let mut bindings = Map::new();
    for directory in provider.config.get("bindingsObjectDirs").and_then(Value::as_array).into_iter().flatten()
    {
        let path = directory.as_str().or_else(|| directory.get("path").and_then(Value::as_str));
        let path =
            path.ok_or_else(|| provider.error("bindingsObjectDirs: expected a list of directories"))?;
        let all = files.read_all(path).map_err(unreadable)?;
        bindings.extend(all.into_iter().map(|(name, text)| (name, Value::String(text))));
    }
    for (name, path) in
        provider.config.get("bindingsObjectFiles").and_then(Value::as_object).into_iter().flatten()
    {
        let path = path
            .as_str()
            .ok_or_else(|| provider.error("bindingsObjectFiles: expected {\"name\": \"path\"}"))?;
        bindings.insert(name.clone(), Value::String(files.read(path).map_err(unreadable)?));
    }
    match provider.config.get("bindingsObject") {
        None | Some(Value::Null) => {}
        Some(Value::Object(object)) => bindings.extend(object.clone()),
        Some(Value::String(text)) => {
            let object: Map<String, Value> = serde_json::from_str(text)
                .map_err(|error| provider.error(format!("bindingsObject is not a JSON object: {error}")))?;
            bindings.extend(object);
        }
        Some(_) => return Err(provider.error("bindingsObject must be a JSON object")),
    }
    Ok(bindings)
}

/// Types go where the tables say; the rest is what `--rewrite auto` does.
fn versions(provider: &Provider<'_>, purpose: Purpose) -> Result<Versions, ConfigError> {
    provider.only(&["sourceProperties", "staticMappings", "regexMappings", "featureFlags"])?;
    if provider.config.get("featureFlags").is_some_and(|flags| !flags.is_null()) {
        return Err(
            provider.error("featureFlags have no effect in the existing tool and none here; leave them out")
        );
    }
    let version = provider.config.pointer("/sourceProperties/version");
    let number = |name: &str| version.and_then(|version| version.get(name)).and_then(Value::as_u64);
    let major = number("major").and_then(|major| u32::try_from(major).ok());
    let minor = number("minor").and_then(|minor| u32::try_from(minor).ok()).unwrap_or_default();
    let source = major.map(|major| Version { product: Product::Elasticsearch, major, minor });
    let wrong =
        |what: &str| provider.error(format!("{what}; expected {{\"index\": {{\"type\": \"target\"}}}}"));
    let mut named = HashMap::new();
    for (index, types) in
        provider.config.get("staticMappings").and_then(Value::as_object).into_iter().flatten()
    {
        let types = types.as_object().ok_or_else(|| wrong("staticMappings is wrong"))?;
        let to = |(kind, target): (&String, &Value)| Some((kind.clone(), target.as_str()?.to_owned()));
        let types: Option<HashMap<String, String>> = types.iter().map(to).collect();
        named.insert(index.clone(), types.ok_or_else(|| wrong("a target in staticMappings is no string"))?);
    }
    let pattern = |entry: &Value| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((text("sourceIndexPattern")?, text("sourceTypePattern")?, text("targetIndexPattern")?))
    };
    let patterns = provider.config.get("regexMappings").and_then(Value::as_array);
    let patterns = patterns.map(|all| {
        let all: Option<Vec<_>> = all.iter().map(pattern).collect();
        all.ok_or_else(|| {
            provider
                .error("regexMappings: expected sourceIndexPattern, sourceTypePattern and targetIndexPattern")
        })
    });
    let routing = TypeRouting::new(named, patterns.transpose()?);
    let routing = routing.map_err(|error| provider.error(format!("regexMappings: {error}")))?;
    let target = match purpose {
        Purpose::Requests(target) => target,
        Purpose::Documents => None,
    };
    Ok(Versions::new(source, target, routing))
}
