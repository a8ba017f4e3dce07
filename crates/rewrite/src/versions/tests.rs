//! Each row of the tables: method, target and body in; method, target and body out.

use std::borrow::Cow;
use std::collections::HashMap;

use super::*;
use crate::headers::Headers;

fn request<'a>(line: &'a str, headers: &'a [&'a str], body: &'a str) -> Request<'a> {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers: Headers<'_> = headers.iter().map(|line| line.as_bytes()).collect();
    Request::new(method, path, query, headers, Cow::Borrowed(body.as_bytes()), |_, _| Err("coded".to_owned()))
}

fn rewritten_by(versions: &Versions, line: &str, body: &str) -> Result<(String, String), Stop> {
    let mut request = request(line, &["Content-Type: application/json"], body);
    versions.rewrite(&mut request)?;
    let line_now = format!("{} {}", request.method(), request.target());
    let body_now = String::from_utf8(request.body().unwrap().to_vec()).unwrap();
    assert_eq!(request.edited().line, line_now != line, "{line}");
    assert_eq!(request.edited().body, body_now != body, "{line} {body_now}");
    Ok((line_now, body_now))
}

fn rewritten(line: &str, body: &str) -> (String, String) {
    rewritten_by(&Versions::default(), line, body).unwrap()
}

fn version(text: &str) -> Option<Version> {
    Some(text.parse().unwrap())
}

#[test]
fn paths() {
    for (line, wanted) in [
        ("PUT /a/t/1", "PUT /a/_doc/1"),
        ("GET /a/t/1?routing=x", "GET /a/_doc/1?routing=x"),
        ("DELETE /a/t/1", "DELETE /a/_doc/1"),
        ("HEAD /a/t/1", "HEAD /a/_doc/1"),
        ("PUT /a/t/x%2Fy%20{rest}", "PUT /a/_doc/x%2Fy%20{rest}"),
        ("POST /a/t", "POST /a/_doc"),
        ("POST /a/t/", "POST /a/_doc"),
        ("POST /a/t/1/_update", "POST /a/_update/1"),
        ("POST /a/_doc/1/_update?retry_on_conflict=3", "POST /a/_update/1?retry_on_conflict=3"),
        ("PUT /a/t/1/_create", "PUT /a/_create/1"),
        ("POST /a/t/1/_create", "PUT /a/_create/1"),
        ("GET /a/t/1/_source", "GET /a/_source/1"),
        ("GET /a/t/1/_explain", "GET /a/_explain/1"),
        ("GET /a/t/1/_termvector", "GET /a/_termvectors/1"),
        ("GET /a/t/1/_termvectors", "GET /a/_termvectors/1"),
        ("POST /a/t/_search", "POST /a/_search"),
        ("GET /a,b/t,u/_search?size=1", "GET /a,b/_search?size=1"),
        ("GET /logs-*/t/_search", "GET /logs-*/_search"),
        ("GET /_all/t/_count", "GET /_all/_count"),
        ("POST /a/t/_search/template", "POST /a/_search/template"),
        ("POST /a/t/_msearch", "POST /a/_msearch"),
        ("POST /a/t/_msearch/template", "POST /a/_msearch/template"),
        ("POST /a/t/_count", "POST /a/_count"),
        ("POST /a/t/_mget", "POST /a/_mget"),
        ("POST /a/t/_mtermvectors", "POST /a/_mtermvectors"),
        ("GET /a/t/_search_shards", "GET /a/_search_shards"),
        ("GET /a/t/_validate/query?q=x", "GET /a/_validate/query?q=x"),
        ("POST /a/_doc/_delete_by_query", "POST /a/_delete_by_query"),
        ("POST /a/t/_bulk?refresh=true", "POST /a/_bulk?refresh=true"),
        ("PUT /a/_mapping/t", "PUT /a/_mapping"),
        ("PUT /a/t/_mapping", "PUT /a/_mapping"),
        ("POST /a/t/_mappings", "PUT /a/_mapping"),
        ("POST /a/_mappings/t", "PUT /a/_mapping"),
        ("PUT /_mapping/t", "PUT /_all/_mapping"),
        ("GET /a/_mapping/t", "GET /a/_mapping"),
        ("GET /a/_mappings/t", "GET /a/_mapping"),
        ("GET /a/t/_mapping", "GET /a/_mapping"),
        ("GET /_mapping/t", "GET /_mapping"),
        ("GET /a/_mapping/t/field/f", "GET /a/_mapping/field/f"),
        ("GET /a/t/_mapping/field/f", "GET /a/_mapping/field/f"),
        ("GET /_mapping/t/field/f", "GET /_mapping/field/f"),
        ("HEAD /a/_mapping/t", "HEAD /a"),
        ("HEAD /a/t", "HEAD /a"),
        ("POST /a", "PUT /a"),
        ("GET /_optimize", "POST /_forcemerge"),
        ("POST /a/_optimize?max_num_segments=1", "POST /a/_forcemerge?max_num_segments=1"),
        ("POST /a/_pit?keep_alive=1m", "POST /a/_search/point_in_time?keep_alive=1m"),
        ("DELETE /_pit", "DELETE /_search/point_in_time"),
        ("POST /_async_search?size=1", "POST /_plugins/_asynchronous_search?size=1"),
        ("POST /a/_async_search?size=1", "POST /_plugins/_asynchronous_search?index=a&size=1"),
        ("GET /_async_search/X", "GET /_plugins/_asynchronous_search/X"),
        ("DELETE /_async_search/X", "DELETE /_plugins/_asynchronous_search/X"),
    ] {
        assert_eq!(rewritten(line, "").0, wanted, "{line}");
    }
}

