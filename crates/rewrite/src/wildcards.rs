//! Names with wildcards, and texts made of what the wildcards stand for.

use regex::Regex;

/// A name with wildcards: `*` stands for anything but a slash, `**` for anything.
#[derive(Debug)]
pub(crate) struct Wildcards {
    pattern: Regex,
}

/// The whole name, and what its wildcards stand for.
#[derive(Debug)]
pub(crate) struct Found(Vec<String>);

impl Wildcards {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let mut pattern = "(?s)^".to_owned();
        for (at, part) in name.split("**").enumerate() {
            if at > 0 {
                pattern.push_str("(.*)");
            }
            let segments: Vec<String> = part.split('*').map(regex::escape).collect();
            pattern.push_str(&segments.join("([^/]*)"));
        }
        pattern.push('$');
        let pattern = Regex::new(&pattern).map_err(|error| error.to_string())?;
        Ok(Self { pattern })
    }

    /// How many wildcards there are.
    pub(crate) fn count(&self) -> usize {
        self.pattern.captures_len() - 1
    }

    /// `None` when the name does not fit.
    pub(crate) fn captures(&self, name: &str) -> Option<Found> {
        let captures = self.pattern.captures(name)?;
        let group = |group: Option<regex::Match<'_>>| {
            group.map_or_else(String::new, |group| group.as_str().to_owned())
        };
        Some(Found(captures.iter().map(group).collect()))
    }
}

impl Found {
    /// What the wildcard of this number stands for, from 1; 0 is the whole name.
    pub(crate) fn group(&self, number: usize) -> Option<&str> {
        self.0.get(number).map(String::as_str)
    }

    /// `$1` is the first wildcard, and so on up to `$9`; other dollars stand for themselves.
    pub(crate) fn expand(&self, template: &str) -> String {
        let mut expanded = String::new();
        let mut rest = template.chars().peekable();
        while let Some(next) = rest.next() {
            let digit = (next == '$').then(|| rest.peek().and_then(|digit| digit.to_digit(10))).flatten();
            match digit.and_then(|digit| self.group(digit as usize)) {
                Some(group) => {
                    rest.next();
                    expanded.push_str(group);
                }
                None => expanded.push(next),
            }
        }
        expanded
    }
}
