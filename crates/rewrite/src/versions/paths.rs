//! The table of paths. The first row that fits counts; `{type}` is a segment that no call begins with, or `_doc`.

use std::sync::LazyLock;
use switchover_rest::percent;

use super::Versions;
use crate::outcome::Stop;
use crate::request::Request;

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    /// When the source may be Elasticsearch before 5. (Later ones refuse the call, and so shall the target.)
    Before5,
    /// When the source may have had types.
    Types,
    /// As `Types`, for calls that mean "all documents of this type".
    WholeType,
    /// When the target is an OpenSearch.
    OpenSearch,
    /// When the target is an OpenSearch with points in time.
    PointInTime,
}

struct Row {
    methods: &'static [&'static str],
    from: &'static str,
    /// Method, when it changes.
    method: Option<&'static str>,
    to: &'static str,
    /// The query parameter that the index goes to.
    parameter: Option<&'static str>,
    only: Only,
}

const ANY: &[&str] = &[];
const READ: &[&str] = &["GET", "HEAD", "POST"];
const WRITE: &[&str] = &["PUT", "POST"];

const fn row(methods: &'static [&'static str], from: &'static str, to: &'static str, only: Only) -> Row {
    Row { methods, from, method: None, to, parameter: None, only }
}

const fn turned(
    methods: &'static [&'static str],
    from: &'static str,
    method: &'static str,
    to: &'static str,
    only: Only,
) -> Row {
    Row { methods, from, method: Some(method), to, parameter: None, only }
}

const ROWS: &[Row] = &[
    row(ANY, "/{index}/{type}/_bulk", "/{index}/_bulk", Only::Types),
    row(READ, "/{index}/{type}/_search", "/{index}/_search", Only::Types),
    row(READ, "/{index}/{type}/_search/template", "/{index}/_search/template", Only::Types),
    row(READ, "/{index}/{type}/_msearch", "/{index}/_msearch", Only::Types),
    row(READ, "/{index}/{type}/_msearch/template", "/{index}/_msearch/template", Only::Types),
    row(READ, "/{index}/{type}/_count", "/{index}/_count", Only::Types),
    row(READ, "/{index}/{type}/_mget", "/{index}/_mget", Only::Types),
    row(READ, "/{index}/{type}/_mtermvectors", "/{index}/_mtermvectors", Only::Types),
    row(READ, "/{index}/{type}/_search_shards", "/{index}/_search_shards", Only::Types),
    row(READ, "/{index}/{type}/_validate/query", "/{index}/_validate/query", Only::Types),
    row(&["POST"], "/{index}/{type}/_delete_by_query", "/{index}/_delete_by_query", Only::WholeType),
    row(&["POST"], "/{index}/{type}/_update_by_query", "/{index}/_update_by_query", Only::WholeType),
    row(&["GET"], "/{index}/{type}/_mapping", "/{index}/_mapping", Only::Types),
    row(&["GET"], "/{index}/_mapping/{type}", "/{index}/_mapping", Only::Types),
    row(&["GET"], "/{index}/_mappings/{type}", "/{index}/_mapping", Only::Types),
    row(&["GET"], "/_mapping/{type}", "/_mapping", Only::Types),
    row(&["GET"], "/{index}/_mapping/{type}/field/{rest}", "/{index}/_mapping/field/{rest}", Only::Types),
    row(&["GET"], "/{index}/{type}/_mapping/field/{rest}", "/{index}/_mapping/field/{rest}", Only::Types),
    row(&["GET"], "/_mapping/{type}/field/{rest}", "/_mapping/field/{rest}", Only::Types),
    turned(WRITE, "/{index}/{type}/_mapping", "PUT", "/{index}/_mapping", Only::Types),
    turned(WRITE, "/{index}/{type}/_mappings", "PUT", "/{index}/_mapping", Only::Types),
    turned(WRITE, "/{index}/_mapping/{type}", "PUT", "/{index}/_mapping", Only::Types),
    turned(WRITE, "/{index}/_mappings/{type}", "PUT", "/{index}/_mapping", Only::Types),
    turned(WRITE, "/_mapping/{type}", "PUT", "/_all/_mapping", Only::Types),
    row(&["HEAD"], "/{index}/_mapping/{type}", "/{index}", Only::Types),
    row(&["HEAD"], "/{index}/{type}", "/{index}", Only::Types),
    row(&["POST"], "/{index}/{type}", "/{index}/_doc", Only::Types),
    turned(WRITE, "/{index}/{type}/{id}/_create", "PUT", "/{index}/_create/{id}", Only::Types),
    row(&["POST"], "/{index}/{type}/{id}/_update", "/{index}/_update/{id}", Only::Types),
    row(&["GET", "HEAD"], "/{index}/{type}/{id}/_source", "/{index}/_source/{id}", Only::Types),
    row(READ, "/{index}/{type}/{id}/_explain", "/{index}/_explain/{id}", Only::Types),
    row(READ, "/{index}/{type}/{id}/_termvectors", "/{index}/_termvectors/{id}", Only::Types),
    row(READ, "/{index}/{type}/{id}/_termvector", "/{index}/_termvectors/{id}", Only::Types),
    row(ANY, "/{index}/{type}/{id}", "/{index}/_doc/{id}", Only::Types),
    turned(&["POST"], "/{index}", "PUT", "/{index}", Only::Before5),
    turned(&["GET", "POST"], "/_optimize", "POST", "/_forcemerge", Only::Before5),
    turned(&["GET", "POST"], "/{index}/_optimize", "POST", "/{index}/_forcemerge", Only::Before5),
    row(&["POST"], "/{index}/_pit", "/{index}/_search/point_in_time", Only::PointInTime),
    row(&["DELETE"], "/_pit", "/_search/point_in_time", Only::PointInTime),
    row(&["POST"], "/_async_search", "/_plugins/_asynchronous_search", Only::OpenSearch),
    Row {
        methods: &["POST"],
        from: "/{index}/_async_search",
        method: None,
        to: "/_plugins/_asynchronous_search",
        parameter: Some("index"),
        only: Only::OpenSearch,
    },
    row(&["GET", "DELETE"], "/_async_search/{id}", "/_plugins/_asynchronous_search/{id}", Only::OpenSearch),
];

