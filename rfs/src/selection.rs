//! Which indices of the snapshot are loaded.

use regex::Regex;

/// A choice of indices.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Empty: all but the source's own.
    patterns: Vec<Regex>,
    text: String,
}

/// A pattern that can't be used. Display is the whole message for the user.
#[derive(Debug, thiserror::Error)]
#[error("--indexAllowlist '{pattern}': {source}; give names, names with *, or regex:EXPRESSION")]
pub struct SelectionError {
    pattern: String,
    source: regex::Error,
}

impl Selection {
    /// Of names, names with `*`, and `regex:EXPRESSION`; each must fit the whole name.
    ///
    /// # Errors
    /// For an expression that is none.
    pub fn new(patterns: &[String]) -> Result<Self, SelectionError> {
        let compile = |pattern: &String| {
            let expression = match pattern.strip_prefix("regex:") {
                Some(expression) => expression.to_owned(),
                None => regex::escape(pattern).replace(r"\*", ".*"),
            };
            let failed = |source| SelectionError { pattern: pattern.clone(), source };
            Regex::new(&format!("^(?:{expression})$")).map_err(failed)
        };
        let compiled = patterns.iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self { patterns: compiled, text: patterns.join(",") })
    }

    /// Whether an index is loaded.
    #[must_use]
    pub fn has(&self, index: &str) -> bool {
        if self.patterns.is_empty() {
            return !switchover_snapshot::is_system_index(index);
        }
        self.patterns.iter().any(|pattern| pattern.is_match(index))
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stars_and_expressions() {
        let of = |patterns: &[&str]| {
            Selection::new(&patterns.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>()).unwrap()
        };
        let all = of(&[]);
        assert!(all.has("logs") && all.has(".ds-logs-000001") && !all.has(".kibana_1"));
        let some = of(&["logs-*", "a.b", "regex:x[0-9]+", ".kibana_1"]);
        for (index, taken) in [
            ("logs-1", true),
            ("logs", false),
            ("a.b", true),
            ("acb", false),
            ("x12", true),
            ("x12y", false),
            (".kibana_1", true),
        ] {
            assert_eq!(some.has(index), taken, "{index}");
        }
        assert_eq!(some.to_string(), "logs-*,a.b,regex:x[0-9]+,.kibana_1");
        let error = Selection::new(&["regex:(".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("'regex:('"), "{error}");
    }
}