#[test]
fn paths_that_stay() {
    for line in [
        "GET /",
        "PUT /a",
        "DELETE /a",
        "GET /a/_doc/1",
        "POST /a/_doc",
        "POST /a/_doc/",
        "POST /a/_update/1",
        "POST /a/_update/_x",
        "PUT /a/_create/1",
        "GET /a/_source/1",
        "POST /a/_search",
        "POST /a/_search/template",
        "POST /_bulk",
        "PUT /a/_alias/x",
        "PUT /a/_settings",
        "GET /a/_mapping/field/f",
        "PUT /_ingest/pipeline/p",
        "PUT /_ilm/policy/p",
        "PUT /_snapshot/r/s",
        "PUT /_scripts/s",
        "PUT /_template/t1",
        "PUT /_index_template/t1",
        "POST /_search/scroll",
        "GET /_cat/indices/a",
        "GET /_nodes/a/stats",
        "POST /a/_delete_by_query",
        // The whole type with its documents, in Elasticsearch 1.
        "DELETE /a/t",
        "DELETE /a/t/_mapping",
        "GET /a/t/_percolate",
    ] {
        assert_eq!(rewritten(line, "").0, line);
    }
}

#[test]
fn parameters() {
    for (line, wanted) in [
        ("PUT /a?include_type_name=true&q=1", "PUT /a?q=1"),
        ("GET /a/_mapping?include_type_name", "GET /a/_mapping"),
        (
            "GET /a/_doc/1?_source_include=x&_source_exclude=y",
            "GET /a/_doc/1?_source_includes=x&_source_excludes=y",
        ),
        ("PUT /a/c/1?parent=p%201", "PUT /a/_doc/1?routing=p%201"),
        ("PUT /a/c/1?parent=p&routing=r", "PUT /a/_doc/1?routing=r"),
        ("PUT /a/t/1?ttl=1d&timestamp=1&refresh=true", "PUT /a/_doc/1?refresh=true"),
        ("PUT /a/_mapping/t?update_all_types&ignore_conflicts=true", "PUT /a/_mapping"),
        ("PUT /a/t/1?consistency=one&replication=async&percolate=*", "PUT /a/_doc/1"),
        ("GET /a/_search?q=A*&lowercase_expanded_terms=false&locale=de", "GET /a/_search?q=A*"),
        ("GET /a/t/1?fields=a,b", "GET /a/_doc/1?stored_fields=a,b"),
        ("GET /a/_search?fields=a", "GET /a/_search?stored_fields=a"),
        ("GET /_search?search_type=count", "GET /_search?size=0"),
        ("GET /_search?search_type=dfs_query_then_fetch", "GET /_search?search_type=dfs_query_then_fetch"),
        ("GET /_search?query_cache=true", "GET /_search?request_cache=true"),
        ("POST /a/_optimize?wait_for_merge=true", "POST /a/_forcemerge"),
        ("GET /_search?min_compatible_shard_node=7.11.0", "GET /_search"),
        ("GET /a/_search?enable_fields_emulation=true", "GET /a/_search"),
        ("GET /a?features=aliases", "GET /a"),
        ("GET /a/_doc/1?force_synthetic_source=true", "GET /a/_doc/1"),
        ("POST /_bulk?list_executed_pipelines=true&require_data_stream=false", "POST /_bulk"),
        ("PUT /a/_doc/1?include_source_on_error=false", "PUT /a/_doc/1"),
        // Where the name means something else.
        ("GET /a/_field_caps?fields=*", "GET /a/_field_caps?fields=*"),
        ("GET /_cat/indices?parent=1&locale", "GET /_cat/indices?parent=1&locale"),
    ] {
        assert_eq!(rewritten(line, "").0, wanted, "{line}");
    }
}