/// Calls that stand where an id could, with a method that no row has: left as they are, for the target to refuse.
const NOT_AN_ID: &[&str] = &[
    "_percolate",
    "_mpercolate",
    "_suggest",
    "_warmer",
    "_status",
    "_query",
    "_settings",
    "_mlt",
    "_mapping",
    "_mappings",
    "_search",
    "_count",
    "_mget",
    "_delete_by_query",
    "_update_by_query",
];

/// What a request calls, once its path is rewritten.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// The path's segments, percent-decoded.
    pub(super) segments: Vec<String>,
    /// The index that stood in the source's path.
    pub(super) source_index: Option<String>,
    /// The type that stood in the source's path.
    pub(super) source_type: Option<String>,
    /// `include_type_name=true`.
    pub(super) includes_type_name: bool,
}

impl Call {
    /// Whether the path is made of these segments; `*` stands for any index or name.
    pub(super) fn is(&self, pattern: &[&str]) -> bool {
        self.segments.len() == pattern.len()
            && self.segments.iter().zip(pattern).all(|(segment, wanted)| match *wanted {
                "*" => !segment.starts_with('_') || segment == "_all",
                wanted => segment == wanted,
            })
    }
}

/// What the placeholders of a row stand for.
#[derive(Debug, Default)]
struct Found<'p> {
    index: Option<&'p str>,
    kind: Option<&'p str>,
    id: Option<&'p str>,
    rest: Option<&'p str>,
}

pub(super) fn rewrite(versions: &Versions, request: &mut Request<'_>) -> Result<Call, Stop> {
    let path = request.path().to_owned();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let includes_type_name = request.query().is_some_and(|query| {
        query.split('&').any(|pair| matches!(pair, "include_type_name" | "include_type_name=true"))
    });
    let mut call = Call { includes_type_name, ..Call::default() };
    let mut rows = BY_LENGTH.get(segments.len()).into_iter().flatten();
    let fitting = rows.find_map(|(row, parts)| {
        let applies = match row.only {
            Only::Before5 => versions.may_be_before(5),
            Only::Types | Only::WholeType => versions.has_types(),
            Only::OpenSearch => versions.to_opensearch(),
            Only::PointInTime => versions.target_has_pit(),
        };
        let method = row.methods.is_empty() || row.methods.contains(&request.method());
        (applies && method).then(|| found(parts, &segments)).flatten().map(|found| (row, found))
    });
    if let Some((row, found)) = fitting {
        let index = found.index.map(decoded);
        let mut target = index.clone();
        if let (Some(index), Some(kind)) = (&index, found.kind.map(decoded)) {
            if row.only == Only::WholeType
                && versions.has_several_types()
                && kind != "_doc"
                && !index.split(',').all(|index| versions.types.is_told(index))
            {
                return Err(Stop::failed(format!(
                    "{} {path} means the documents of type '{kind}' only; without types it would take the whole index. \
                     If the index holds no other type, say so in staticMappings: {{\"{index}\": {{\"{kind}\": \"{index}\"}}}}",
                    request.method()
                )));
            }
            target = versions.types.targets(index, &kind);
            if target.is_none() {
                return Err(Stop::Rejected {
                    filter: format!("type mapping: {index}/{kind} has no target index"),
                });
            }
            call.source_type = Some(kind);
        }
        call.source_index.clone_from(&index);
        let keeps = index == target;
        let index = if keeps { found.index.map(str::to_owned) } else { target.as_deref().map(encoded) };
        let index = index.unwrap_or_default();
        let fill = |segment: &str| match segment {
            "{index}" => index.clone(),
            "{id}" => found.id.unwrap_or_default().to_owned(),
            "{rest}" => found.rest.unwrap_or_default().to_owned(),
            literal => literal.to_owned(),
        };
        let to = row.to.split('/').map(fill).collect::<Vec<_>>().join("/");
        let parameter = row.parameter.map(|name| format!("{name}={index}")).unwrap_or_default();
        if !parameter.is_empty() {
            let query = request.query().map(|query| format!("{parameter}&{query}"));
            request.set_query(Some(query.unwrap_or_else(|| parameter.to_owned())));
        }
        if to.trim_matches('/') != path.trim_matches('/') {
            request.set_path(to);
        }
        if let Some(method) = row.method {
            request.set_method(method);
        }
    }
    call.segments = request.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
    if call.source_index.is_none() {
        call.source_index = call.segments.first().filter(|index| !index.starts_with('_')).cloned();
    }
    Ok(call)
}

