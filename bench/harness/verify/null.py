"""Source and target that take no time: pages of a scroll and answers to questions for documents are ready bytes.

Run as a program it listens on a free port of the loopback, prints `listening IP:PORT`, and serves until it is ended.
"""

import re
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE_DOCUMENTS = 1000
SHARDS = 4
ROOT = b"""{"name":"null","cluster_name":"null","version":{"distribution":"opensearch","number":"2.19.4"},
"tagline":"The OpenSearch Project: https://opensearch.org/"}"""
# In the place of the number of a page, in bytes that are copied.
_PAGE = b"PPPPPP"
_ID = re.compile(rb'"_id":"(\d{6})-')


@dataclass(frozen=True)
class Documents:
    """What both sides have: `pages` of a thousand documents, in equal parts in four shards."""

    pages: int
    source_bytes: int

    def __post_init__(self) -> None:
        if self.pages % SHARDS:
            raise ValueError(f"pages must be a multiple of {SHARDS}")

    def sources(self) -> list[bytes]:
        """The documents of any page."""
        start = b'{"message":"'
        filling = b"x" * (self.source_bytes - len(start) - 2)
        return [start + filling + b'"}'] * PAGE_DOCUMENTS

    def page(self, scroll: bytes) -> bytes:
        """A page of a scroll, but for its number and the place of the next."""
        hits = b",".join(
            b'{"_index":"docs","_id":"%s-%d","_version":1,"_score":null,"_source":%s,"sort":[%d]}'
            % (_PAGE, number, source, number)
            for number, source in enumerate(self.sources())
        )
        return self.answer(scroll, hits)

    def answer(self, scroll: bytes, hits: bytes) -> bytes:
        """A search's answer."""
        total = self.pages // SHARDS * PAGE_DOCUMENTS
        head = b'{"_scroll_id":"%s","took":1,"timed_out":false,' % scroll
        shards = b'"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},'
        return head + shards + b'"hits":{"total":{"value":%d,"relation":"eq"},"hits":[%s]}}' % (total, hits)

    def found(self) -> bytes:
        """The answer to a question for the documents of a page, but for its number."""
        docs = b",".join(
            b'{"_index":"docs","_id":"%s-%d","_version":1,"_seq_no":1,"_primary_term":1,"found":true,"_source":%s}'
            % (_PAGE, number, source)
            for number, source in enumerate(self.sources())
        )
        return b'{"docs":[%s]}' % docs

    def stats(self) -> bytes:
        """Writes of each shard: one range of numbers, so that a shard is one part."""
        shard = b"""[{"routing":{"primary":true,"node":"n"},"commit":{"user_data":{"history_uuid":"h"}},
"seq_no":{"max_seq_no":0,"global_checkpoint":0}}]"""
        shards = b",".join(b'"%d":%s' % (number, shard) for number in range(SHARDS))
        return b'{"indices":{"docs":{"uuid":"u","shards":{%s}}}}' % shards


def handler(documents: Documents) -> type[BaseHTTPRequestHandler]:
    """What answers."""
    page, found = documents.page(b"SSSSSS"), documents.found()
    count = b'{"count":%d,"_shards":{"failed":0}}' % (documents.pages * PAGE_DOCUMENTS)
    per_shard = documents.pages // SHARDS

    def scroll(number: int) -> bytes:
        # The last place of a shard has no documents.
        shard, at = divmod(number, per_shard + 1)
        following = b"%06d" % (number + 1)
        if at == per_shard:
            return documents.answer(following, b"")
        return page.replace(_PAGE, b"%06d" % (shard * per_shard + at)).replace(b"SSSSSS", following, 1)

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = self.answer(self.path.partition("?")[0], body)
            self.send_response(200 if answer is not None else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer or b"")))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer or b"")

        do_GET = do_POST = do_HEAD = do_DELETE = reply

        def answer(self, path: str, body: bytes) -> bytes | None:
            if path.endswith("/_mget"):
                match = _ID.search(body)
                return found.replace(_PAGE, match[1]) if match else None
            if path == "/_search/scroll":
                match = re.search(rb'"scroll_id":"(\d+)"', body)
                return scroll(int(match[1])) if match else b"{}"
            if path.endswith("/_search"):
                match = re.search(r"_shards:(\d+)", self.path)
                return scroll(int(match[1]) * (per_shard + 1)) if match else None
            return {
                "/": ROOT,
                "/docs": b"{}",
                "/docs/_count": count,
                "/docs/_refresh": b'{"_shards":{"failed":0}}',
                "/_cluster/state/metadata": b"""{"metadata":{"indices":{"docs":{"state":"open","settings":
{"index":{"number_of_shards":"4"}}}}}}""",
                "/_cluster/settings": b"{}",
                "/_alias": b'{"docs":{"aliases":{}}}',
                "/docs/_stats/docs,indexing": documents.stats(),
                "/_stats/docs,indexing": documents.stats(),
            }.get(path)

        def log_message(self, *_: object) -> None:
            pass

    return Answers


def main() -> None:
    """Serves until it is ended."""
    documents = Documents(int(sys.argv[1]), int(sys.argv[2]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(documents))
    server.daemon_threads = True
    print(f"listening 127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
