//! Which requests a rule is for.

use crate::wildcards::{Found, Wildcards};

/// Methods and a path with wildcards.
#[derive(Debug)]
pub(super) struct Matcher {
    methods: Vec<String>,
    path: Wildcards,
}

impl Matcher {
    /// No path: every path.
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
        Ok(Self { methods, path: Wildcards::new(path)? })
    }

    pub(super) fn matches(&self, method: &str, path: &str) -> Option<Found> {
        if !self.methods.is_empty() && !self.methods.iter().any(|known| known == method) {
            return None;
        }
        self.path.captures(path)
    }
}
