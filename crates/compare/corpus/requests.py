"""The requests of the corpus: what applications ask of a search cluster, and the errors they get."""

import json
import random

WORDS = ("red green blue fast slow quiet loud old new small large round flat light heavy sharp soft warm cold bright "
         "kettle lamp chair table phone cable mouse keyboard bottle jacket boot glove tent rope knife plate").split()
BRANDS = ["acme", "globex", "initech", "umbrella", "hooli", "vandelay"]
CITIES = {"oslo": (59.91, 10.75), "rome": (41.9, 12.49), "lima": (-12.04, -77.03), "cairo": (30.04, 31.23)}

PRODUCTS = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {"properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "body": {"type": "text", "analyzer": "english"},
        "brand": {"type": "keyword"}, "price": {"type": "double"}, "stock": {"type": "integer"},
        "weight": {"type": "float"}, "rating": {"type": "half_float"}, "cost": {"type": "scaled_float", "scaling_factor": 100},
        "big": {"type": "long"}, "made": {"type": "date"}, "active": {"type": "boolean"},
        "where": {"type": "geo_point"}, "ip": {"type": "ip"}, "span": {"type": "integer_range"},
        "suggest": {"type": "completion"},
        "parts": {"type": "nested", "properties": {"name": {"type": "keyword"}, "count": {"type": "integer"}}},
    }},
}
LOGS = {
    "settings": {"number_of_shards": 3, "number_of_replicas": 0},
    "mappings": {"properties": {
        "@timestamp": {"type": "date"}, "level": {"type": "keyword"}, "message": {"type": "text"},
        "bytes": {"type": "long"}, "took_ms": {"type": "float"}, "host": {"type": "keyword"},
    }},
}
STRICT = {"settings": {"number_of_shards": 1, "number_of_replicas": 0},
          "mappings": {"dynamic": "strict", "properties": {"n": {"type": "integer"}, "d": {"type": "date"}}}}


class Step:
    """One request. `lines`: the body is NDJSON. `save`: the field of each answer that `{name}` stands for later."""

    def __init__(self, method, target, body=None, lines=False, save=None, raw=None, ask_twice=None):
        self.method, self.target, self.save = method, target, save
        self.content_type = "application/x-ndjson" if lines else "application/json"
        if raw is not None:
            self.body = raw
        elif lines:
            self.body = "".join(json.dumps(line) + "\n" for line in body)
        else:
            self.body = "" if body is None else json.dumps(body)
        path = target.split("?")[0]
        reads = ("_search", "_msearch", "_count", "_mget", "_explain", "_validate", "_analyze", "_field_caps", "_simulate")
        self.ask_twice = (method in ("GET", "HEAD") or any(read in path for read in reads)) if ask_twice is None else ask_twice


def product(rng, number):
    words = [rng.choice(WORDS) for _ in range(rng.randint(3, 7))]
    city = rng.choice(sorted(CITIES))
    return {
        "title": " ".join(words), "body": " ".join(rng.choice(WORDS) for _ in range(rng.randint(10, 40))),
        "brand": rng.choice(BRANDS), "price": round(rng.uniform(1, 500), 2), "stock": rng.randint(0, 90),
        "weight": round(rng.uniform(0.1, 20), 3), "rating": rng.randint(0, 50) / 10, "cost": round(rng.uniform(1, 90), 2),
        "big": 9007199254740993 + number * 7, "made": f"2025-{1 + number % 12:02d}-{1 + number % 28:02d}T10:{number % 60:02d}:00Z",
        "active": number % 3 == 0, "where": {"lat": CITIES[city][0] + number / 1000, "lon": CITIES[city][1]},
        "ip": f"10.0.{number % 4}.{number % 250}", "span": {"gte": number, "lt": number + 10},
        "suggest": words[:2], "city": city,
        "parts": [{"name": rng.choice(WORDS), "count": rng.randint(1, 9)} for _ in range(rng.randint(0, 3))],
    }


