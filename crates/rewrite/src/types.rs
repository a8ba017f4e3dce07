//! Where documents of a mapping type go on a cluster without types.
//!
//! By default all types of an index go to the index of the same name. An operator whose indices hold several types may
//! send each to an index of its own, or drop some.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::Regex;

/// A rule by patterns.
#[derive(Debug, Clone)]
struct Pattern {
    /// Matches `index/type` as a whole.
    source: Regex,
    /// The target index, with `$1` for the groups.
    target: String,
}

/// The index for each index and type.
#[derive(Debug, Clone, Default)]
pub struct TypeRouting {
    named: HashMap<String, HashMap<String, String>>,
    /// `None`: every other index keeps its name.
    patterns: Option<Vec<Pattern>>,
}

impl TypeRouting {
    /// Routes by names first, then by the first pattern that fits: regular expressions of index and type, and the
    /// target with `$1`. `patterns` `None` stands for "the index of the same name".
    ///
    /// # Errors
    /// For a pattern that is no regular expression.
    pub fn new(
        named: HashMap<String, HashMap<String, String>>,
        patterns: Option<Vec<(String, String, String)>>,
    ) -> Result<Self, regex::Error> {
        let compile = |(index, kind, target): (String, String, String)| {
            // As everywhere in the field: $1_x means the first group and then _x.
            let target = Regex::new(r"\$(\d+)")?.replace_all(&target, "$${$1}").into_owned();
            Ok(Pattern { source: Regex::new(&format!("^(?:{index})/(?:{kind})$"))?, target })
        };
        let patterns = patterns.map(|all| all.into_iter().map(compile).collect::<Result<_, regex::Error>>());
        Ok(Self { named, patterns: patterns.transpose()? })
    }

    /// The index for documents of this type; `None` when they are dropped.
    #[must_use]
    pub fn target<'a>(&'a self, index: &'a str, kind: &str) -> Option<Cow<'a, str>> {
        if let Some(types) = self.named.get(index) {
            return types.get(kind).map(|target| Cow::Borrowed(target.as_str()));
        }
        let Some(patterns) = &self.patterns else { return Some(Cow::Borrowed(index)) };
        let path = format!("{index}/{kind}");
        let pattern = patterns.iter().find(|pattern| pattern.source.is_match(&path))?;
        Some(Cow::Owned(pattern.source.replace(&path, pattern.target.as_str()).into_owned()))
    }

    /// Whether an operator has said where this type goes, so that a call for "all documents of this type" can be a
    /// call for all of the target index.
    #[must_use]
    pub fn is_told(&self, index: &str) -> bool {
        self.named.contains_key(index) || self.patterns.is_some()
    }

    /// The indices for comma-separated lists of indices and types.
    #[must_use]
    pub fn targets(&self, indices: &str, types: &str) -> Option<String> {
        let mut found: Vec<Cow<'_, str>> = Vec::new();
        for index in indices.split(',') {
            for kind in types.split(',') {
                if let Some(target) = self.target(index, kind).filter(|target| !found.contains(target)) {
                    found.push(target);
                }
            }
        }
        (!found.is_empty()).then(|| found.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routing(patterns: Option<Vec<(&str, &str, &str)>>) -> TypeRouting {
        let named = [("activity", [("user", "users"), ("post", "posts")])];
        let named = named.map(|(index, types)| {
            (index.to_owned(), types.map(|(kind, target)| (kind.to_owned(), target.to_owned())).into())
        });
        let owned = |(a, b, c): (&str, &str, &str)| (a.to_owned(), b.to_owned(), c.to_owned());
        TypeRouting::new(named.into(), patterns.map(|all| all.into_iter().map(owned).collect())).unwrap()
    }

    #[test]
    fn names_patterns_and_neither() {
        let split = routing(Some(vec![("time.*", "cpu", "$0"), ("(logs.*)", "(.+)", "$1_$2")]));
        for (index, kind, target) in [
            ("activity", "user", Some("users")),
            ("activity", "other", None),
            ("logs-1", "web", Some("logs-1_web")),
            ("xlogs-1", "web", None),
        ] {
            assert_eq!(split.target(index, kind).as_deref(), target, "{index}/{kind}");
        }
        let union = routing(None);
        assert_eq!(union.target("a", "t").as_deref(), Some("a"));
        assert_eq!(union.targets("a,activity", "user,post").as_deref(), Some("a,users,posts"));
        assert_eq!(union.targets("activity", "none"), None);
        assert!(union.is_told("activity") && !union.is_told("a") && split.is_told("a"));
        assert!(TypeRouting::new(HashMap::new(), Some(vec![("(".into(), "x".into(), "y".into())])).is_err());
    }
}
