//! Which requests a rule is for.

use regex::Regex;

/// Methods and a path with wildcards.
#[derive(Debug)]
pub(super) struct Matcher {
    methods: Vec<String>,
    path: Regex,
}

/// The path and what its wildcards stand for.
#[derive(Debug)]
pub(super) struct Found(Vec<String>);

impl Matcher {
    /// `*` in `path` stands for anything within a segment, `**` for anything; no path for every path.
    pub(super) fn new(methods: Vec<String>, path: Option<&str>) -> Result<Self, String> {
        if let Some(wrong) =
            methods.iter().find(|method| method.is_empty() || **method != method.to_ascii_uppercase())
        {
            return Err(format!("'{wrong}' is not a method; expected GET, PUT, ..."));
        }
        let path = path.unwrap_or("**");
        if path != "**" && !path.starts_with('/') {
            return Err(format!("the path '{path}' does not begin with /"));
        }
        let mut pattern = "^".to_owned();
        for (at, part) in path.split("**").enumerate() {
            if at > 0 {
                pattern.push_str("(.*)");
            }
            let segments: Vec<String> = part.split('*').map(regex::escape).collect();
            pattern.push_str(&segments.join("([^/]*)"));
        }
        pattern.push('$');
        let path = Regex::new(&pattern).map_err(|error| error.to_string())?;
        Ok(Self { methods, path })
    }

    pub(super) fn matches(&self, method: &str, path: &str) -> Option<Found> {
        if !self.methods.is_empty() && !self.methods.iter().any(|known| known == method) {
            return None;
        }
        let captures = self.path.captures(path)?;
        let group = |group: Option<regex::Match<'_>>| {
            group.map_or_else(String::new, |group| group.as_str().to_owned())
        };
        Some(Found(captures.iter().map(group).collect()))
    }
}

impl Found {
    /// `$1` is the first wildcard, and so on up to `$9`; other dollars stand for themselves.
    pub(super) fn expand(&self, template: &str) -> String {
        let mut expanded = String::new();
        let mut rest = template.chars().peekable();
        while let Some(next) = rest.next() {
            let digit = (next == '$').then(|| rest.peek().and_then(|digit| digit.to_digit(10))).flatten();
            match digit.and_then(|digit| self.0.get(digit as usize)) {
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