def setup():
    rng = random.Random(7)
    yield Step("PUT", "/products", PRODUCTS)
    yield Step("PUT", "/logs-1", LOGS)
    yield Step("PUT", "/strict", STRICT)
    yield Step("PUT", "/products", PRODUCTS)
    for start in range(0, 240, 60):
        lines = []
        for number in range(start, start + 60):
            lines += [{"index": {"_index": "products", "_id": f"p{number}"}}, product(rng, number)]
        yield Step("POST", "/_bulk", lines, lines=True)
    lines = []
    for number in range(300):
        lines += [{"index": {"_id": f"l{number}"}}, {
            "@timestamp": f"2026-01-{1 + number // 20:02d}T{number % 24:02d}:00:00Z", "level": rng.choice(["info", "warn", "error"]),
            "message": " ".join(rng.choice(WORDS) for _ in range(6)), "bytes": rng.randint(10, 100000),
            "took_ms": rng.random() * 100, "host": f"h{number % 5}"}]
    yield Step("POST", "/logs-1/_bulk?refresh=true", lines, lines=True)
    yield Step("POST", "/products/_refresh")
    # One segment each: where documents rank equally, the order is then the order of indexing.
    yield Step("POST", "/products,logs-1/_forcemerge?max_num_segments=1")
    yield Step("POST", "/products,logs-1/_refresh")


def queries():
    for words in ("red", "kettle", "lamp chair", "bright new phone", "glove rope tent"):
        yield {"match": {"title": words}}
        yield {"match": {"body": words}}
        yield {"match": {"title": {"query": words, "operator": "and"}}}
        yield {"multi_match": {"query": words, "fields": ["title^2", "body"]}}
        yield {"query_string": {"query": words.replace(" ", " OR "), "default_field": "title"}}
        yield {"simple_query_string": {"query": words, "fields": ["body"]}}
        yield {"bool": {"must": [{"match": {"body": words}}], "filter": [{"term": {"active": True}}]}}
        yield {"bool": {"should": [{"match": {"title": words}}, {"term": {"brand": "acme"}}]}}
        yield {"bool": {"must": {"match": {"body": words}}, "must_not": {"term": {"brand": "hooli"}}}}
        yield {"dis_max": {"queries": [{"match": {"title": words}}, {"match": {"body": words}}], "tie_breaker": 0.3}}
    yield {"match_all": {}}
    yield {"match_none": {}}
    yield {"term": {"brand": "globex"}}
    yield {"term": {"brand": {"value": "globex", "boost": 2.5}}}
    yield {"terms": {"brand": ["acme", "hooli"]}}
    yield {"range": {"price": {"gte": 100, "lt": 200}}}
    yield {"range": {"made": {"gte": "2025-03-01", "lt": "2025-05-01"}}}
    yield {"prefix": {"title": "ke"}}
    yield {"wildcard": {"title.raw": "*lamp*"}}
    yield {"regexp": {"brand": "a.*e"}}
    yield {"fuzzy": {"title": {"value": "ketle"}}}
    yield {"exists": {"field": "parts"}}
    yield {"ids": {"values": ["p1", "p7", "nope"]}}
    yield {"match_phrase": {"body": "red lamp"}}
    yield {"match_phrase_prefix": {"title": "red ke"}}
    yield {"constant_score": {"filter": {"term": {"brand": "acme"}}, "boost": 1.2}}
    yield {"nested": {"path": "parts", "query": {"term": {"parts.name": "lamp"}}, "inner_hits": {}}}
    yield {"nested": {"path": "parts", "query": {"range": {"parts.count": {"gte": 5}}}, "score_mode": "max"}}
    yield {"geo_distance": {"distance": "20km", "where": {"lat": 59.91, "lon": 10.75}}}
    yield {"function_score": {"query": {"match": {"body": "lamp"}}, "field_value_factor": {"field": "stock", "modifier": "log1p"}}}
    yield {"function_score": {"query": {"match_all": {}}, "functions": [{"filter": {"term": {"brand": "acme"}}, "weight": 3}]}}
    yield {"script_score": {"query": {"match_all": {}}, "script": {"source": "doc['stock'].value / 10.0"}}}
    yield {"boosting": {"positive": {"match": {"body": "red"}}, "negative": {"term": {"brand": "acme"}}, "negative_boost": 0.5}}
    yield {"more_like_this": {"fields": ["body"], "like": "red lamp kettle", "min_term_freq": 1, "min_doc_freq": 2}}
    yield {"term": {"ip": "10.0.1.0/24"}}
    yield {"range": {"span": {"gte": 10, "lte": 20, "relation": "intersects"}}}
    yield {"script": {"script": "doc['price'].value > 400"}}
    yield {"distance_feature": {"field": "made", "pivot": "30d", "origin": "2025-06-01"}}
    yield {"intervals": {"body": {"match": {"query": "red lamp", "max_gaps": 4}}}}


