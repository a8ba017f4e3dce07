"""The clusters that take no time answer as clusters do, and every document stands in them once."""

import json
import unittest
from typing import Any, cast

from harness.verify.null import PAGE_DOCUMENTS, SHARDS, Documents, handler


class Null(unittest.TestCase):
    def setUp(self) -> None:
        self.answers = handler(Documents(2 * SHARDS, 100))

    def ask(self, path: str, body: bytes = b"") -> dict[str, Any]:
        """The answer, without a socket."""
        server = self.answers.__new__(self.answers)
        server.path = path
        return cast(dict[str, Any], json.loads(server.answer(path.partition("?")[0], body)))

    def test_scrolls_give_each_document_once_and_gets_the_same(self) -> None:
        ids: list[str] = []
        for shard in range(SHARDS):
            page = self.ask(f"/docs/_search?scroll=5m&preference=_shards:{shard}")
            while page["hits"]["hits"]:
                hits = page["hits"]["hits"]
                asked = json.dumps({"docs": [{"_id": hit["_id"]} for hit in hits]}, separators=(",", ":"))
                found = self.ask("/docs/_mget", asked.encode())["docs"]
                pairs = [(hit["_id"], hit["_source"]) for hit in hits]
                self.assertEqual(pairs, [(doc["_id"], doc["_source"]) for doc in found])
                self.assertEqual(len(json.dumps(hits[0]["_source"], separators=(",", ":"))), 100)
                ids += [hit["_id"] for hit in hits]
                scroll = json.dumps({"scroll_id": page["_scroll_id"]}, separators=(",", ":"))
                page = self.ask("/_search/scroll", scroll.encode())
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(len(ids), 2 * SHARDS * PAGE_DOCUMENTS)
        self.assertEqual(self.ask("/docs/_count")["count"], len(ids))