#[test]
fn bulks() {
    for (line, body, wanted) in [
        (
            "POST /_bulk",
            "{\"delete\":{\"_index\":\"a\",\"_type\":\"t\",\"_id\":\"1\"}}\n",
            "{\"delete\":{\"_index\":\"a\",\"_id\":\"1\"}}\n",
        ),
        (
            "POST /a/t/_bulk",
            "{ \"index\" : { } }\r\n{\"n\":1.10,\"_type\":\"x\"}\r\n{\"create\":{\"_index\":\"b\",\"_type\":\"u\"}}\n{}\n",
            "{ \"index\" : { } }\r\n{\"n\":1.10,\"_type\":\"x\"}\r\n{\"create\":{\"_index\":\"b\"}}\n{}\n",
        ),
        (
            "POST /_bulk",
            "{\"update\":{\"_id\":\"1\",\"_retry_on_conflict\":3,\"_type\":\"t\"}}\n{\"script\":{\"inline\":\"ctx.op='none'\"}}\n",
            "{\"update\":{\"_id\":\"1\",\"retry_on_conflict\":3}}\n{\"script\":{\"source\":\"ctx.op='none'\"}}\n",
        ),
        (
            "POST /_bulk",
            "{\"index\":{\"_parent\":\"p\",\"_routing\":\"r\",\"_version\":2,\"_version_type\":\"external\",\"_ttl\":\"1d\",\"_timestamp\":1}}\n{}\n",
            "{\"index\":{\"routing\":\"r\",\"version\":2,\"version_type\":\"external\"}}\n{}\n",
        ),
        ("POST /_bulk", "{\"index\":{\"parent\":\"p\"}}\n{}\n", "{\"index\":{\"routing\":\"p\"}}\n{}\n"),
        (
            "POST /_bulk",
            "{\"index\":{\"routing\":\"r\",\"parent\":\"p\"}}\n{}\n",
            "{\"index\":{\"routing\":\"r\"}}\n{}\n",
        ),
        (
            "POST /_bulk",
            "{\"index\":{\"_type\":\"t\"}}\n{}\nbroken\n",
            "{\"index\":{\"_type\":\"t\"}}\n{}\nbroken\n",
        ),
        (
            "POST /_bulk",
            "{\"index\":{\"_id\":\"1\"}}\n{\"a\": 1}\n",
            "{\"index\":{\"_id\":\"1\"}}\n{\"a\": 1}\n",
        ),
    ] {
        assert_eq!(rewritten(line, body).1, wanted, "{line} {body}");
    }
}

