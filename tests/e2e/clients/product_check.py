"""product_check.py MODULE URL INDEX: uses a cluster through an official client as an application would, and says what it
was told. Clients of Elasticsearch from 7.14 on refuse a server that does not prove to be one."""

import importlib
import sys

module, url, index = sys.argv[1:]
library = importlib.import_module(module)
helpers = importlib.import_module(module + ".helpers")
client = library.Elasticsearch([url])
print("version", client.info()["version"]["number"])
documents = ({"_index": index, "_id": str(n), "_source": {"n": n}} for n in range(200))
written, errors = helpers.bulk(client, documents, refresh=True)
print("bulk", written, errors)
print("get", client.get(index=index, id="7")["_source"])
if library.__version__[0] < 8:
    found = client.search(index=index, body={"query": {"range": {"n": {"lt": 50}}}})
else:
    found = client.search(index=index, query={"range": {"n": {"lt": 50}}})
print("search", found["hits"]["total"]["value"])
print("delete", client.delete(index=index, id="7")["result"])
print("exists", bool(client.exists(index=index, id="7")))
