//! The YAML file named by `--config`: its keys are the flags' names, and its values become the flags' defaults, so
//! that a flag or an environment variable still wins.

use crate::name;
use clap::Command;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use yaml_serde::Value;

/// What is wrong with a configuration file.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}", path = path.display())]
pub struct ConfigFileError {
    path: PathBuf,
    reason: String,
}

/// The value of `--config` on the command line, read before clap runs because the file supplies clap's defaults.
pub(crate) fn path_in(argv: &[OsString]) -> Option<OsString> {
    let mut args = argv.iter();
    while let Some(arg) = args.next() {
        if arg == "--" {
            return None;
        }
        if arg == "--config" {
            return args.next().cloned();
        }
        if let Some(value) = arg.to_str().and_then(|text| text.strip_prefix("--config=")) {
            return Some(OsStr::new(value).to_owned());
        }
    }
    None
}

/// Makes the file's values the defaults of `command`'s flags.
pub(crate) fn apply(mut command: Command, path: &Path) -> Result<Command, ConfigFileError> {
    let fail = |reason: String| ConfigFileError { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
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
        command = command.mut_arg(id, |arg| arg.default_values(defaults).required(false));
    }
    Ok(command)
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