#[test]
fn other_bodies() {
    for (line, body, wanted) in [
        (
            "POST /a/t/_msearch",
            "{}\n{\"query\": {}}\n\n{}\n{\"index\":\"b\", \"type\":[\"t\"]}\n{\"size\":1.0}\n",
            "{}\n{\"query\": {}}\n\n{}\n{\"index\":\"b\"}\n{\"size\":1.0}\n",
        ),
        ("POST /_msearch/template", "{\"types\":\"t\"}\n{\"id\":\"x\"}\n", "{}\n{\"id\":\"x\"}\n"),
        (
            "GET /_mget",
            r#"{"docs":[{"_index":"a","_type":"t","_id":"1","_routing":"r"},{"_id":"2"}]}"#,
            r#"{"docs":[{"_index":"a","_id":"1","routing":"r"},{"_id":"2"}]}"#,
        ),
        ("POST /a/t/_mget", r#"{"ids": ["1"]}"#, r#"{"ids": ["1"]}"#),
        ("POST /a/_mtermvectors", r#"{"docs":[{"_type":"t","_id":"1"}]}"#, r#"{"docs":[{"_id":"1"}]}"#),
        (
            "POST /a/_search",
            r#"{"query":{"terms":{"user":{"index":"u", "type":"t", "id":"2", "path":"f"}}},"type":"x"}"#,
            r#"{"query":{"terms":{"user":{"index":"u", "id":"2", "path":"f"}}},"type":"x"}"#,
        ),
        (
            "POST /_search",
            r#"{"query":{"more_like_this":{"like":[{"_index":"a","_type":"t","_id":"1"}]}}}"#,
            r#"{"query":{"more_like_this":{"like":[{"_index":"a","_id":"1"}]}}}"#,
        ),
        (
            "POST /a/t/1/_update",
            r#"{"script": {"inline":"x", "lang":"painless"},"scripted_upsert":true}"#,
            r#"{"script": {"source":"x", "lang":"painless"},"scripted_upsert":true}"#,
        ),
        ("POST /a/_update/1", r#"{"doc":{"a":1.10}}"#, r#"{"doc":{"a":1.10}}"#),
        (
            "POST /_reindex",
            r#"{"source":{"index":"a"},"dest":{"index":"b","type":"t"}}"#,
            r#"{"source":{"index":"a"},"dest":{"index":"b"}}"#,
        ),
        ("POST /_search/scroll?scroll=1m", "DXF1ZXJ5==\n", r#"{"scroll_id":"DXF1ZXJ5=="}"#),
        ("DELETE /_search/scroll", "a,b", r#"{"scroll_id":["a","b"]}"#),
        ("DELETE /_pit", r#"{"id":"p1"}"#, r#"{"pit_id":["p1"]}"#),
    ] {
        assert_eq!(rewritten(line, body).1, wanted, "{line} {body}");
    }
}

#[test]
fn mappings() {
    for (line, body, wanted) in [
        (
            "PUT /a?include_type_name=true",
            r#"{"settings":{ "x":1.10 },"mappings":{ "t" :{"properties":{ "f":{"type":"long"}}}}}"#,
            r#"{"settings":{ "x":1.10 },"mappings":{"properties":{ "f":{"type":"long"}}}}"#,
        ),
        (
            "PUT /a",
            r#"{"mappings":{"properties":{"t":{"type":"long"}}}}"#,
            r#"{"mappings":{"properties":{"t":{"type":"long"}}}}"#,
        ),
        (
            "PUT /a",
            r#"{"mappings":{"_meta":{},"dynamic":"strict"}}"#,
            r#"{"mappings":{"_meta":{},"dynamic":"strict"}}"#,
        ),
        ("PUT /a", r#"{"mappings":{"_doc":{}}}"#, r#"{"mappings":{}}"#),
        (
            "PUT /a",
            r#"{"mappings":{"_default_":{"dynamic":"false"}}}"#,
            r#"{"mappings":{"dynamic":"false"}}"#,
        ),
        (
            "PUT /a",
            r#"{"mappings":{"_default_":{"dynamic":"false","properties":{"z":{"type":"date"}}},"t":{"properties":{"o":{"properties":{"x":{"type":"long"}}}}},"u":{"properties":{"o":{"properties":{"y":{"type":"long"}}}},"dynamic":"true"}}}"#,
            r#"{"mappings":{"properties":{"o":{"properties":{"x":{"type":"long"},"y":{"type":"long"}}},"z":{"type":"date"}},"dynamic":"true"}}"#,
        ),
        (
            "PUT /a/_mapping/t",
            r#"{"t":{"properties":{"f":{"type":"long"}}}}"#,
            r#"{"properties":{"f":{"type":"long"}}}"#,
        ),
        (
            "PUT /a/t/_mapping",
            r#"{"properties":{"f":{"type":"long"}}}"#,
            r#"{"properties":{"f":{"type":"long"}}}"#,
        ),
        ("PUT /a/_mapping", r#"{"properties":{}}"#, r#"{"properties":{}}"#),
        (
            "PUT /_template/x",
            r#"{"template": "logs-*", "order":0,"mappings":{"t":{"_source":{"enabled":true}}}}"#,
            r#"{"index_patterns": ["logs-*"], "order":0,"mappings":{"_source":{"enabled":true}}}"#,
        ),
        ("POST /a/_rollover", r#"{"mappings":{"t":{"properties":{}}}}"#, r#"{"mappings":{"properties":{}}}"#),
        ("PUT /a", "not json", "not json"),
    ] {
        assert_eq!(rewritten(line, body).1, wanted, "{line} {body}");
    }
    let conflict =
        r#"{"mappings":{"t":{"properties":{"f":{"type":"long"}}},"u":{"properties":{"f":{"type":"text"}}}}}"#;
    let stop = rewritten_by(&Versions::default(), "PUT /a", conflict).unwrap_err();
    assert!(stop.to_string().contains("type 'u' defines 'properties.f' unlike another"), "{stop}");
}

#[test]
fn calls_that_mean_one_type_only_are_not_widened() {
    let reindex = r#"{"source":{"index":"a","type":"t"},"dest":{"index":"b"}}"#;
    let told = [("a".to_owned(), [("t".to_owned(), "a".to_owned())].into())];
    let told = Versions::new(None, None, TypeRouting::new(told.into(), None).unwrap());
    for (line, body) in [
        ("POST /a/t/_delete_by_query", "{}"),
        ("POST /a/t/_update_by_query", "{}"),
        ("POST /_reindex", reindex),
    ] {
        let stop = rewritten_by(&Versions::default(), line, body).unwrap_err();
        assert!(
            matches!(&stop, Stop::Failed { reason } if reason.contains("staticMappings")),
            "{line}: {stop}"
        );
        let (path, body) = rewritten_by(&told, line, body).unwrap();
        assert!(!path.contains("/t/") && !body.contains("type"), "{path} {body}");
    }
    let seven = Versions::new(version("ES 7.10"), None, TypeRouting::default());
    assert_eq!(rewritten_by(&seven, "POST /a/t/_delete_by_query", "").unwrap().0, "POST /a/_delete_by_query");
}

#[test]
fn types_with_indices_of_their_own() {
    let named = |kind: &str, target: &str| (kind.to_owned(), target.to_owned());
    let named = [("a".to_owned(), [named("t", "a_t"), named("u", "a")].into())];
    let patterns = vec![("(logs.*)".to_owned(), "(.+)".to_owned(), "$1_$2".to_owned())];
    let types = TypeRouting::new(HashMap::from(named), Some(patterns)).unwrap();
    let split = Versions::new(None, None, types);
    for (line, body, wanted_line, wanted_body) in [
        ("PUT /a/t/1", "{}", "PUT /a_t/_doc/1", "{}"),
        ("GET /a/t,u/_search", "", "GET /a_t,a/_search", ""),
        ("PUT /logs-1/web/1", "", "PUT /logs-1_web/_doc/1", ""),
        (
            "POST /_bulk",
            "{\"index\":{\"_index\":\"a\",\"_type\":\"t\"}}\n{\"x\":1}\n{\"delete\":{\"_index\":\"a\",\"_type\":\"gone\"}}\n{\"delete\":{\"_index\":\"a\",\"_type\":\"u\"}}\n",
            "POST /_bulk",
            "{\"index\":{\"_index\":\"a_t\"}}\n{\"x\":1}\n{\"delete\":{\"_index\":\"a\"}}\n",
        ),
        (
            "POST /a/t/_bulk",
            "{\"index\":{}}\n{}\n{\"index\":{\"_type\":\"u\"}}\n{}\n",
            "POST /a_t/_bulk",
            "{\"index\":{}}\n{}\n{\"index\":{\"_index\":\"a\"}}\n{}\n",
        ),
        (
            "POST /_msearch",
            "{\"index\":\"a\",\"type\":\"t\"}\n{}\n",
            "POST /_msearch",
            "{\"index\":\"a_t\"}\n{}\n",
        ),
    ] {
        assert_eq!(
            rewritten_by(&split, line, body).unwrap(),
            (wanted_line.to_owned(), wanted_body.to_owned())
        );
    }
    for (line, body) in
        [("PUT /a/gone/1", "{}"), ("POST /_bulk", "{\"delete\":{\"_index\":\"a\",\"_type\":\"gone\"}}\n")]
    {
        assert!(matches!(rewritten_by(&split, line, body), Err(Stop::Rejected { .. })), "{line}");
    }
    let several = r#"{"mappings":{"t":{"properties":{}},"u":{"properties":{}}}}"#;
    assert!(matches!(rewritten_by(&split, "PUT /a", several), Err(Stop::Failed { .. })));
}

#[test]
fn versions_switch_rows_off() {
    let between = |source, target| Versions::new(version(source), version(target), TypeRouting::default());
    for (source, target, line, wanted) in [
        ("ES 8.11", "OS 2.19", "GET /a/_doc/_search", "GET /a/_doc/_search"),
        ("ES 7.10", "OS 2.19", "GET /a/_doc/_search", "GET /a/_search"),
        ("OS 2.1", "OS 3.1", "POST /a/t", "POST /a/t"),
        ("ES 5.6", "ES 6.8", "PUT /a/t/1", "PUT /a/t/1"),
        ("ES 5.6", "OS 1.3", "PUT /a/t/1", "PUT /a/_doc/1"),
        ("ES 2.4", "OS 2.19", "POST /a", "PUT /a"),
        ("ES 6.8", "OS 2.19", "POST /a", "POST /a"),
        ("ES 7.10", "OS 2.3", "POST /a/_pit", "POST /a/_pit"),
        ("ES 7.10", "ES 8.11", "POST /a/_pit", "POST /a/_pit"),
        ("ES 7.10", "ES 8.11", "POST /_async_search", "POST /_async_search"),
    ] {
        assert_eq!(
            rewritten_by(&between(source, target), line, "").unwrap().0,
            wanted,
            "{source} {target} {line}"
        );
    }
}

#[test]
fn what_the_source_refused_is_not_made_acceptable() {
    let wrapped = r#"{"mappings":{"t":{"properties":{}}}}"#;
    let plain = r#"{"mappings":{"properties":{}}}"#;
    for (source, line, wanted) in [
        ("ES 6.8", "PUT /a", plain),
        ("ES 7.10", "PUT /a", wrapped),
        ("ES 7.10", "PUT /a?include_type_name=true", plain),
        ("ES 7.10", "PUT /_template/x?include_type_name", plain),
        ("ES 7.10", "PUT /_template/x", wrapped),
        ("ES 8.11", "PUT /a", wrapped),
    ] {
        let versions = Versions::new(version(source), None, TypeRouting::default());
        assert_eq!(rewritten_by(&versions, line, wrapped).unwrap().1, wanted, "{source} {line}");
    }
    let unnamed = r#"{"t":{"properties":{}}}"#;
    assert_eq!(rewritten("PUT /a/_mapping", unnamed).1, unnamed);
}

#[test]
fn media_types() {
    let given = |line: &str, headers: &[&str], body: &str| {
        let mut request = request(line, headers, body);
        Versions::default().rewrite(&mut request).unwrap();
        request
            .headers()
            .lines()
            .map(|line| format!("{}|", String::from_utf8_lossy(line)))
            .collect::<String>()
    };
    let vendor = [
        "Accept: application/vnd.elasticsearch+json;compatible-with=8,text/plain",
        "content-type: application/vnd.elasticsearch+x-ndjson; compatible-with=8",
    ];
    assert_eq!(
        given("POST /_bulk", &vendor, "{}"),
        "Accept: application/json, text/plain|content-type: application/x-ndjson|"
    );
    assert_eq!(
        given("POST /a/_search", &["Content-Type: application/x-www-form-urlencoded"], " {}"),
        "Content-Type: application/json|"
    );
    assert_eq!(given("POST /_bulk", &[], "{}\n"), "Content-Type: application/x-ndjson|");
    assert_eq!(
        given("POST /_bulk", &["Content-Type:application/json"], "{}\n"),
        "Content-Type:application/json|"
    );
    assert_eq!(given("POST /a/_search", &["Content-Type: text/plain"], "plain"), "Content-Type: text/plain|");
    assert_eq!(given("GET /", &[], ""), "");
    // Elasticsearch 7 refused it: so shall the target.
    let mut refused = request("PUT /a/_doc/1", &[], "{}");
    Versions::new(version("ES 7.10"), None, TypeRouting::default()).rewrite(&mut refused).unwrap();
    assert!(!refused.edited().headers);
}
