"""application.py MODULE URL INDEX: uses a cluster as an application does, through the official client of that module
(elasticsearch 7 or opensearchpy 2), and prints every answer's status, headers and body as a JSON line, with what changes
from run to run blanked."""
import importlib
import json
import re
import sys

module = importlib.import_module(sys.argv[1])
helpers = importlib.import_module(sys.argv[1] + ".helpers")
Client = module.OpenSearch if sys.argv[1] == "opensearchpy" else module.Elasticsearch
NotFoundError, ConflictError, Urllib3HttpConnection = module.NotFoundError, module.ConflictError, module.Urllib3HttpConnection


class Recording(Urllib3HttpConnection):
    def perform_request(self, *args, **kwargs):
        kwargs_ignore = kwargs.pop("ignore", ())
        status, headers, body = super().perform_request(*args, ignore=tuple(range(400, 600)), **kwargs)
        show(args, status, headers, body)
        if status >= 400 and status not in kwargs_ignore and not (args[0] == "HEAD" and status == 404):
            self._raise_error(status, body)
        return status, headers, body


VOLATILE = re.compile(r'"(took|_scroll_id|uuid|index_uuid|_index_uuid|creation_date|ephemeral_id|timestamp)":\s*("[^"]*"|\d+)')


def show(args, status, headers, body):
    headers = {name.lower(): value for name, value in dict(headers).items()}
    for volatile in ("content-length", "task_resource_usage"):
        headers.pop(volatile, None)
    blanked = VOLATILE.sub(lambda match: f'"{match.group(1)}":"#"', body)
    print(json.dumps({"request": [str(arg)[:200] for arg in args[:2]], "status": status, "headers": headers, "body": blanked}))


def main(url, index):
    es = Client([url], connection_class=Recording, http_compress=False, max_retries=0)
    es.info()
    es.indices.create(index, body={"settings": {"number_of_shards": 1, "number_of_replicas": 0},
                                   "mappings": {"properties": {"name": {"type": "keyword"}, "n": {"type": "long"}}}})
    assert es.indices.exists(index)
    for number in range(10):
        es.index(index, {"name": f"n{number}", "n": number}, id=str(number))
    helpers.bulk(es, ({"_index": index, "_id": f"b{number}", "name": "bulk é中", "n": number} for number in range(500)), chunk_size=100)
    es.update(index, "1", {"doc": {"n": 100}})
    es.update(index, "2", {"script": {"source": "ctx._source.n += params.k", "params": {"k": 5}}})
    es.delete(index, "3")
    for call, error in ((lambda: es.get(index, "missing"), NotFoundError),
                        (lambda: es.create(index, "1", {"n": 1}), ConflictError)):
        try:
            call()
            sys.exit("expected " + error.__name__)
        except error:
            pass
    es.indices.refresh(index)
    es.exists(index, "1")
    es.exists(index, "missing")
    es.get(index, "2")
    es.mget({"ids": ["1", "2", "missing"]}, index=index)
    es.count(index=index)
    es.search(index=index, body={"query": {"match": {"name": "n4"}}, "sort": ["n"]})
    es.search(index=index, body={"size": 0, "aggs": {"names": {"terms": {"field": "name"}}}})
    es.msearch([{"index": index}, {"query": {"match_all": {}}, "size": 2, "sort": ["n", "name"]}, {"index": index}, {"size": 0}])
    page = es.search(index=index, scroll="1m", size=200, body={"sort": ["_doc"]})
    while page["hits"]["hits"]:
        page = es.scroll(body={"scroll_id": page["_scroll_id"], "scroll": "1m"})
    es.clear_scroll(body={"scroll_id": [page["_scroll_id"]]})
    es.update_by_query(index, {"query": {"term": {"name": "n5"}}, "script": {"source": "ctx._source.n = 0"}}, refresh=True)
    es.delete_by_query(index, {"query": {"term": {"name": "n6"}}}, refresh=True)
    es.indices.put_alias(index, index + "-alias")
    es.indices.get_alias(index)
    es.indices.get_mapping(index)
    es.cat.indices(index, h="index,docs.count,pri,rep")
    for number in range(20):
        es.search(index=index + "-alias", q=f"n:{number}", _source=False, sort="n,name")
    es.indices.delete(index)


main(*sys.argv[2:])
