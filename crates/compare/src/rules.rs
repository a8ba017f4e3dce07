//! The names of what is expected to differ, and the lists that the rules go by. docs/comparison.md explains each.

/// `_type` of a document, which the target no longer has.
pub(crate) const TYPES_REMOVED: &str = "mapping types removed";
/// `hits.total` as a number and as an object.
pub(crate) const TOTAL_SHAPE: &str = "hits.total as number or object";
/// Scores of OpenSearch 3, which no longer multiplies by k1 + 1.
pub(crate) const BM25_FACTOR: &str = "BM25 without its constant factor";
/// Scores of hits that all rank equally, on both sides.
pub(crate) const UNIFORM_SCORE: &str = "one score for all hits, of another scale";
/// A page that ends among hits that rank equally.
pub(crate) const CUT_BY_PAGE: &str = "page cuts through equally ranked hits";
/// Hits of a scroll, of `sort: _doc` or of `terminate_after`.
pub(crate) const INDEX_ORDER: &str = "hits in the index's own order";
/// A field that only newer versions have.
pub(crate) const ADDED_FIELD: &str = "field added by the product";
/// A field that only older versions have.
pub(crate) const REMOVED_FIELD: &str = "field removed by the product";
/// An item of a bulk: `index` without an id, which versions up to 2 answer as `create`.
pub(crate) const ITEM_NAME: &str = "bulk item named create";
/// `max_score` of collapsed or sorted hits.
pub(crate) const MAX_SCORE: &str = "max_score given by one product only";
/// An error type that has another name.
pub(crate) const ERROR_NAME: &str = "error type renamed";
/// Percentiles and other aggregations that are estimates.
pub(crate) const ESTIMATE: &str = "estimated aggregation";
/// Times relative to `now`.
pub(crate) const NOW: &str = "relative to now";
/// Name, version and build in `GET /`.
pub(crate) const PRODUCT: &str = "product and version";
/// `explain` and `profile`.
pub(crate) const EXPLANATION: &str = "explanation or profile";
/// A deprecation warning of one product.
pub(crate) const WARNING: &str = "deprecation warning";
/// A field that differed between two answers of the source.
pub(crate) const NOISE: &str = "learnt noise";
/// Items of a bulk that a type mapping leaves out.
pub(crate) const ITEMS_LEFT_OUT: &str = "items of a bulk left out by a type mapping";
/// Settings that products keep for themselves.
pub(crate) const SETTING: &str = "internal index setting";

/// Fields of an answer that differ between any two clusters: not compared, and not counted.
pub(crate) const IGNORED: [&str; 20] = [
    "took",
    "ingest_took",
    "throttled_millis",
    "throttled_until_millis",
    "num_reduce_phases",
    "_shards",
    "_seq_no",
    "_primary_term",
    "_scroll_id",
    "pit_id",
    "_node",
    "_shard",
    "node",
    "nodes",
    "cluster_name",
    "cluster_uuid",
    "uuid",
    "index_uuid",
    "_ingest",
    "doc_count_error_upper_bound",
];
/// What an index says of its making.
pub(crate) const IGNORED_ADMIN: [&str; 10] = [
    "creation_date",
    "creation_date_string",
    "created_string",
    "version",
    "history_uuid",
    "index.creation_date",
    "index.creation_date_string",
    "index.uuid",
    "index.version.created",
    "index.version.created_string",
];
/// Fields that newer products add.
pub(crate) const ADDED: [&str; 3] = ["phase_took", "discovered_master", "discovered_cluster_manager"];
/// Settings that one product writes and the other does not know.
pub(crate) const SETTINGS: [&str; 4] =
    ["replication", "index.replication.type", "replication.type", "_tier_preference"];
/// Metadata fields that `_field_caps` lists.
pub(crate) const METADATA_FIELDS: [&str; 5] =
    ["_data_stream_timestamp", "_doc_count", "_nested_path", "_type", "_tier"];

/// Error types that are the same under another name, source's first.
const RENAMED: [(&str, &str); 6] = [
    ("illegal_argument_exception", "settings_exception"),
    // Up to version 5, 5, 1 and 2.
    ("document_already_exists_exception", "version_conflict_engine_exception"),
    ("index_already_exists_exception", "resource_already_exists_exception"),
    ("index_missing_exception", "index_not_found_exception"),
    ("query_parsing_exception", "parsing_exception"),
    ("type_missing_exception", "mapper_parsing_exception"),
];

/// Whether two error types mean the same.
pub(crate) fn same_error(source: &str, target: &str) -> bool {
    unprefixed(source) == unprefixed(target) || RENAMED.contains(&(source, target))
}

/// An error type without the product's name: `elasticsearch_parse_exception`, `opensearch_parse_exception`.
fn unprefixed(error: &str) -> &str {
    ["elasticsearch_", "opensearch_", "open_search_", "es_"]
        .iter()
        .find_map(|product| error.strip_prefix(product))
        .unwrap_or(error)
}