AGGREGATIONS = {
    "terms": {"terms": {"field": "brand"}},
    "terms_sub": {"terms": {"field": "brand"}, "aggs": {"p": {"avg": {"field": "price"}}, "s": {"stats": {"field": "stock"}}}},
    "terms_by_metric": {"terms": {"field": "brand", "order": {"p": "desc"}}, "aggs": {"p": {"sum": {"field": "price"}}}},
    "terms_small": {"terms": {"field": "title.raw", "size": 3}},
    "histogram": {"histogram": {"field": "price", "interval": 50}},
    "dates": {"date_histogram": {"field": "made", "calendar_interval": "month"}, "aggs": {"w": {"max": {"field": "weight"}}}},
    "auto_dates": {"auto_date_histogram": {"field": "made", "buckets": 5}},
    "range": {"range": {"field": "price", "ranges": [{"to": 50}, {"from": 50, "to": 200}, {"from": 200}]}},
    "date_range": {"date_range": {"field": "made", "ranges": [{"to": "2025-06-01"}, {"from": "2025-06-01"}]}},
    "now_range": {"date_range": {"field": "made", "ranges": [{"to": "now"}]}},
    "filters": {"filters": {"filters": {"a": {"term": {"brand": "acme"}}, "b": {"term": {"active": True}}}}},
    "filter": {"filter": {"term": {"brand": "acme"}}, "aggs": {"m": {"min": {"field": "price"}}}},
    "missing": {"missing": {"field": "nothing"}},
    "stats": {"stats": {"field": "price"}}, "extended": {"extended_stats": {"field": "price"}},
    "avg": {"avg": {"field": "weight"}}, "sum": {"sum": {"field": "weight"}}, "max": {"max": {"field": "rating"}},
    "count": {"value_count": {"field": "brand"}}, "cardinality": {"cardinality": {"field": "title.raw"}},
    "percentiles": {"percentiles": {"field": "price"}},
    "percentiles_array": {"percentiles": {"field": "price", "keyed": False, "percents": [50, 95]}},
    "hdr": {"percentiles": {"field": "price", "hdr": {"number_of_significant_value_digits": 3}}},
    "ranks": {"percentile_ranks": {"field": "price", "values": [100, 300]}},
    "mad": {"median_absolute_deviation": {"field": "price"}},
    "top_hits": {"terms": {"field": "brand"}, "aggs": {"t": {"top_hits": {"size": 2, "sort": [{"price": "desc"}]}}}},
    "nested": {"nested": {"path": "parts"}, "aggs": {"n": {"terms": {"field": "parts.name", "size": 40}}}},
    "centroid": {"geo_centroid": {"field": "where"}},
    "significant": {"significant_terms": {"field": "brand"}},
    "composite": {"composite": {"size": 4, "sources": [{"b": {"terms": {"field": "brand"}}}, {"a": {"terms": {"field": "active"}}}]}},
    "weighted": {"weighted_avg": {"value": {"field": "price"}, "weight": {"field": "stock"}}},
    "rare": {"rare_terms": {"field": "brand", "max_doc_count": 60}},
    "sampler": {"sampler": {"shard_size": 20}, "aggs": {"k": {"terms": {"field": "brand"}}}},
    "scripted": {"terms": {"script": {"source": "doc['brand'].value.substring(0,1)"}}},
    "derivative": {"date_histogram": {"field": "made", "calendar_interval": "month"},
                   "aggs": {"s": {"sum": {"field": "price"}}, "d": {"derivative": {"buckets_path": "s"}},
                            "c": {"cumulative_sum": {"buckets_path": "s"}}}},
    "ip_range": {"ip_range": {"field": "ip", "ranges": [{"to": "10.0.1.0"}, {"from": "10.0.1.0"}]}},
    "scripted_metric": {"scripted_metric": {"init_script": "state.t = 0", "map_script": "state.t += doc['stock'].value",
                                            "combine_script": "return state.t",
                                            "reduce_script": "long s = 0; for (a in states) { s += a } return s"}},
}


