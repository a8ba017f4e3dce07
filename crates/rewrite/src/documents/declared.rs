//! Declared rules for documents: a YAML list, each rule with what it matches and what it does.
//!
//! ```yaml
//! - name: users have an index of their own
//!   match: { index: "shop*", type: user, where: "document.age > `17`" }
//!   rename: { document: { /old: new } }
//!   remove: { document: [/debug], routing: true }
//!   set: { index: "users$1", id: "${type}-${id}", document: { /tenant: a } }
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::template::Template;
use super::{Document, Foreseen, message, through};
use crate::jq::Jq;
use crate::json::{self, JsonError, Numbers, Pointer};
use crate::outcome::Stop;
use crate::predicate::JmesPath;
use crate::rules::{self, RulesError};
use crate::wildcards::{Found, Wildcards};

/// Rules for documents, in the order in which they are followed.
#[derive(Debug, Default)]
pub struct DeclaredDocumentRules {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    index: Wildcards,
    doc_type: Option<Wildcards>,
    values: Vec<(Pointer, Value)>,
    condition: Option<JmesPath>,
    rename: BTreeMap<Pointer, String>,
    remove: Remove,
    set: Set,
    jq: Option<Jq>,
    drop: bool,
}

#[derive(Debug)]
struct Set {
    index: Option<Template>,
    id: Option<Template>,
    routing: Option<Template>,
    values: Vec<(Pointer, String)>,
}

