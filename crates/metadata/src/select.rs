//! Which items are meant, by name. The patterns are those of a backfill (`--indexAllowlist`).

use regex::Regex;

use crate::item::{Kind, SourceItem};
use crate::names;

/// A list of patterns: names, names with `*` and `?`, and `regex:EXPRESSION`; each must fit the whole name.
#[derive(Debug, Clone, Default)]
pub struct Patterns(Vec<Regex>);

/// A pattern that can't be used. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
#[error("{flag} '{pattern}': {source}; give names, names with *, or regex:EXPRESSION")]
pub struct PatternError {
    flag: &'static str,
    pattern: String,
    source: regex::Error,
}

impl Patterns {
    /// `flag` is for the message.
    ///
    /// # Errors
    /// For an expression that is none.
    pub fn new(flag: &'static str, patterns: &[String]) -> Result<Self, PatternError> {
        let compile = |pattern: &String| {
            let expression = match pattern.strip_prefix("regex:") {
                Some(expression) => expression.to_owned(),
                None => regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", "."),
            };
            let failed = |source| PatternError { flag, pattern: pattern.clone(), source };
            Regex::new(&format!("^(?:{expression})$")).map_err(failed)
        };
        Ok(Self(patterns.iter().map(compile).collect::<Result<_, _>>()?))
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| pattern.is_match(name))
    }
}

/// What of the source is meant. A list that is empty stands for everything but what the products made themselves.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Indices, data streams, and the aliases of those.
    pub indices: Patterns,
    /// Legacy and composable templates.
    pub index_templates: Patterns,
    /// Component templates.
    pub component_templates: Patterns,
    /// Of any kind; goes before the lists.
    pub excluded: Patterns,
}

impl Selection {
    /// Why an item is left out; `None` when it is meant.
    #[must_use]
    pub fn refuses(&self, item: &SourceItem) -> Option<&'static str> {
        self.refuses_name(item.kind, &item.name).or_else(|| {
            let listed = self.list(item.kind).is_some_and(|list| !list.0.is_empty());
            (!listed && names::is_managed(item)).then_some("made by the source's product itself")
        })
    }

    /// The same, by the name alone: before anything is read.
    #[must_use]
    pub fn refuses_name(&self, kind: Kind, name: &str) -> Option<&'static str> {
        if self.excluded.has(name) {
            return Some("excluded");
        }
        match self.list(kind) {
            Some(list) if !list.0.is_empty() => (!list.has(name)).then_some("not in the allowlist"),
            _ => names::is_own(kind, name).then_some("made by the source's product itself"),
        }
    }

    fn list(&self, kind: Kind) -> Option<&Patterns> {
        match kind {
            Kind::Index | Kind::DataStream => Some(&self.indices),
            Kind::LegacyTemplate | Kind::IndexTemplate => Some(&self.index_templates),
            Kind::ComponentTemplate => Some(&self.component_templates),
            Kind::Pipeline | Kind::Script | Kind::Alias => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::into_object;
    use serde_json::json;

    fn patterns(all: &[&str]) -> Patterns {
        Patterns::new("--x", &all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn lists_and_exclusions() {
        let selection = Selection {
            indices: patterns(&["logs-*", "regex:x[0-9]{1,2}", ".kibana_1"]),
            excluded: patterns(&["logs-old?"]),
            ..Selection::default()
        };
        for (name, meant) in [
            ("logs-1", true),
            ("logs-old1", false),
            ("x12", true),
            ("x123", false),
            (".kibana_1", true),
            ("a", false),
        ] {
            assert_eq!(selection.refuses_name(Kind::Index, name).is_none(), meant, "{name}");
        }
        let all = Selection::default();
        for (kind, name, meant) in [
            (Kind::Index, "kibana_sample_data_logs", true),
            (Kind::Index, ".kibana_1", false),
            (Kind::Index, "logs", true),
            (Kind::LegacyTemplate, ".monitoring-es", false),
            (Kind::IndexTemplate, "logs", false),
            (Kind::IndexTemplate, "my-logs", true),
            (Kind::ComponentTemplate, "logs-mappings", false),
            (Kind::ComponentTemplate, "data-streams@mappings", false),
            (Kind::Pipeline, "logs", true),
        ] {
            assert_eq!(all.refuses_name(kind, name).is_none(), meant, "{kind:?} {name}");
        }
        let managed = into_object(json!({"_meta": {"managed": true}}));
        let managed = SourceItem::plain(Kind::IndexTemplate, "mine", managed);
        assert!(all.refuses(&managed).is_some());
        let asked = Selection { index_templates: patterns(&["mi*"]), ..Selection::default() };
        assert!(asked.refuses(&managed).is_none());
        assert!(
            Patterns::new("--x", &["regex:(".to_owned()])
                .unwrap_err()
                .to_string()
                .starts_with("--x 'regex:('")
        );
    }
}
