//! Declared rules: a YAML list, each rule with what it matches and what it does.
//!
//! ```yaml
//! - name: own index for tests
//!   match: { method: [PUT, POST], path: "/logs-*/_doc/**" }
//!   rename: { query: { timeout: cluster_manager_timeout } }
//!   remove: { headers: [X-Trace], body: [/debug] }
//!   set: { path: "/test-logs-$1/_doc/$2", body: { /tenant: a } }
//! ```

mod edits;
mod matcher;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::jq::Jq;
use crate::json::Pointer;
use crate::outcome::Stop;
use crate::request::Request;
use matcher::Matcher;

/// Rules, in the order in which they are followed.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

/// A file of rules that can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is not a list of rules.
    #[error("{file}: {error}")]
    Yaml {
        /// As given.
        file: String,
        /// What and where.
        error: yaml_serde::Error,
    },
    /// A rule can't be meant.
    #[error("{file}, line {line}: rule '{rule}': {reason}")]
    Rule {
        /// As given.
        file: String,
        /// Where the rule begins, from 1.
        line: usize,
        /// Its name.
        rule: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Debug)]
struct Rule {
    name: String,
    matcher: Matcher,
    rename: Option<Rename>,
    remove: Option<Remove>,
    set: Option<Set>,
    jq: Option<Jq>,
    reject: bool,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: String,
    #[serde(default, rename = "match")]
    matches: Matches,
    rename: Option<Rename>,
    remove: Option<Remove>,
    set: Option<Set>,
    jq: Option<String>,
    #[serde(default)]
    reject: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matches {
    method: Option<OneOrMany>,
    path: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rename {
    headers: BTreeMap<String, String>,
    query: BTreeMap<String, String>,
    body: BTreeMap<Pointer, String>,
    actions: BTreeMap<Pointer, String>,
    documents: BTreeMap<Pointer, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Remove {
    headers: Vec<String>,
    query: Vec<String>,
    body: Vec<Pointer>,
    actions: Vec<Pointer>,
    documents: Vec<Pointer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Set {
    method: Option<String>,
    path: Option<String>,
    headers: BTreeMap<String, Value>,
    query: BTreeMap<String, Value>,
    body: BTreeMap<Pointer, Value>,
    actions: BTreeMap<Pointer, Value>,
    documents: BTreeMap<Pointer, Value>,
}

impl Rule {
    fn new(declared: Declared) -> Result<Self, String> {
        let Declared { name, matches, rename, remove, set, jq, reject } = declared;
        if rename.is_none() && remove.is_none() && set.is_none() && jq.is_none() && !reject {
            return Err("it does nothing; expected rename, remove, set, jq or reject".to_owned());
        }
        let methods = match matches.method {
            None => Vec::new(),
            Some(OneOrMany::One(method)) => vec![method],
            Some(OneOrMany::Many(methods)) => methods,
        };
        let matcher = Matcher::new(methods, matches.path.as_deref())?;
        let path = set.as_ref().and_then(|set| set.path.as_deref());
        if path.is_some_and(|path| !path.starts_with('/')) {
            return Err("set.path must begin with /".to_owned());
        }
        let jq = jq.as_deref().map(Jq::new).transpose()?;
        Ok(Self { matcher, rename, remove, set, jq, reject, name })
    }
}

impl Rules {
    /// Reads rules; `file` is for messages.
    ///
    /// # Errors
    /// What is wrong, in which line and rule.
    pub fn parse(file: &str, yaml: &str) -> Result<Self, RulesError> {
        let rules = compiled(file, yaml, |declared: Declared| (declared.name.clone(), Rule::new(declared)))?;
        Ok(Self { rules })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Follows all rules that match.
    ///
    /// # Errors
    /// Of the first rule that can't be followed, or that rejects the request.
    pub fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        self.rules.iter().try_for_each(|rule| {
            rule.apply(request).map_err(|stop| stop.by(&format!("rule '{}'", rule.name)))
        })
    }
}

impl Rule {
    fn apply(&self, request: &mut Request<'_>) -> Result<(), Stop> {
        let Some(found) = self.matcher.matches(request.method(), request.path()) else { return Ok(()) };
        if self.reject {
            return Err(Stop::Rejected { filter: "rejected".to_owned() });
        }
        // The path is made of what was matched, whatever the other edits do.
        let path = self.set.as_ref().and_then(|set| set.path.as_deref()).map(|path| found.expand(path));
        if let Some(rename) = &self.rename {
            edits::rename(rename, request)?;
        }
        if let Some(remove) = &self.remove {
            edits::remove(remove, request)?;
        }
        if let Some(set) = &self.set {
            edits::set(set, path, request)?;
        }
        match &self.jq {
            Some(jq) => jq.apply(request),
            None => Ok(()),
        }
    }
}

/// Reads a list of rules; `compile` gives each with its name. `file` is for messages.
pub(crate) fn compiled<D: DeserializeOwned, R>(
    file: &str,
    yaml: &str,
    compile: impl Fn(D) -> (String, Result<R, String>),
) -> Result<Vec<R>, RulesError> {
    let declared: Vec<D> =
        yaml_serde::from_str(yaml).map_err(|error| RulesError::Yaml { file: file.to_owned(), error })?;
    let compiled = declared.into_iter().enumerate().map(|(at, declared)| {
        let (rule, compiled) = compile(declared);
        let line = line_of(yaml, at);
        compiled.map_err(|reason| RulesError::Rule { file: file.to_owned(), line, rule, reason })
    });
    compiled.collect()
}

/// Where the item of a list begins, from 1: its dash stands as far in as the first one.
fn line_of(yaml: &str, item: usize) -> usize {
    let dash = |line: &str| line.trim_start().starts_with("- ").then(|| line.len() - line.trim_start().len());
    let indent = yaml.lines().find_map(dash);
    let items = yaml.lines().enumerate().filter(|(_, line)| indent.is_some() && dash(line) == indent);
    items.map(|(at, _)| at + 1).nth(item).unwrap_or(1)
}

#[cfg(test)]
mod tests;
