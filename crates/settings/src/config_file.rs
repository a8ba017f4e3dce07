//! The YAML file named by `--config`: its keys are the flags' names, and its values become the flags' defaults, so
//! that a flag or an environment variable still wins. JSON is YAML: so `---JSON-FILE FILE` and `---INLINE-JSON TEXT`, as
//! the field's existing tool is started with (the text may be base64), are the same thing.

use crate::{name, preset};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Command;
use std::ffi::OsString;
use std::path::PathBuf;
use yaml_serde::Value;

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct ConfigFileError {
    origin: String,
    reason: String,
}

/// Settings beside flags and environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// In a file.
    File(PathBuf),
    /// On the command line.
    Inline(String),
}

const CONFIG: &str = "--config";
const JSON_FILE: &str = "---JSON-FILE";
const INLINE_JSON: &str = "---INLINE-JSON";

/// What the command line gives, read before clap runs because it supplies clap's defaults; and the command line without
/// the spellings that clap does not know.
pub(crate) fn given_in(argv: Vec<OsString>) -> (Option<Given>, Vec<OsString>) {
    let (mut given, mut rest) = (None, Vec::with_capacity(argv.len()));
    let mut args = argv.into_iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            rest.push(arg);
            break;
        }
        if arg == JSON_FILE || arg == INLINE_JSON {
            let Some(value) = args.next() else {
                rest.push(arg);
                break;
            };
            given = Some(match arg == JSON_FILE {
                true => Given::File(value.into()),
                false => Given::Inline(value.to_string_lossy().into_owned()),
            });
            continue;
        }
        if let Some(value) = arg.to_str().and_then(|text| text.strip_prefix("--config=")) {
            given = Some(Given::File(value.into()));
        }
        let named = arg == CONFIG;
        rest.push(arg);
        if named && let Some(value) = args.next() {
            given = Some(Given::File(PathBuf::from(&value)));
            rest.push(value);
        }
    }
    rest.extend(args);
    (given, rest)
}

/// Makes the given values the defaults of `command`'s flags.
pub(crate) fn apply(mut command: Command, given: &Given) -> Result<Command, ConfigFileError> {
    let origin = match given {
        Given::File(path) => path.display().to_string(),
        Given::Inline(_) => INLINE_JSON.to_owned(),
    };
    let fail = |reason: String| ConfigFileError { origin: origin.clone(), reason };
    let text = match given {
        Given::File(path) => std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?,
        Given::Inline(text) => decoded(text).map_err(fail)?,
    };
    let Value::Mapping(mapping) =
        yaml_serde::from_str::<Value>(&text).map_err(|error| fail(error.to_string()))?
    else {
        return Err(fail("expected a mapping of settings, such as `listenPort: 9200`".to_owned()));
    };
    for (key, value) in mapping {
        let Some(key) = key.as_str().map(str::to_owned) else {
            return Err(fail(format!("key {key:?} is not a string")));
        };
        let id = command
            .get_arguments()
            .find(|arg| {
                arg.get_long().is_some_and(|long| long == key || name::kebab(long) == key)
                    || arg.get_all_aliases().unwrap_or_default().contains(&key.as_str())
            })
            .map(|arg| arg.get_id().clone());
        let Some(id) = id.filter(|id| *id != "config") else {
            return Err(fail(format!("unknown setting `{key}`; --help lists what is accepted")));
        };
        let defaults = texts(&value).map_err(|reason| fail(format!("setting `{key}`: {reason}")))?;
        command = preset(command, id, defaults.into_iter().map(OsString::from).collect());
    }
    Ok(command)
}

/// JSON, or JSON in base64.
fn decoded(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.starts_with('{') {
        return Ok(text.to_owned());
    }
    let bytes =
        STANDARD.decode(text).map_err(|error| format!("neither a JSON object nor base64: {error}"))?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

/// A scalar or a list of scalars as clap would read them from a command line.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Bool(flag) => Ok(vec![flag.to_string()]),
        Value::Number(number) => Ok(vec![number.to_string()]),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Sequence(items) => {
            items.iter().map(texts).collect::<Result<Vec<_>, _>>().map(|nested| nested.concat())
        }
        _ => Err("expected a text, a number, true, false or a list of these".to_owned()),
    }
}
