//! Analyzers, tokenizers and filters that were renamed or removed. What a user has defined himself under such a name is
//! his and stays.

use serde_json::Value;

use super::Severity::Lossless;
use super::Without::Refused;
use super::{Act, Context, Found, Rule};
use crate::fields;
use crate::item::Item;
use crate::json::Object;
use crate::span::Span;

const PREFIX: &str = "index.analysis.";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "analysis-standard-filter",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "leaves out the token filter standard",
        why: "it did nothing, and the target has it no more",
        act: Act::Edit(standard_filter),
        without: Refused,
        before: r#"{"settings": {"index.analysis.analyzer.a.tokenizer": "standard", "index.analysis.analyzer.a.filter": ["standard", "lowercase"], "index.analysis.analyzer.b.tokenizer": "standard", "index.analysis.analyzer.b.filter": "standard"}}"#,
        after: r#"{"settings": {"index.analysis.analyzer.a.tokenizer": "standard", "index.analysis.analyzer.a.filter": ["lowercase"], "index.analysis.analyzer.b.tokenizer": "standard"}}"#,
    },
    Rule {
        name: "analysis-renamed",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "gives tokenizers and filters their new names: nGram, edgeNGram, htmlStrip, PathHierarchy, delimited_payload_filter",
        why: "the target refuses the old ones",
        act: Act::Edit(renamed),
        without: Refused,
        before: r#"{"settings": {"index.analysis.tokenizer.t.type": "nGram", "index.analysis.analyzer.a.tokenizer": "t", "index.analysis.analyzer.a.filter": ["lowercase", "delimited_payload_filter"]}}"#,
        after: r#"{"settings": {"index.analysis.tokenizer.t.type": "ngram", "index.analysis.analyzer.a.tokenizer": "t", "index.analysis.analyzer.a.filter": ["lowercase", "delimited_payload"]}}"#,
    },
    Rule {
        name: "analysis-standard-html-strip",
        source: Span::ES,
        target: Span::ANY,
        severity: Lossless,
        does: "writes the analyzer standard_html_strip as what it was made of",
        why: "the target has it no more",
        act: Act::Edit(html_strip),
        without: Refused,
        before: r#"{"settings": {"index.analysis.analyzer.a.type": "standard_html_strip"}}"#,
        after: r#"{"settings": {"index.analysis.analyzer.a.type": "custom", "index.analysis.analyzer.a.tokenizer": "standard", "index.analysis.analyzer.a.char_filter": ["html_strip"], "index.analysis.analyzer.a.filter": ["lowercase"]}}"#,
    },
];

/// Section, old name, new name.
const NAMES: [(&str, &str, &str); 9] = [
    ("filter", "nGram", "ngram"),
    ("filter", "edgeNGram", "edge_ngram"),
    ("filter", "delimited_payload_filter", "delimited_payload"),
    ("filter", "analysis_delimited_payload_filter", "delimited_payload"),
    ("tokenizer", "nGram", "ngram"),
    ("tokenizer", "edgeNGram", "edge_ngram"),
    ("tokenizer", "PathHierarchy", "path_hierarchy"),
    ("char_filter", "htmlStrip", "html_strip"),
    ("char_filter", "htmlstrip", "html_strip"),
];

/// Whether a user has defined something of this name.
fn is_defined(settings: &Object, section: &str, name: &str) -> bool {
    let prefix = format!("{PREFIX}{section}.{name}.");
    settings.keys().any(|setting| setting.starts_with(&prefix))
}

/// A setting that names parts of an analyzer or normalizer: which section its names are of.
fn section(setting: &str) -> Option<&'static str> {
    let rest = setting.strip_prefix(PREFIX)?;
    if !rest.starts_with("analyzer.") && !rest.starts_with("normalizer.") {
        return None;
    }
    ["filter", "tokenizer", "char_filter"].into_iter().find(|part| rest.ends_with(&format!(".{part}")))
}

