//! The table of query parameters that OpenSearch refuses ("contains unrecognized parameter").

use super::paths::Call;
use crate::request::Request;

/// What becomes of a parameter.
#[derive(Debug, Clone, Copy)]
enum Becomes {
    /// It goes: it says what is always so now, or what no target can do.
    Nothing,
    /// Another name.
    Named(&'static str),
    /// Another parameter, when the value is this one.
    When(&'static str, &'static str),
}

/// Where a row counts.
#[derive(Debug, Clone, Copy)]
enum On {
    Any,
    Documents,
    Searches,
    Gets,
    Admin,
}

const ROWS: &[(&str, On, Becomes)] = &[
    // Types, Elasticsearch 6.7 to 7.
    ("include_type_name", On::Any, Becomes::Nothing),
    // Until Elasticsearch 6.
    ("_source_include", On::Any, Becomes::Named("_source_includes")),
    ("_source_exclude", On::Any, Becomes::Named("_source_excludes")),
    ("parent", On::Documents, Becomes::Named("routing")),
    ("update_all_types", On::Admin, Becomes::Nothing),
    // Until Elasticsearch 5.
    ("ttl", On::Documents, Becomes::Nothing),
    ("timestamp", On::Documents, Becomes::Nothing),
    ("lowercase_expanded_terms", On::Searches, Becomes::Nothing),
    ("locale", On::Searches, Becomes::Nothing),
    // Until Elasticsearch 4 (2.x).
    ("fields", On::Gets, Becomes::Named("stored_fields")),
    ("fields", On::Searches, Becomes::Named("stored_fields")),
    ("consistency", On::Documents, Becomes::Nothing),
    ("search_type", On::Searches, Becomes::When("count", "size=0")),
    ("ignore_conflicts", On::Admin, Becomes::Nothing),
    ("wait_for_merge", On::Admin, Becomes::Nothing),
    // Until Elasticsearch 1.
    ("replication", On::Documents, Becomes::Nothing),
    ("percolate", On::Documents, Becomes::Nothing),
    ("query_cache", On::Searches, Becomes::Named("request_cache")),
    // Elasticsearch 7.11 and later.
    ("min_compatible_shard_node", On::Searches, Becomes::Nothing),
    ("enable_fields_emulation", On::Searches, Becomes::Nothing),
    ("features", On::Admin, Becomes::Nothing),
    ("force_synthetic_source", On::Any, Becomes::Nothing),
    ("list_executed_pipelines", On::Documents, Becomes::Nothing),
    ("require_data_stream", On::Documents, Becomes::Nothing),
    ("include_source_on_error", On::Documents, Becomes::Nothing),
];

pub(super) fn rewrite(request: &mut Request<'_>, call: &Call) {
    let Some(query) = request.query() else { return };
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let mut kept: Vec<String> = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let row = ROWS.iter().find(|(wanted, on, _)| *wanted == name && applies(*on, call));
        match row.map(|(.., becomes)| *becomes) {
            None => kept.push(pair.to_owned()),
            Some(Becomes::Nothing) => {}
            // The newer name wins where both are given.
            Some(Becomes::Named(new)) if has(new) => {}
            Some(Becomes::Named(new)) => kept.push(format!("{new}={value}")),
            Some(Becomes::When(wanted, new)) if value == wanted => kept.push(new.to_owned()),
            Some(Becomes::When(..)) => kept.push(pair.to_owned()),
        }
    }
    let kept = kept.join("&");
    if kept != query {
        request.set_query(Some(kept));
    }
}

fn applies(on: On, call: &Call) -> bool {
    let calls = match call.segments.split_first() {
        // Behind an index.
        Some((index, rest)) if !index.starts_with('_') || index == "_all" => rest,
        _ => call.segments.as_slice(),
    };
    let has = |names: &[&str]| calls.first().is_some_and(|call| names.contains(&call.as_str()));
    match on {
        On::Any => true,
        On::Documents => {
            has(&["_doc", "_create", "_update", "_bulk", "_source", "_mget", "_explain", "_termvectors"])
        }
        On::Searches => has(&["_search", "_msearch", "_count", "_validate"]),
        On::Gets => has(&["_doc", "_mget"]),
        On::Admin => call.segments.len() == 1 || has(&["_mapping", "_template", "_forcemerge"]),
    }
}