/// A rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    name: String,
    #[serde(default, rename = "match")]
    matches: Matches,
    #[serde(default)]
    rename: Rename,
    #[serde(default)]
    remove: Remove,
    #[serde(default)]
    set: DeclaredSet,
    jq: Option<String>,
    #[serde(default)]
    drop: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matches {
    index: Option<String>,
    #[serde(rename = "type")]
    doc_type: Option<String>,
    /// Values that the document must have.
    #[serde(default)]
    document: BTreeMap<Pointer, Value>,
    #[serde(rename = "where")]
    condition: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rename {
    document: BTreeMap<Pointer, String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Remove {
    document: Vec<Pointer>,
    routing: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DeclaredSet {
    index: Option<String>,
    id: Option<String>,
    routing: Option<String>,
    document: BTreeMap<Pointer, Value>,
}

impl DeclaredDocumentRules {
    /// Reads rules; `file` is for messages.
    ///
    /// # Errors
    /// What is wrong, in which line and rule.
    pub fn parse(file: &str, yaml: &str) -> Result<Self, RulesError> {
        let compile = |declared: Declared| (declared.name.clone(), Rule::new(declared));
        Ok(Self { rules: rules::compiled(file, yaml, compile)? })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What the rules that match make of a document.
    ///
    /// # Errors
    /// Of the first rule that can't be followed.
    pub fn apply<'a>(&self, document: Document<'a>) -> Result<Vec<Document<'a>>, Stop> {
        through(document, &self.rules, |rule, document| {
            rule.apply(document).map_err(|stop| stop.by(&format!("rule '{}'", rule.name)))
        })
    }

    pub(super) fn foresee(&self, now: Foreseen) -> Option<Foreseen> {
        self.rules.iter().try_fold(now, |now, rule| rule.foresee(now))
    }
}

impl Rule {
    fn new(declared: Declared) -> Result<Self, String> {
        let Declared { name, matches, rename, remove, set, jq, drop } = declared;
        let index = Wildcards::new(matches.index.as_deref().unwrap_or("**"))?;
        let wildcards = matches.index.as_ref().map_or(0, |_| index.count());
        let template = |text: Option<String>| text.map(|text| Template::new(&text, wildcards)).transpose();
        let values = set.document.into_iter().map(|(pointer, value)| (pointer, value.to_string())).collect();
        let set = Set {
            index: template(set.index)?,
            id: template(set.id)?,
            routing: template(set.routing)?,
            values,
        };
        let condition = matches.condition.as_deref().map(JmesPath::new).transpose();
        let edits =
            !rename.document.is_empty() || remove != Remove::default() || !set.is_empty() || jq.is_some();
        match (drop, edits) {
            (false, false) => {
                return Err("it does nothing; expected rename, remove, set, jq or drop".to_owned());
            }
            (true, true) => return Err("it drops documents, so it can't change them".to_owned()),
            _ => {}
        }
        Ok(Self {
            name,
            doc_type: matches.doc_type.as_deref().map(Wildcards::new).transpose()?,
            values: matches.document.into_iter().collect(),
            condition: condition.map_err(|error| format!("match.where: {error}"))?,
            index,
            rename: rename.document,
            remove,
            set,
            jq: jq.as_deref().map(Jq::new).transpose()?,
            drop,
        })
    }

    /// By index and type alone.
    fn matches(&self, index: &str, doc_type: Option<&str>) -> Option<Found> {
        let fits = |wanted: &Wildcards| doc_type.is_some_and(|doc_type| wanted.captures(doc_type).is_some());
        if !self.doc_type.as_ref().is_none_or(fits) {
            return None;
        }
        self.index.captures(index)
    }

    /// Whether the document itself is one that is meant.
    fn holds(&self, document: &Document<'_>) -> Result<bool, Stop> {
        for (pointer, wanted) in &self.values {
            let found = json::get(&document.source, pointer)
                .map_err(|error| Stop::failed(format!("the document: {error}")))?;
            let found = found.and_then(|found| serde_json::from_slice::<Value>(found).ok());
            if found.as_ref() != Some(wanted) {
                return Ok(false);
            }
        }
        match &self.condition {
            Some(condition) => condition.is_true(&message::one(document)?),
            None => Ok(true),
        }
    }

    fn apply<'a>(&self, mut document: Document<'a>) -> Result<Vec<Document<'a>>, Stop> {
        let Some(found) = self.matches(&document.index, document.doc_type.as_deref()) else {
            return Ok(vec![document]);
        };
        if !self.holds(&document)? {
            return Ok(vec![document]);
        }
        if self.drop {
            return Ok(Vec::new());
        }
        // Texts are made of the document as it came, whatever the edits do.
        let made = |template: &Option<Template>| {
            template.as_ref().map(|template| template.of(&document, &found)).transpose()
        };
        let (index, id, routing) = (made(&self.set.index)?, made(&self.set.id)?, made(&self.set.routing)?);
        if let Some(index) = index {
            document.index = named(index, "index")?;
            document.doc_type = None;
        }
        if let Some(id) = id {
            document.id = named(id, "id")?;
        }
        if self.remove.routing {
            document.routing = None;
        }
        if let Some(routing) = routing {
            document.routing = Some(named(routing, "routing")?);
        }
        for (pointer, name) in &self.rename {
            edit(&mut document, |source| json::rename(source, pointer, name))?;
        }
        for pointer in &self.remove.document {
            edit(&mut document, |source| json::remove(source, pointer))?;
        }
        for (pointer, value) in &self.set.values {
            edit(&mut document, |source| json::set(source, pointer, value.as_bytes()).map(Some))?;
        }
        match &self.jq {
            Some(jq) => message::read(&jq.run(&message::one(&document)?)?, &document, Numbers::Exact),
            None => Ok(vec![document]),
        }
    }

    fn foresee(&self, now: Foreseen) -> Option<Foreseen> {
        let Some(found) = self.matches(&now.index, now.doc_type.as_deref()) else { return Some(now) };
        let is_for_all = self.condition.is_none() && self.values.is_empty();
        if self.drop {
            // What is left of them is where it was.
            return if is_for_all { now.dropped() } else { Some(now) };
        }
        let now = if self.jq.is_some() { now.open() } else { now };
        let Some(template) = &self.set.index else { return Some(now) };
        if !is_for_all {
            return Some(now.open());
        }
        match template.foreseen(&now.index, now.doc_type.as_deref(), &found) {
            Some(index) => Some(now.moved(index)),
            None => Some(Foreseen { doc_type: None, ..now.open() }),
        }
    }
}

impl Set {
    fn is_empty(&self) -> bool {
        self.index.is_none() && self.id.is_none() && self.routing.is_none() && self.values.is_empty()
    }
}

fn named<'a>(text: String, what: &str) -> Result<Cow<'a, str>, Stop> {
    if text.is_empty() { Err(Stop::failed(format!("the {what} is empty"))) } else { Ok(Cow::Owned(text)) }
}

/// `None`: nothing to do.
fn edit(
    document: &mut Document<'_>,
    edit: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, JsonError>,
) -> Result<(), Stop> {
    let edited = edit(&document.source).map_err(|error| Stop::failed(format!("the document: {error}")))?;
    if let Some(edited) = edited {
        document.source = Cow::Owned(edited);
    }
    Ok(())
}