/// A setting that says what a tokenizer or filter is.
fn type_section(setting: &str) -> Option<&'static str> {
    let rest = setting.strip_prefix(PREFIX)?.strip_suffix(".type")?;
    ["filter", "tokenizer", "char_filter"].into_iter().find(|part| rest.starts_with(&format!("{part}.")))
}

fn standard_filter(item: &mut Item, _: Context) -> Vec<Found> {
    let settings = &mut item.definition.settings;
    if is_defined(settings, "filter", "standard") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut gone = Vec::new();
    for (name, value) in settings.iter_mut().filter(|(name, _)| section(name) == Some("filter")) {
        match value {
            Value::Array(filters) if filters.iter().any(|filter| filter == "standard") => {
                filters.retain(|filter| filter != "standard");
                found.push((name.clone(), "standard left out".to_owned()));
            }
            Value::String(filter) if filter.split(',').any(|one| one.trim() == "standard") => {
                let rest: Vec<&str> =
                    filter.split(',').map(str::trim).filter(|one| *one != "standard").collect();
                let rest = rest.join(",");
                found.push((name.clone(), "standard left out".to_owned()));
                if rest.is_empty() {
                    gone.push(name.clone());
                }
                *filter = rest;
            }
            _ => {}
        }
    }
    settings.retain(|name, _| !gone.contains(name));
    found
}

fn renamed(item: &mut Item, _: Context) -> Vec<Found> {
    let settings = &mut item.definition.settings;
    let mine: Vec<&(&str, &str, &str)> =
        NAMES.iter().filter(|(section, old, _)| is_defined(settings, section, old)).collect();
    let new_name = |in_section: &str, text: &str, is_type: bool| {
        let row = NAMES.iter().find(|(section, old, _)| *section == in_section && *old == text)?;
        // A name may be the user's own; a type never is.
        (is_type || !mine.contains(&row)).then_some(row.2)
    };
    let mut found = Vec::new();
    for (name, value) in settings.iter_mut() {
        let (in_section, is_type) = match (section(name), type_section(name)) {
            (Some(section), _) => (section, false),
            (None, Some(section)) => (section, true),
            (None, None) => continue,
        };
        let all = match value {
            Value::Array(all) => all.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for value in all {
            if let Some(new) = value.as_str().and_then(|text| new_name(in_section, text, is_type)) {
                found.push((name.clone(), format!("{} is now {new}", value.as_str().unwrap_or_default())));
                *value = new.into();
            }
        }
    }
    found
}

fn html_strip(item: &mut Item, _: Context) -> Vec<Found> {
    const NAME: &str = "standard_html_strip";
    let mut found = Vec::new();
    let settings = &mut item.definition.settings;
    let is_named = |(name, value): (&String, &Value)| {
        let analyzer = name.strip_prefix("index.analysis.analyzer.")?.strip_suffix(".type")?;
        (value == NAME).then(|| analyzer.to_owned())
    };
    let mut analyzers: Vec<String> = settings.iter().filter_map(is_named).collect();
    let mut used = false;
    fields::visit(&mut item.definition.mappings, &mut |_, field| {
        used |= ["analyzer", "search_analyzer", "search_quote_analyzer"]
            .into_iter()
            .any(|name| field.get(name).is_some_and(|value| value == NAME));
    });
    // A field names what comes with the server: the target gets it under the same name.
    if used && !is_defined(settings, "analyzer", NAME) {
        analyzers.push(NAME.to_owned());
    }
    for analyzer in analyzers {
        let set = |part: &str| format!("index.analysis.analyzer.{analyzer}.{part}");
        settings.insert(set("type"), "custom".into());
        settings.insert(set("tokenizer"), "standard".into());
        settings.insert(set("char_filter"), vec!["html_strip"].into());
        settings.insert(set("filter"), vec!["lowercase"].into());
        found.push((set("type"), format!("{NAME} is now written out")));
    }
    found
}