def searches():
    for query in queries():
        yield Step("POST", "/products/_search", {"query": query, "size": 5})
        yield Step("POST", "/products/_count", {"query": query})
    for query in list(queries())[:40:3]:
        yield Step("GET", "/products/_search", {"query": query, "from": 3, "size": 7, "_source": ["title", "price"]})
    for name, aggregation in AGGREGATIONS.items():
        yield Step("POST", "/products/_search", {"size": 0, "aggs": {name: aggregation}})
        yield Step("POST", "/products/_search?typed_keys=true",
                   {"size": 0, "query": {"term": {"active": True}}, "aggs": {name: aggregation}})
    for sort in (["price"], [{"price": "desc"}], [{"brand": "asc"}, {"price": "asc"}], ["_doc"], [{"made": "desc"}, "_score"],
                 [{"_geo_distance": {"where": {"lat": 50, "lon": 10}, "unit": "km"}}], [{"stock": {"order": "asc", "missing": "_last"}}],
                 [{"parts.count": {"order": "desc", "nested": {"path": "parts"}}}], [{"big": "desc"}], [{"rating": "desc"}]):
        yield Step("POST", "/products/_search", {"query": {"match": {"body": "lamp"}}, "sort": sort, "size": 10})
    for extra in ({"highlight": {"fields": {"body": {}}}}, {"docvalue_fields": ["price", "made", "big"]},
                  {"script_fields": {"x": {"script": "doc['price'].value * 2"}}}, {"stored_fields": ["_none_"]},
                  {"version": True, "seq_no_primary_term": True}, {"explain": True, "size": 2}, {"profile": True},
                  {"track_scores": True, "sort": ["price"]}, {"track_total_hits": 10}, {"track_total_hits": False},
                  {"collapse": {"field": "brand"}}, {"collapse": {"field": "brand", "inner_hits": {"name": "i", "size": 1}}},
                  {"min_score": 1.5}, {"terminate_after": 3}, {"_source": False}, {"_source": {"excludes": ["parts", "body"]}},
                  {"post_filter": {"term": {"brand": "acme"}}}, {"timeout": "5s"},
                  {"rescore": {"window_size": 20, "query": {"rescore_query": {"match": {"title": "red"}}, "query_weight": 0.7}}},
                  {"sort": ["price", {"made": "asc"}], "search_after": [200.0, 0]},
                  {"suggest": {"s": {"text": "ketle lmap", "term": {"field": "title"}}}},
                  {"suggest": {"p": {"text": "red ketle", "phrase": {"field": "title"}}}},
                  {"suggest": {"c": {"prefix": "ke", "completion": {"field": "suggest"}}}}):
        yield Step("POST", "/products/_search", {"query": {"match": {"body": "lamp"}}, **extra})
    for target in ("?q=title:red", "?q=brand:acme&size=3&sort=price:asc", "?q=red&df=body&from=2", "?size=2&_source=title",
                   "?rest_total_hits_as_int=true&q=brand:acme", "?filter_path=hits.total,hits.hits._id", "?pretty&size=1",
                   "?human=true&size=1", "?format=yaml&size=1", "?format=cbor&size=1", "?preference=_local&q=stock:%3E50"):
        yield Step("GET", "/products/_search" + target)
    for target in ("/products,logs-1/_search", "/_all/_search", "/*/_search", "/log*/_search", "/_search"):
        yield Step("POST", target, {"query": {"match": {"message": "red"}}, "size": 4})
        yield Step("POST", target, {"size": 0, "aggs": {"l": {"terms": {"field": "level"}}, "b": {"sum": {"field": "took_ms"}}}})
    for sort in (["@timestamp"], [{"bytes": "desc"}], ["host", {"bytes": "asc"}]):
        yield Step("POST", "/logs-1/_search", {"sort": sort, "size": 12})
    yield Step("POST", "/_msearch", [{"index": "products"}, {"query": {"match": {"title": "red"}}}, {"index": "none"}, {},
                                     {"index": "logs-1"}, {"size": 0, "aggs": {"h": {"terms": {"field": "host"}}}}], lines=True)
    yield Step("POST", "/products/_msearch", [{}, {"query": {"term": {"brand": "acme"}}}, {}, {"query": {"bad": {}}}], lines=True)
    yield Step("POST", "/products/_search/template", {"source": {"query": {"match": {"title": "{{w}}"}}}, "params": {"w": "red"}})
    yield Step("POST", "/products/_search?scroll=1m", {"size": 5, "sort": ["_doc"]}, save="_scroll_id", ask_twice=False)
    yield Step("POST", "/_search/scroll", {"scroll": "1m", "scroll_id": "{_scroll_id}"}, ask_twice=False)
    yield Step("DELETE", "/_search/scroll", {"scroll_id": "{_scroll_id}"})
    yield Step("GET", "/products/_explain/p1", {"query": {"match": {"body": "lamp"}}})
    yield Step("POST", "/products/_validate/query?explain=true", {"query": {"match": {"body": "lamp"}}})
    yield Step("POST", "/products/_rank_eval", {"requests": [{"id": "a", "request": {"query": {"match": {"title": "red"}}},
               "ratings": [{"_index": "products", "_id": "p1", "rating": 1}]}], "metric": {"precision": {"k": 5}}})


