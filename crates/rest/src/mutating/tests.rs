//! Requests as the REST specifications of the versions have them.

use super::is_mutating;

/// `METHOD target` and where it is from.
const READS: &[(&str, &str)] = &[
    ("all", "GET /"),
    ("all", "HEAD /i"),
    ("all", "OPTIONS /_bulk"),
    ("all", "POST /_search"),
    ("all", "POST /i/_search?scroll=1m"),
    ("all", "POST /i,j*/_search"),
    ("all", "POST /_all/_search"),
    ("all", "POST //i//_count"),
    ("all", "POST /i/_count"),
    ("all", "POST /_mget"),
    ("all", "POST /i/_msearch"),
    ("all", "POST /i/_validate/query?explain"),
    ("all", "POST /i/_analyze"),
    ("1 to 7", "POST /i/type/_search"),
    ("1 to 7", "POST /i/type/_mget"),
    ("1 to 7", "POST /i/type/1/_explain"),
    ("1 to 7", "POST /i/type/1/_termvectors"),
    ("1", "POST /i/type/1/_termvector"),
    ("1", "POST /i/type/1/_mlt"),
    ("1 to 4", "POST /i/_search/exists"),
    ("1 to 5", "POST /i/_suggest"),
    ("1 to 5", "POST /i/type/_percolate"),
    ("1 to 5", "POST /i/type/1/_percolate/count"),
    ("1 to 5", "POST /_mpercolate"),
    ("2 to 5", "POST /i/_field_stats"),
    ("1 to 9", "POST /_search/scroll"),
    ("1 to 6", "POST /_search/scroll/abc=="),
    ("1 to 9", "DELETE /_search/scroll"),
    ("1 to 6", "DELETE /_search/scroll/abc=="),
    ("5 on", "POST /_scripts/painless/_execute"),
    ("5 on", "POST /_ingest/pipeline/_simulate"),
    ("5 on", "POST /_ingest/pipeline/p/_simulate?verbose"),
    ("5 on", "POST /_cluster/allocation/explain"),
    ("5 on", "POST /i/_field_caps?fields=*"),
    ("6 on", "POST /i/_rank_eval"),
    ("6", "POST /_xpack/sql?format=txt"),
    ("7 on", "POST /_sql?format=json"),
    ("7 on", "POST /_sql/close"),
    ("7 on", "POST /i/_explain/1"),
    ("7 on", "POST /i/_termvectors/1"),
    ("7 on", "POST /i/_pit?keep_alive=1m"),
    ("7 on", "DELETE /_pit"),
    ("7 on", "POST /i/_async_search"),
    ("7 on", "DELETE /_async_search/FmRl"),
    ("7 on", "POST /i/_eql/search"),
    ("7 on", "POST /i/_terms_enum"),
    ("7 on", "POST /i/_mvt/location/13/4207/2692"),
    ("7 on", "POST /_index_template/_simulate_index/logs"),
    ("7 on", "POST /_security/user/_has_privileges"),
    ("8 on", "POST /i/_knn_search"),
    ("8 on", "POST /_query?format=csv"),
    ("OpenSearch", "POST /i/_search/point_in_time?keep_alive=1m"),
    ("OpenSearch", "DELETE /_search/point_in_time/_all"),
    ("OpenSearch", "POST /_plugins/_sql"),
    ("OpenSearch", "POST /_plugins/_ppl/_explain"),
    ("OpenSearch", "POST /_plugins/_asynchronous_search?index=i"),
    ("Open Distro", "POST /_opendistro/_sql"),
];

const WRITES: &[(&str, &str)] = &[
    ("all", "POST /_bulk"),
    ("all", "POST /i/_bulk?refresh"),
    ("1 to 7", "POST /i/type/_bulk"),
    ("1 to 7", "POST /i/type"),
    ("1 to 7", "PUT /i/type/1"),
    ("1 to 7", "POST /i/type/1/_update"),
    ("1 to 7", "PUT /i/type/1/_create"),
    ("1 to 7", "POST /i/t/1/_search"),
    ("1 to 5", "DELETE /i/_query"),
    ("1 to 5", "PUT /i/.percolator/1"),
    ("1", "POST /_shutdown"),
    ("7 on", "POST /i/_doc"),
    ("7 on", "POST /i/_doc/_search"),
    ("7 on", "POST /i/_create/_count"),
    ("7 on", "POST /i/_update/_count"),
    ("all", "PUT /i/_search"),
    ("all", "PUT /i"),
    ("all", "DELETE /i"),
    ("all", "DELETE /i/_search"),
    ("all", "DELETE /_search/scroll/a/b"),
    ("all", "POST /i/_delete_by_query"),
    ("all", "POST /i/_update_by_query"),
    ("all", "POST /_reindex"),
    ("all", "POST /i/_refresh"),
    ("all", "POST /_aliases"),
    ("all", "PUT /_template/t"),
    ("all", "POST /i/_close"),
    ("all", "POST /_scripts/_search"),
    ("all", "POST /_snapshot/r/s/_restore"),
    ("5 on", "PUT /_ingest/pipeline/p"),
    ("5 on", "POST /i/_rollover"),
    ("7 on", "POST /_security/api_key"),
    ("7 on", "POST /_index_template/t"),
    ("7 on", "PUT /_data_stream/d"),
    ("OpenSearch", "PUT /_plugins/_ism/policies/p"),
    ("unknown", "POST /i/%5Fsearch"),
    ("unknown", "POST http://host/_search"),
    ("unknown", "PATCH /_search"),
    ("unknown", "BREW /_search"),
    ("unknown", "POST *"),
    ("unknown", "POST "),
    ("unknown", "POST /_new_endpoint/_search"),
];

fn all(requests: &[(&str, &str)], mutating: bool) {
    for (versions, request) in requests {
        let (method, target) = request.split_once(' ').unwrap();
        assert_eq!(is_mutating(method, target.as_bytes()), mutating, "{request} ({versions})");
    }
}

#[test]
fn reads() {
    all(READS, false);
}

#[test]
fn writes_and_whatever_is_not_known() {
    all(WRITES, true);
    assert!(is_mutating("POST", b"/\xff/_search"));
}

#[test]
fn every_line_of_the_table_is_in_reach() {
    let lines: usize = super::BY_ENDPOINT.values().map(Vec::len).sum();
    assert_eq!(lines, super::READS.len());
    for (any, endpoint) in super::BY_ENDPOINT.keys() {
        assert!(*any <= super::MAX_ANY_SEGMENTS && !endpoint.is_empty(), "{endpoint}");
    }
}
