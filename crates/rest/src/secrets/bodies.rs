//! Which requests carry secrets in their bodies or get them in their answers.
//!
//! The table errs on the side of secrecy: what is about users, keys and places to send messages to is secret as a
//! whole. Calls that also say what a migration must know (settings, repositories, copying from another cluster) are
//! looked into.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::percent;

/// What the bodies of a request and of its answer may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// Nothing that is known to be a secret.
    Open,
    /// JSON in which some values are secrets; see [`super::without_secret_values`].
    Mixed {
        /// Only within the object of this name.
        within: Option<&'static str>,
    },
    /// Users, passwords, keys.
    Secret,
}

const MIXED: Bodies = Bodies::Mixed { within: None };
/// Of another cluster, to copy from.
const IN_REMOTE: Bodies = Bodies::Mixed { within: Some("remote") };

/// Paths, of Elasticsearch 1 to 9, OpenSearch 1 to 3 and what was added to them. `*` is any one segment, `**` at the
/// end any number.
const TABLE: [(&str, Bodies); 30] = [
    // users, roles, tokens and keys
    ("_security/**", Bodies::Secret),
    ("_xpack/security/**", Bodies::Secret),
    ("_shield/**", Bodies::Secret),
    ("_searchguard/**", Bodies::Secret),
    ("_opendistro/_security/**", Bodies::Secret),
    ("_plugins/_security/**", Bodies::Secret),
    ("_readonlyrest/**", Bodies::Secret),
    ("_idp/**", Bodies::Secret),
    // keystores and certificates
    ("_nodes/reload_secure_settings", Bodies::Secret),
    ("_nodes/*/reload_secure_settings", Bodies::Secret),
    ("_ssl/**", Bodies::Secret),
    ("_xpack/ssl/**", Bodies::Secret),
    // who is told of what, and how: passwords of mail servers, addresses that are secrets themselves
    ("_watcher/**", Bodies::Secret),
    ("_xpack/watcher/**", Bodies::Secret),
    ("_signals/**", Bodies::Secret),
    ("_opendistro/_alerting/destinations/**", Bodies::Secret),
    ("_plugins/_alerting/destinations/**", Bodies::Secret),
    ("_plugins/_notifications/**", Bodies::Secret),
    // what reads from elsewhere
    ("_logstash/**", Bodies::Secret),
    ("_connector/**", Bodies::Secret),
    ("_fleet/secret/**", Bodies::Secret),
    ("_inference/**", MIXED),
    ("_plugins/_ml/connectors/**", MIXED),
    ("_opendistro/_ml/connectors/**", MIXED),
    ("_plugins/_query/_datasources/**", MIXED),
    // settings and repositories: old versions have the keys of a bucket in them
    ("_cluster/settings", MIXED),
    ("_cluster/state/**", MIXED),
    ("_snapshot", MIXED),
    ("_snapshot/*", MIXED),
    ("_reindex", IN_REMOTE),
];
/// Indices in which the same things are kept, by the beginnings of their names.
const INDICES: [&str; 12] = [
    ".security",
    ".opendistro_security",
    ".opendistro-alerting-config",
    ".opensearch-notifications",
    ".searchguard",
    "searchguard",
    ".watches",
    ".triggered_watches",
    ".logstash",
    ".plugins-ml-config",
    ".fleet-secrets",
    ".connector-secrets",
];

/// The table by first segment.
static BY_FIRST: LazyLock<HashMap<&str, Vec<(&str, Bodies)>>> = LazyLock::new(|| {
    let mut by_first = HashMap::<_, Vec<_>>::new();
    for (pattern, bodies) in TABLE {
        let (first, rest) = pattern.split_once('/').unwrap_or((pattern, ""));
        by_first.entry(first).or_default().push((rest, bodies));
    }
    by_first
});

/// What the bodies of a request to this raw target may hold, and those of its answer.
#[must_use]
pub fn bodies(target: &[u8]) -> Bodies {
    let Some(path) = path(target) else { return Bodies::Open };
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let Some(first) = segments.next() else { return Bodies::Open };
    if !first.starts_with('_') {
        let secret = first.split(',').any(is_secret_index);
        return if secret { Bodies::Secret } else { Bodies::Open };
    }
    let Some(patterns) = BY_FIRST.get(first) else { return Bodies::Open };
    let found = patterns.iter().find(|(pattern, _)| matches(pattern, segments.clone()));
    found.map_or(Bodies::Open, |(_, bodies)| *bodies)
}

fn matches<'a>(pattern: &str, mut path: impl Iterator<Item = &'a str>) -> bool {
    for wanted in pattern.split('/').filter(|segment| !segment.is_empty()) {
        match (wanted, path.next()) {
            ("**", _) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

/// An index of [`INDICES`], an expression that may mean one, or one that is to be left out.
fn is_secret_index(name: &str) -> bool {
    let name = name.strip_prefix('<').unwrap_or(name);
    if name == "searchguard" {
        return true;
    }
    let known = name.split('*').next().unwrap_or_default();
    let cut = known.len() < name.len();
    known.starts_with('.')
        && INDICES.iter().any(|index| known.starts_with(index) || (cut && index.starts_with(known)))
}

/// The path of a target in any form, decoded; what is no UTF-8 in it is replaced.
fn path(target: &[u8]) -> Option<Cow<'_, str>> {
    let end = target.iter().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(target.len());
    let mut path = target.get(..end)?;
    if !path.starts_with(b"/") {
        // With scheme and host before it, or `*`.
        let authority = path.windows(3).position(|three| three == b"://")? + 3;
        let slash = path.get(authority..)?.iter().position(|byte| *byte == b'/')?;
        path = path.get(authority + slash..)?;
    }
    // Most paths are of neither kind, and this is asked for each request.
    let mut starts = path.iter().copied().skip_while(|byte| *byte == b'/');
    if !path.contains(&b'%')
        && !path.contains(&b',')
        && !matches!(starts.next(), Some(b'_' | b'.' | b's' | b'<'))
    {
        return None;
    }
    let text = String::from_utf8_lossy(path);
    if !text.contains('%') {
        return Some(text);
    }
    percent::decode(&text).map(Cow::Owned).or(Some(text))
}

#[cfg(test)]
mod tests;