def documents():
    for number in range(0, 60, 3):
        yield Step("GET", f"/products/_doc/p{number}")
    for target in ("/products/_doc/none", "/products/_doc/p1?_source=title,price", "/products/_source/p2", "/products/_source/none",
                   "/products/_doc/p3?_source=false", "/products/_doc/p3?realtime=false", "/none/_doc/1",
                   "/products/_doc/p4?version=99", "/products/_termvectors/p1?fields=title"):
        yield Step("GET", target)
    for target in ("/products/_doc/p1", "/products/_doc/none", "/products", "/none", "/products/_source/p1"):
        yield Step("HEAD", target)
    yield Step("POST", "/_mget", {"docs": [{"_index": "products", "_id": "p1"}, {"_index": "products", "_id": "none"},
                                           {"_index": "none", "_id": "1"}]})
    yield Step("POST", "/products/_mget", {"ids": [f"p{number}" for number in range(10)]})
    yield Step("POST", "/products/_mget?_source=price", {"ids": ["p5", "p6"]})


def writes():
    for number in range(6):
        yield Step("PUT", f"/w/_doc/{number}", {"n": number, "t": f"text {number}", "f": number / 3, "long": "1" * 25})
    yield Step("PUT", "/w/_doc/precise", raw='{"amount": 1.10, "huge": 1234567890.1234567890123456789, "exp": 1E3}')
    yield Step("GET", "/w/_doc/precise")
    yield Step("PUT", "/w/_doc/1", {"n": 11})
    yield Step("PUT", "/w/_doc/2?refresh=true", {"n": 12})
    yield Step("PUT", "/w/_doc/3?routing=a", {"n": 13})
    yield Step("GET", "/w/_doc/3?routing=a")
    yield Step("PUT", "/w/_create/9", {"n": 9})
    yield Step("PUT", "/w/_create/9", {"n": 9})
    yield Step("PUT", "/w/_doc/v?version=5&version_type=external", {"n": 1})
    yield Step("PUT", "/w/_doc/v?version=4&version_type=external", {"n": 1})
    yield Step("PUT", "/w/_doc/1?if_seq_no=99&if_primary_term=1", {"n": 1})
    yield Step("POST", "/w/_doc", {"n": 77})
    yield Step("POST", "/w/_doc?refresh=wait_for", {"n": 78})
    for body in ({"doc": {"n": 20}}, {"doc": {"n": 20}}, {"script": {"source": "ctx._source.n += params.k", "lang": "painless", "params": {"k": 2}}},
                 {"script": "ctx.op = 'none'"}, {"script": "ctx._source.nothing.x = 1"}, {"doc": {"a": {"b": 1}}, "_source": True}):
        yield Step("POST", "/w/_update/1", body)
    yield Step("POST", "/w/_update/none", {"doc": {"n": 1}})
    yield Step("POST", "/w/_update/up", {"doc": {"n": 1}, "doc_as_upsert": True})
    yield Step("POST", "/w/_update/up2", {"script": "ctx._source.n += 1", "upsert": {"n": 1}})
    yield Step("DELETE", "/w/_doc/4")
    yield Step("DELETE", "/w/_doc/4")
    yield Step("DELETE", "/none/_doc/4")
    for refresh in ("", "?refresh=true"):
        yield Step("POST", "/_bulk" + refresh, [
            {"index": {"_index": "w", "_id": "b1"}}, {"n": 1}, {"create": {"_index": "w", "_id": "b1"}}, {"n": 2},
            {"update": {"_index": "w", "_id": "b1"}}, {"doc": {"n": 5}}, {"update": {"_index": "w", "_id": "gone"}}, {"doc": {}},
            {"delete": {"_index": "w", "_id": "b1"}}, {"delete": {"_index": "w", "_id": "gone"}},
            {"index": {"_index": "strict", "_id": "1"}}, {"n": "word"}, {"index": {"_index": "strict", "_id": "2"}}, {"x": 1},
            {"index": {"_index": "strict", "_id": "3"}}, {"n": 3, "d": "no date"}, {"index": {"_index": "Bad", "_id": "3"}}, {"n": 3}],
            lines=True)
    yield Step("POST", "/w/_refresh")
    yield Step("POST", "/w/_update_by_query?refresh=true", {"query": {"range": {"n": {"lt": 3}}}, "script": "ctx._source.seen = true"})
    yield Step("POST", "/w/_delete_by_query?refresh=true", {"query": {"term": {"n": 3}}})
    yield Step("POST", "/_reindex?refresh=true", {"source": {"index": "w"}, "dest": {"index": "w2"}})
    yield Step("POST", "/w,w2/_search", {"sort": ["_index", "n"], "query": {"range": {"n": {"gte": 0}}}})
    yield Step("GET", "/w/_count")
    yield Step("GET", "/w2/_search?q=seen:true")


