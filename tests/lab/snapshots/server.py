"""Requests to the server, in the words that its version understands."""

import http.client
import json
import sys
import urllib.parse
from dataclasses import dataclass, field

REQUEST_TIMEOUT_SECONDS = 120
SHOWN_ANSWER_BYTES = 300


class Refused(Exception):
    """The server did not do what the snapshots need."""


@dataclass
class Doc:
    """A document to index, or, without a source, to delete. Without an id the server chooses one."""

    id: str | None
    source: bytes | None
    meta: dict = field(default_factory=dict)  # more of the bulk line, such as `routing`


def quoted(segment):
    return urllib.parse.quote(segment, safe="")


def left_out(what, answer):
    """Tells what the server refused, by the reason in its answer if there is one."""
    try:
        reason = json.loads(answer)["error"]["reason"]
    except (ValueError, KeyError, TypeError):
        reason = answer.decode(errors="replace")
    print(f"make-snapshots: left out: {what}: {reason[:SHOWN_ANSWER_BYTES]}", file=sys.stderr)


class Server:
    def __init__(self, url, product, version):
        self.address = urllib.parse.urlsplit(url)
        self.version = tuple(int(number) for number in version.split("."))
        self.is_elasticsearch = product == "elasticsearch"
        # The line of Elasticsearch that it descends from decides what it understands.
        self.major = self.version[0] if self.is_elasticsearch else self.version[0] + 6
        self.connection = http.client.HTTPConnection(self.address.netloc, timeout=REQUEST_TIMEOUT_SECONDS)

    @property
    def typed(self):
        """Types stand in paths and mappings."""
        return self.major < 7

    @property
    def many_types(self):
        return self.major < 6

    @property
    def default_type(self):
        return "thing" if self.many_types else "_doc"

    def text(self, exact=False):
        """The mapping of a string, analyzed or exact."""
        if self.major >= 5:
            return {"type": "keyword" if exact else "text"}
        return {"type": "string", "index": "not_analyzed"} if exact else {"type": "string"}

    def send(self, method, path, body=None, content_type="application/json"):
        """Status and body of the answer."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {"content-type": content_type} if body is not None else {}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def must(self, method, path, body=None):
        """The answer, parsed."""
        status, answer = self.send(method, path, body)
        if status >= 400:
            raise Refused(f"{method} {path}: {status} {answer[:SHOWN_ANSWER_BYTES].decode(errors='replace')}")
        return json.loads(answer)

    def may(self, what, method, path, body=None, content_type="application/json"):
        """Whether the server did it; says so if not."""
        status, answer = self.send(method, path, body, content_type)
        if status >= 400:
            left_out(what, answer)
        return status < 400

    def index_body(self, settings, mapping):
        """The body that creates an index. `mapping` is that of the default type."""
        settings = {"number_of_shards": 1, "number_of_replicas": 0, **settings}
        body = {"settings": {"index": settings}}
        if mapping:
            body["mappings"] = {self.default_type: mapping} if self.typed else mapping
        return body

    def create(self, index, settings=None, mapping=None):
        self.must("PUT", f"/{quoted(index)}", self.index_body(settings or {}, mapping))

    def may_create(self, index, settings=None, mapping=None):
        return self.may(f"index {index}", "PUT", f"/{quoted(index)}", self.index_body(settings or {}, mapping))

    def bulk(self, index, docs, kind=None, tolerant=False):
        """Sources must be without line ends. `tolerant`: what the server refuses is left out."""
        lines = []
        for doc in docs:
            meta = {"_index": index, **doc.meta}
            if self.typed:
                meta["_type"] = kind or self.default_type
            if doc.id is not None:
                meta["_id"] = doc.id
            operation = "delete" if doc.source is None else doc.meta.get("op", "index")
            meta.pop("op", None)
            lines.append(json.dumps({operation: meta}).encode())
            if doc.source is not None:
                lines.append(doc.source)
        answer = self.must("POST", "/_bulk", b"\n".join(lines) + b"\n")
        for item in answer["items"]:
            (result,) = item.values()
            if "error" in result:
                if not tolerant:
                    raise Refused(f"bulk into {index}: {json.dumps(result)[:SHOWN_ANSWER_BYTES]}")
                left_out(f"{index}/{result['_id']}", json.dumps(result).encode())

    def put(self, index, id, source, content_type="application/json"):
        """One document by a request of its own, which takes any source; what the server refuses is left out."""
        path = f"/{quoted(index)}/{self.default_type}/{quoted(id)}"
        return self.may(f"{index}/{id}", "PUT", path, source, content_type)

    def flush(self, index):
        """Makes a segment of what is in memory."""
        self.must("POST", f"/{quoted(index)}/_flush")

    def merge(self, index, segments=1):
        name = "_optimize" if self.major < 2 else "_forcemerge"
        self.must("POST", f"/{quoted(index)}/{name}?max_num_segments={segments}")
        self.flush(index)
