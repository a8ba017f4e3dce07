//! What of the request decides how its answers are compared. Looked for once: a request may be long, and its answers
//! may differ in many places.

use std::collections::HashSet;

use crate::json::Value;
use switchover_rest::Call;

/// Aggregations whose algorithms differ between versions.
const ESTIMATES: [&[u8]; 4] =
    [b"percentiles", b"percentile_ranks", b"median_absolute_deviation", b"cardinality"];

/// What a request asks for.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Hits come in an order that is each index's own.
    pub(super) unordered: bool,
    /// The page is the first one.
    pub(super) first_page: bool,
    /// Times are relative to now.
    pub(super) now: bool,
    /// Names of aggregations that are estimates.
    pub(super) estimates: HashSet<String>,
}

impl Asked {
    pub(super) fn new(call: Option<Call<'_>>, request: Option<Value<'_>>) -> Self {
        let field = |name: &str| request.and_then(|request| request.get(name));
        let by_document = |sort: Value<'_>| memchr::memmem::find(sort.raw(), b"_doc").is_some();
        let zero = |from: Option<f64>| from.is_none_or(|from| from == 0.0);
        let parameter = |name| call.and_then(|call| call.parameter(name));
        let mut estimates = HashSet::new();
        if let Some(request) = request {
            estimated(request, &mut estimates);
        }
        Self {
            unordered: call.is_some_and(|call| call.is_scroll())
                || parameter("sort") == Some("_doc")
                || field("sort").is_some_and(by_document)
                || field("terminate_after").is_some(),
            first_page: zero(field("from").and_then(|from| from.number()))
                && zero(parameter("from").and_then(|from| from.parse().ok()))
                && field("search_after").is_none(),
            now: request.is_some_and(|request| memchr::memmem::find(request.raw(), b"\"now").is_some()),
            estimates,
        }
    }
}

fn estimated(value: Value<'_>, names: &mut HashSet<String>) {
    for (name, value) in value.fields() {
        if value.fields().any(|(kind, _)| ESTIMATES.contains(&kind)) {
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
        estimated(value, names);
    }
    value.items().for_each(|item| estimated(item, names));
}

/// The first field of this name in `value` or anything in it.
pub(crate) fn find<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    let inside = value.fields().map(|(_, value)| value).chain(value.items());
    value.get(name).or_else(|| inside.into_iter().find_map(|value| find(value, name)))
}
