//! Hits, aggregations and tables.

use super::*;

#[test]
fn hits_may_change_places_where_they_rank_equally() {
    let search = "/a/_search";
    same(
        search,
        &page(3, &[("1", 2.0), ("2", 1.0), ("3", 1.0)]),
        &page(3, &[("1", 2.000001), ("3", 1.0), ("2", 1.0)]),
    );
    let swapped = bodies_of(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("2", 2.0), ("1", 1.0)]));
    assert_eq!(swapped.verdict, Verdict::Different);
    different(
        search,
        &page(2, &[("1", 2.0), ("2", 1.0)]),
        &page(2, &[("1", 2.1), ("2", 1.0)]),
        "value",
        "hits.hits.*._score",
    );
    different(search, &page(9, &[("1", 2.0)]), &page(8, &[("1", 2.0)]), "value", "hits.total");
    different(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("1", 2.0)]), "length", "hits.hits");
    let ranked = |last: &str, score: f64| page(9, &[("1", 2.0), (last, score)]);
    expected(search, &ranked("2", 1.0), &ranked("3", 1.0), rules::CUT_BY_PAGE);
    let worse = bodies_of(search, &ranked("2", 1.0), &ranked("3", 0.9));
    assert_eq!(worse.verdict, Verdict::Different, "another rank is no tie");
    let whole = bodies_of(search, &page(2, &[("1", 2.0), ("2", 1.0)]), &page(2, &[("1", 2.0), ("3", 1.0)]));
    assert_eq!(whole.verdict, Verdict::Different, "nothing is cut when all hits are on the page");
    let first = bodies_of(search, &page(9, &[("1", 2.0), ("2", 1.0)]), &page(9, &[("3", 2.0), ("2", 1.0)]));
    assert_eq!(first.verdict, Verdict::Different, "the first page begins with the best");
}

#[test]
fn scores_of_another_scale() {
    let search = "/a/_search";
    let halves = |factor: f64| {
        page(9, &[("1", 2.2 * factor), ("2", 1.1 * factor)])
            .replace("1.0,\"hits", &format!("{},\"hits", 2.2 * factor))
    };
    expected(search, &halves(1.0), &halves(1.0 / 2.2), rules::BM25_FACTOR);
    assert_eq!(bodies_of(search, &halves(1.0), &halves(0.5)).verdict, Verdict::Different);
    let even =
        |score: f64| page(2, &[("1", score), ("2", score)]).replace("1.0,\"hits", &format!("{score},\"hits"));
    expected(search, &even(1.8), &even(1.0), rules::UNIFORM_SCORE);
}

#[test]
fn scroll_pages_have_each_indexs_own_order() {
    let next = "/_search/scroll";
    same(next, &page(3, &[("1", 1.0), ("2", 1.0)]), &page(3, &[("2", 1.0), ("1", 1.0)]));
    expected(
        next,
        &page(3, &[("1", 1.0), ("2", 1.0)]),
        &page(3, &[("2", 1.0), ("3", 1.0)]),
        rules::INDEX_ORDER,
    );
}

#[test]
fn tables_by_row_and_column() {
    let cat = |target: &str, source: &str, other: &str| {
        let text = |body: &str| {
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=UTF-8\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        compared("GET", target, text(source).as_bytes(), text(other).as_bytes())
    };
    let row =
        |index: &str, uuid: &str, docs: u32| format!("green open {index} {uuid} 1 0 {docs} 0 4kb 4kb\n");
    let verdict = cat(
        "/_cat/indices",
        &(row("a", "u1", 7) + &row("b", "u2", 1)),
        &(row("b", "u3", 1) + &row("a", "u4", 7)),
    );
    assert_eq!(verdict.verdict, Verdict::Same, "{verdict:?}");
    let counts = cat("/_cat/indices", &row("a", "u", 7), &row("a", "u", 8));
    assert_eq!(
        (counts.verdict, counts.differences[0].path.as_str()),
        (Verdict::Different, "indices.*.docs.count")
    );
    let missing = cat("/_cat/indices", &(row("a", "u", 7) + &row("b", "u", 1)), &row("a", "u", 7));
    assert_eq!((missing.differences[0].kind, missing.differences[0].source.as_str()), ("missing", "b"));
    let header =
        cat("/_cat/count?v", "epoch timestamp count\n1 10:00 5\n", "epoch      timestamp count\n2 10:01 6\n");
    assert_eq!(header.differences[0].path, "count.*.count");
    let chosen = cat("/_cat/indices?h=i,dc", "a 1\n", "a 2\n");
    assert_eq!(chosen.differences[0].path, "indices.*.docs.count");
    let json = |docs: u32| format!(r#"[{{"index":"a","docs.count":"{docs}","uuid":"{docs}"}}]"#);
    assert_eq!(cat("/_cat/indices?format=json", &json(1), &json(2)).verdict, Verdict::Different);
    assert_eq!(cat("/_cat/aliases", "", "x a - - - -\n").verdict, Verdict::Different);
}

#[test]
fn buckets_by_key() {
    let terms = |buckets: &[(&str, u32, &str)]| {
        let buckets: Vec<_> = buckets
            .iter()
            .map(|(key, count, sum)| {
                format!(r#"{{"key":"{key}","doc_count":{count},"s":{{"value":{sum}}}}}"#)
            })
            .collect();
        format!(
            r#"{{"aggregations":{{"t":{{"doc_count_error_upper_bound":{},"buckets":[{}]}}}}}}"#,
            buckets.len(),
            buckets.join(",")
        )
    };
    let search = "/a/_search";
    same(
        search,
        &terms(&[("a", 2, "0.30000000000000004"), ("b", 2, "1.5")]),
        &terms(&[("b", 2, "1.5"), ("a", 2, "0.3")]),
    );
    let order =
        bodies_of(search, &terms(&[("a", 3, "1"), ("b", 2, "1")]), &terms(&[("b", 2, "1"), ("a", 3, "1")]));
    assert_eq!(order.differences[0].kind, "order");
    different(
        search,
        &terms(&[("a", 3, "1")]),
        &terms(&[("a", 4, "1")]),
        "value",
        "aggregations.t.buckets.*.doc_count",
    );
    different(
        search,
        &terms(&[("a", 3, "1.5")]),
        &terms(&[("a", 3, "1.6")]),
        "value",
        "aggregations.t.buckets.*.s.value",
    );
    let lost = bodies_of(search, &terms(&[("a", 3, "1"), ("b", 1, "1")]), &terms(&[("a", 3, "1")]));
    assert_eq!(
        (lost.differences[0].kind, lost.differences[0].path.as_str()),
        ("missing", "aggregations.t.buckets.*")
    );
}

#[test]
fn documents_are_counted_in_stats() {
    let stats = |docs: u32, bytes: u32| {
        format!(
            r#"{{"indices":{{"a":{{"primaries":{{"docs":{{"count":{docs}}},"store":{{"bytes":{bytes}}}}}}}}}}}"#
        )
    };
    not_comparable("/_stats", &stats(1, 1), &stats(1, 2));
    different("/_stats", &stats(1, 1), &stats(2, 1), "value", "indices.*.primaries.docs.count");
}