def administration():
    yield Step("PUT", "/admin-1", {"settings": {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "5s"},
                                   "aliases": {"adm": {}}, "mappings": {"properties": {"a": {"type": "keyword"}}}})
    yield Step("PUT", "/admin-1/_mapping", {"properties": {"b": {"type": "text", "fields": {"k": {"type": "keyword"}}}}})
    yield Step("PUT", "/admin-1/_mapping", {"properties": {"a": {"type": "integer"}}})
    yield Step("PUT", "/admin-1/_settings", {"index": {"refresh_interval": "1s", "max_result_window": 5000}})
    yield Step("PUT", "/admin-1/_settings", {"index": {"number_of_shards": 3}})
    yield Step("POST", "/_aliases", {"actions": [{"add": {"index": "admin-1", "alias": "adm2", "filter": {"term": {"a": "x"}}}},
                                                 {"remove": {"index": "admin-1", "alias": "adm"}}]})
    yield Step("PUT", "/admin-1/_alias/adm3", {"is_write_index": True})
    yield Step("PUT", "/_template/t1", {"index_patterns": ["tt-*"], "settings": {"number_of_shards": 1}, "mappings": {"properties": {"x": {"type": "date"}}}})
    yield Step("PUT", "/_index_template/t2", {"index_patterns": ["uu-*"], "template": {"settings": {"number_of_shards": 1}}, "priority": 7})
    yield Step("PUT", "/_component_template/c1", {"template": {"settings": {"number_of_replicas": 0}}})
    yield Step("PUT", "/_ingest/pipeline/p1", {"description": "d", "processors": [{"set": {"field": "s", "value": 1}}, {"lowercase": {"field": "t"}}]})
    yield Step("POST", "/_ingest/pipeline/p1/_simulate", {"docs": [{"_source": {"t": "ABC"}}, {"_source": {}}]})
    yield Step("PUT", "/tt-1/_doc/1?pipeline=p1&refresh=true", {"t": "UPPER", "x": "2026-01-01"})
    yield Step("PUT", "/_scripts/s1", {"script": {"lang": "painless", "source": "return 1"}})
    for target in ("/admin-1", "/admin-1/_mapping", "/admin-1/_settings", "/admin-1/_alias", "/adm2/_alias", "/_alias/adm3", "/products/_mapping",
                   "/products/_mapping/field/price", "/_mapping", "/products/_settings", "/_template/t1", "/_index_template/t2", "/_component_template/c1",
                   "/_ingest/pipeline/p1", "/_scripts/s1", "/none/_mapping", "/none/_settings", "/_alias/none", "/_template/none", "/tt-1/_doc/1",
                   "/tt-1/_mapping", "/products/_field_caps?fields=*", "/products/_field_caps?fields=price,title", "/products/_stats", "/_stats/docs",
                   "/products/_segments", "/products/_recovery", "/products/_settings/index.number_of_shards", "/products/_settings?flat_settings=true",
                   "/products/_settings?include_defaults=false&human", "/_resolve/index/*", "/products/_shard_stores", "/_search_shards"):
        yield Step("GET", target)
    yield Step("POST", "/products/_analyze", {"analyzer": "english", "text": "The quick lamps are shining"})
    yield Step("POST", "/_analyze", {"tokenizer": "standard", "filter": ["lowercase"], "text": "A-B c_d 12.5"})
    yield Step("POST", "/products/_analyze", {"field": "title", "text": "Red Lamp", "explain": True})
    for target in ("/admin-1/_flush", "/admin-1/_forcemerge?max_num_segments=1", "/admin-1/_cache/clear", "/admin-1/_close", "/admin-1/_open"):
        yield Step("POST", target)
    yield Step("POST", "/roll/_rollover", {"conditions": {"max_docs": 1}})
    for target in ("/admin-1", "/admin-1", "/_template/t1", "/_template/none", "/_ingest/pipeline/p1", "/_ingest/pipeline/none", "/tt-1"):
        yield Step("DELETE", target)


