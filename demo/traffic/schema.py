"""Indices, templates, an ingest pipeline and aliases, as applications make them at their first start."""

# Documents become visible by an explicit refresh only: what a search by the clock sees differs from run to run, on
# one and the same cluster.
NO_CLOCK = {"refresh_interval": "-1", "number_of_replicas": 0}


def create(es):
    es.info()
    es.indices.put_template("sessions", {
        "index_patterns": ["session-*"],
        "settings": {**NO_CLOCK, "number_of_shards": 1},
        "mappings": {"properties": {"user": {"type": "keyword"}, "clicks": {"type": "integer"}, "at": {"type": "date"}}},
    })
    es.indices.put_index_template("metrics", {
        "index_patterns": ["metrics-*"],
        "template": {
            "settings": {**NO_CLOCK, "number_of_shards": 1},
            "mappings": {"dynamic": "strict", "properties": {"host": {"type": "keyword"}, "load": {"type": "float"}}},
            "aliases": {"all-metrics": {}},
        },
    })
    es.ingest.put_pipeline("tidy", {"processors": [
        {"set": {"field": "channel", "value": "web"}}, {"lowercase": {"field": "email"}}]})
    es.indices.create("products", {
        "settings": {**NO_CLOCK, "number_of_shards": 2, "analysis": {"analyzer": {
            "folded": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]}}}},
        "mappings": {"properties": {
            "sku": {"type": "keyword"},
            "name": {"type": "text", "analyzer": "english", "fields": {"folded": {"type": "text", "analyzer": "folded"}}},
            "price": {"type": "scaled_float", "scaling_factor": 100},
            "stock": {"type": "integer"},
            "tags": {"type": "keyword"},
            "place": {"type": "geo_point"},
            "offers": {"type": "nested", "properties": {"from": {"type": "date"}, "percent": {"type": "byte"}}},
        }},
    })
    es.indices.create("orders", {
        "settings": {**NO_CLOCK, "number_of_shards": 3},
        "mappings": {"properties": {
            "customer": {"type": "keyword"}, "sku": {"type": "keyword"}, "amount": {"type": "double"},
            "state": {"type": "keyword"}, "at": {"type": "date"}}},
    })
    es.indices.create("customers", {
        "settings": {**NO_CLOCK, "number_of_shards": 1, "default_pipeline": "tidy"},
        "mappings": {"properties": {"email": {"type": "keyword"}, "visits": {"type": "long"}}},
    })
    es.indices.put_mapping({"properties": {"note": {"type": "text"}}}, index="customers")
    es.indices.put_alias("products", "shop")
    es.indices.put_alias("orders", "open-orders", {"filter": {"term": {"state": "open"}}})
    es.indices.exists("products")
    es.indices.exists("no-such-index")
    es.indices.exists_alias("shop")
    # a second creation: 400
    es.indices.create("products", ignore=400)
