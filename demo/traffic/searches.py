"""Searches, aggregations, scrolls, and requests over many documents: by each thread on an index of its own while the
others are writing, then over the whole shop."""
from random import Random

from elasticsearch import helpers

import documents
import schema

BY_SKU = [{"sku": "asc"}]
ORDERS_AGGREGATED = {
    "size": 0,
    "track_total_hits": True,
    "aggs": {
        "states": {"terms": {"field": "state"}, "aggs": {"amount": {"stats": {"field": "amount"}}}},
        "months": {"date_histogram": {"field": "at", "calendar_interval": "month"}},
        "big": {"filter": {"range": {"amount": {"gte": 5000}}}, "aggs": {"sum": {"sum": {"field": "amount"}}}},
    },
}


def own_index(es, number, seed):
    random = Random(f"{seed} searches {number}")
    index = f"shelf-{number}"
    es.indices.create(index, {
        "settings": {**schema.NO_CLOCK, "number_of_shards": 1},
        "mappings": {"properties": {"sku": {"type": "keyword"}, "tags": {"type": "keyword"}, "place": {"type": "geo_point"}}},
    })
    helpers.bulk(es, ({"_index": index, "_id": n, **documents.product(random, f"s{n:04}")} for n in range(300)), refresh=True)
    for _ in range(15):
        word, tag = random.choice(documents.WORDS), random.choice(documents.TAGS)
        es.search({"query": {"match": {"name": word}}, "size": 5}, index=index)
        es.search({"query": {"bool": {"filter": [{"term": {"tags": tag}}, {"range": {"stock": {"gt": 100}}}]}}, "sort": BY_SKU, "_source": ["sku", "stock"]}, index=index)
        es.search({"size": 0, "aggs": {"tags": {"terms": {"field": "tags"}, "aggs": {"price": {"avg": {"field": "price"}}}}}}, index=index)
        es.search(index=index, q=f"tags:{tag}", sort="sku:desc", size=3)
        es.count({"query": {"term": {"tags": tag}}}, index=index)

    # a version of the document that only its writer has changed since
    seen = es.get(index, "7")
    condition = {"if_seq_no": seen["_seq_no"], "if_primary_term": seen["_primary_term"]}
    es.index(index, {"sku": "s0007", "checked": True}, id="7", **condition)
    es.index(index, {"sku": "s0007", "checked": False}, id="7", ignore=409, **condition)

    for tag in documents.TAGS[:2]:
        es.update_by_query(index, {"script": {"source": "ctx._source.stock += params.n", "params": {"n": 10}}, "query": {"bool": {"filter": {"term": {"tags": tag}}, "must_not": {"term": {"sku": "s0007"}}}}}, refresh=True)
    es.delete_by_query(index, {"query": {"range": {"stock": {"lt": 60}}}}, refresh=True)
    scrolled = helpers.scan(es, {"query": {"match_all": {}}, "sort": BY_SKU}, index=index, size=40, preserve_order=True)
    left = sum(1 for _ in scrolled)
    if left != es.count(index=index)["count"]:
        raise AssertionError(f"the scroll over {index} gave {left} documents, the count is another")


def whole_shop(es, compressed):
    es.indices.refresh()
    es.search(ORDERS_AGGREGATED, index="orders")
    compressed.search(ORDERS_AGGREGATED, index="open-orders")
    es.search({"query": {"geo_bounding_box": {"place": {"top_left": {"lat": 50, "lon": -20}, "bottom_right": {"lat": 20, "lon": 60}}}}, "sort": BY_SKU, "size": 100}, index="shop")
    es.search({"query": {"nested": {"path": "offers", "query": {"range": {"offers.percent": {"gte": 40}}}}}, "sort": BY_SKU, "size": 20, "docvalue_fields": ["price"]}, index="products")
    es.search({"query": {"match": {"name.folded": "creme"}}, "sort": BY_SKU, "highlight": {"fields": {"name.folded": {}}}}, index="products")
    page = {"query": {"match_all": {}}, "sort": BY_SKU, "size": 200}
    for _ in range(5):  # deep paging
        hits = es.search(page, index="products")["hits"]["hits"]
        if not hits:
            break
        page["search_after"] = hits[-1]["sort"]
    es.msearch([{"index": "orders"}, {"size": 0}, {"index": "no-such-index"}, {}, {"index": "customers"}, {"size": 1, "sort": [{"email": "asc"}], "_source": False, "query": {"term": {"visits": 3}}}])
    es.count(index="products,orders")
    es.indices.get_mapping("orders")
    es.indices.get_alias(index="products")
    es.indices.analyze({"analyzer": "folded", "text": "Crème Brûlée"}, index="products")
    es.field_caps(index="orders", fields="*")
    es.search({"query": {"match_all": {}}}, index="no-such-index", ignore=404)
    es.search({"query": {"no_such_query": {}}}, index="orders", ignore=400)
    compressed.render_search_template({"source": {"query": {"term": {"sku": "{{sku}}"}}}, "params": {"sku": "sku-0-0001"}})

    es.update_by_query("orders", {"script": {"source": "ctx._source.state = 'archived'"}, "query": {"term": {"state": "sent"}}}, refresh=True)
    es.delete_by_query("metrics-web", {"query": {"range": {"load": {"gt": 0.9}}}}, refresh=True)
    copy = {"source": {"index": "products", "query": {"term": {"tags": "sale"}}}, "dest": {"index": "products-sale"}, "script": {"source": "ctx._source.sale = true"}}
    es.reindex(copy, refresh=True)
    es.indices.update_aliases({"actions": [{"remove": {"index": "products", "alias": "shop"}}, {"add": {"index": "products-sale", "alias": "shop"}}]})
    es.count(index="shop")
    es.indices.create("short-lived", {"settings": schema.NO_CLOCK})
    es.index("short-lived", {"a": 1}, refresh="true")
    es.indices.delete("short-lived")
    es.cat.indices(index="products", h="index,docs.count")