def tables():
    for target in ("indices?v", "indices", "indices?format=json", "indices?v&h=index,docs.count&s=index", "indices/products?v", "indices/none",
                   "count?v", "count/products", "count?format=json", "health", "health?v", "nodes", "nodes?v", "shards?v", "shards/products", "aliases?v",
                   "aliases", "allocation?v", "master?v", "templates?v", "templates", "thread_pool?v", "pending_tasks", "recovery?v",
                   "segments?v", "plugins", "fielddata?v", "tasks", "nodeattrs", "repositories", "indices?help", "nothing", "indices?h=nothing"):
        yield Step("GET", "/_cat/" + target)
    yield Step("GET", "/_cat")


def cluster():
    for target in ("/", "/_cluster/health", "/_cluster/health/products?level=indices", "/_cluster/state", "/_cluster/state/metadata/products",
                   "/_cluster/stats", "/_cluster/settings", "/_cluster/settings?include_defaults=true&flat_settings=true", "/_cluster/pending_tasks",
                   "/_cluster/allocation/explain", "/_nodes", "/_nodes/stats", "/_nodes/hot_threads", "/_nodes/_local/http", "/_tasks", "/_remote/info",
                   "/_nodes/usage", "/_snapshot", "/_snapshot/none"):
        yield Step("GET", target)
    yield Step("HEAD", "/")
    yield Step("PUT", "/_cluster/settings", {"transient": {"cluster.routing.allocation.enable": "all"}})
    yield Step("PUT", "/_cluster/settings", {"transient": {"no.such.setting": 1}})