fn decoded(segment: &str) -> String {
    percent::decode(segment).unwrap_or_else(|| segment.to_owned())
}

/// An index expression as a path segment.
fn encoded(index: &str) -> String {
    index.split(',').map(percent::encode).collect::<Vec<_>>().join(",")
}

/// A part of a row's path.
#[derive(Debug, Clone, Copy)]
enum Part {
    Index,
    Type,
    Id,
    Rest,
    Is(&'static str),
}

impl Part {
    fn of(text: &'static str) -> Self {
        match text {
            "{index}" => Self::Index,
            "{type}" => Self::Type,
            "{id}" => Self::Id,
            "{rest}" => Self::Rest,
            literal => Self::Is(literal),
        }
    }
}

/// A row with its path taken apart.
type Pattern = (&'static Row, Vec<Part>);

/// The rows by the number of parts: few are left to be looked at for a request.
static BY_LENGTH: LazyLock<Vec<Vec<Pattern>>> = LazyLock::new(|| {
    let mut by_length: Vec<Vec<_>> = Vec::new();
    for row in ROWS {
        let parts: Vec<Part> = row.from.split('/').skip(1).map(Part::of).collect();
        let length = parts.len();
        by_length.resize_with(by_length.len().max(length + 1), Vec::new);
        if let Some(rows) = by_length.get_mut(length) {
            rows.push((row, parts));
        }
    }
    by_length
});

fn found<'p>(parts: &[Part], segments: &[&'p str]) -> Option<Found<'p>> {
    let mut found = Found::default();
    for (part, segment) in parts.iter().zip(segments.iter().copied()) {
        match part {
            Part::Index if !segment.starts_with('_') || segment == "_all" => found.index = Some(segment),
            Part::Type if !segment.starts_with('_') || segment == "_doc" => found.kind = Some(segment),
            Part::Id if !NOT_AN_ID.contains(&segment) => found.id = Some(segment),
            Part::Rest => found.rest = Some(segment),
            Part::Is(literal) if *literal == segment => {}
            _ => return None,
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the row's text, whatever its length.
    fn fits(pattern: &str, segments: &[&str]) -> bool {
        let wanted: Vec<&str> = pattern.split('/').skip(1).collect();
        wanted.len() == segments.len()
            && wanted.iter().zip(segments).all(|(wanted, segment)| match *wanted {
                "{index}" => !segment.starts_with('_') || *segment == "_all",
                "{type}" => !segment.starts_with('_') || *segment == "_doc",
                "{id}" => !NOT_AN_ID.contains(segment),
                "{rest}" => true,
                literal => literal == *segment,
            })
    }

    proptest! {
        #[test]
        fn the_rows_found_are_those_that_fit_in_their_order(
            segments in proptest::collection::vec(
                proptest::sample::select(vec![
                    "a", "_all", "_doc", "t", "_bulk", "_search", "_mapping", "field", "_create", "_update", "_pit", "template",
                    "_async_search", "_source", "_optimize", "_validate", "query",
                ]),
                0..7,
            ),
        ) {
            let slow: Vec<&str> =
                ROWS.iter().map(|row| row.from).filter(|from| fits(from, &segments)).collect();
            let rows = BY_LENGTH.get(segments.len()).into_iter().flatten();
            let fast: Vec<&str> = rows
                .filter(|(_, parts)| found(parts, &segments).is_some())
                .map(|(row, _)| row.from)
                .collect();
            prop_assert_eq!(fast, slow);
        }
    }
}
