"""Copies an index as a script with the official client does: SOURCE TARGET INDEX DOCUMENTS BATCH."""

import itertools
import sys

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan, streaming_bulk

source, target, index, documents, batch = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
hits = scan(Elasticsearch(source, timeout=60), index=index, size=batch)
actions = (
    {"_op_type": "index", "_index": index, "_id": hit["_id"], "_source": hit["_source"]}
    for hit in itertools.islice(hits, documents)
)
for taken, item in streaming_bulk(Elasticsearch(target, timeout=60), actions, chunk_size=batch):
    if not taken:
        sys.exit(f"refused: {item}")