def errors():
    for query in ({"nothing": {}}, {"match": {"title": {"query": "x", "bad": 1}}}, {"range": {"price": {"gte": "word"}}}, {"range": {"made": {"gte": "no date"}}},
                  {"term": {"brand": ["a", "b"]}}, {"nested": {"path": "none", "query": {"match_all": {}}}}, {"script": {"script": "not painless ("}},
                  {"script": {"script": "doc['none'].value > 1"}}, {"query_string": {"query": "title:(unclosed"}}, {"geo_distance": {"distance": "x", "where": [1, 2]}},
                  {"regexp": {"brand": "["}}, {"bool": {"must": "x"}}, {"has_child": {"type": "none", "query": {"match_all": {}}}}):
        yield Step("POST", "/products/_search", {"query": query})
    for body in ({"size": -1}, {"from": 9999, "size": 10}, {"unknown": 1}, {"sort": ["none"]}, {"sort": ["title"]}, {"aggs": {"a": {"terms": {"field": "title"}}}},
                 {"aggs": {"a": {"nothing": {}}}}, {"aggs": {"a": {"date_histogram": {"field": "made", "calendar_interval": "x"}}}},
                 {"aggs": {"a": {"avg": {"field": "brand"}}}}, {"aggs": {"a": {"terms": {"field": "brand", "order": {"x": "asc"}}}}},
                 {"highlight": 3}, {"suggest": {"s": {"text": "x", "term": {"field": "none"}}}}, {"search_after": [1]},
                 {"query": {"match_all": {}}, "size": 20000}, {"script_fields": {"x": {"script": "1 +"}}}, {"collapse": {"field": "title"}}):
        yield Step("POST", "/products/_search", body)
    for raw in ("{", "not json", '{"query":', "[]", '{"query":{"match_all":{}}} x', '{"a":1,"a":2}', "\u0000"):
        yield Step("POST", "/products/_search", raw=raw)
        yield Step("PUT", "/w/_doc/bad", raw=raw)
    for raw in ("", "{}\n", '{"index":{}}\n', '{"index":{"_index":"w","_id":"1"}}\n{"a":1}', '{"what":{"_index":"w"}}\n{}\n', "\n", '{"index":{"_index":"w"'):
        yield Step("POST", "/_bulk", raw=raw)
    for method, target, body in (
            ("GET", "/none/_search", None), ("GET", "/none/_count", None), ("GET", "/_nothing", None), ("POST", "/products/_nothing", {}),
            ("PUT", "/_search", {}), ("DELETE", "/_cluster/health", None), ("PUT", "/Bad", None), ("PUT", "/_bad", None), ("PUT", "/a,b", None),
            ("PUT", "/x", {"settings": {"nothing": 1}}), ("PUT", "/x", {"mappings": {"properties": {"a": {"type": "nothing"}}}}),
            ("PUT", "/x", {"mappings": {"_doc": {"properties": {}}}}), ("PUT", "/x", {"settings": {"number_of_shards": 0}}),
            ("PUT", "/strict/_doc/1", {"unknown": 1}), ("PUT", "/strict/_doc/1", {"n": "word"}), ("PUT", "/strict/_doc/1", {"d": "word"}),
            ("PUT", "/strict/_doc/1", {"n": {"o": 1}}), ("GET", "/products/_search?bad_parameter=1", None), ("GET", "/products/_search?size=word", None),
            ("POST", "/_search/scroll", {"scroll_id": "bad"}), ("POST", "/_search/scroll", {"scroll_id": "{_scroll_id}"}), ("POST", "/_aliases", {"actions": [{"add": {"index": "none", "alias": "a"}}]}),
            ("POST", "/products/_update/p1", {}), ("POST", "/products/_update/p1", {"doc": {}, "script": "x"}), ("POST", "/_mget", {}), ("POST", "/_mget", {"ids": ["1"]}),
            ("POST", "/products/_analyze", {"analyzer": "none", "text": "x"}), ("PUT", "/_ingest/pipeline/x", {"processors": [{"none": {}}]}),
            ("PUT", "/w/_doc/1?pipeline=none", {}), ("POST", "/_reindex", {"source": {"index": "none"}, "dest": {"index": "y"}}),
            ("POST", "/none/_update_by_query", {}), ("POST", "/none/_delete_by_query", {"query": {"match_all": {}}}), ("POST", "/none/_refresh", None),
            ("GET", "/products/_doc/", None), ("PUT", "/products/_doc/" + "i" * 513, {}), ("POST", "/products/_msearch", None), ("GET", "/_scripts/none", None),
            ("PUT", "/_template/x", {"settings": {}}), ("PUT", "/_index_template/x", {}), ("POST", "/none/_close", None), ("GET", "/_cat/shards/none", None)):
        yield Step(method, target, body)


def steps():
    for part in (setup, searches, documents, writes, administration, tables, cluster, errors):
        yield from part()
