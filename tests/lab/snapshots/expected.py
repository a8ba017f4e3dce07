"""Writes down every live document, as the server gives it.

One JSON object a line: `index`, `type` (if the server says one), `id`, `routing` and `parent` (if there), `source`. The
source is a string: the text as the server sent it, byte by byte, white space around and inside, line ends, duplicate keys
and all. It is null where the server has no source. Sorted by index, type, id and routing.
"""

import json

from .server import quoted

PAGE_HITS = 50
SCROLL = "2m"
# What stands on a hit beside its source; versions 1 and 2 put some of it into `fields`.
ASKED_FIELDS = ["_routing", "_parent", "_source"]

_decoder = json.JSONDecoder(strict=False)


def _skip_blanks(text, at):
    while text[at] in " \t\r\n":
        at += 1
    return at


def members(text, at):
    """Each member of the object that starts at `at`: its name, and where its value starts and ends, blanks around it
    included: an answer that is not `pretty` has none of its own."""
    at = _skip_blanks(text, at + 1)
    while text[at] != "}":
        name, at = _decoder.raw_decode(text, at)
        start = _skip_blanks(text, at) + 1
        _, at = _decoder.raw_decode(text, _skip_blanks(text, start))
        at = _skip_blanks(text, at)
        yield name, start, at
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)


def elements(text, at):
    """Where each element of the array that starts at `at` starts."""
    at = _skip_blanks(text, at + 1)
    while text[at] != "]":
        yield at
        _, end = _decoder.raw_decode(text, at)
        at = _skip_blanks(text, end)
        if text[at] == ",":
            at = _skip_blanks(text, at + 1)


def place(text, *names):
    """Where the value starts to which the names lead from the outermost object."""
    at = _skip_blanks(text, 0)
    for name in names:
        at = next(_skip_blanks(text, start) for found, start, _ in members(text, at) if found == name)
    return at


def hit_lines(text):
    """The documents of a page of a search's answer."""
    for hit in elements(text, place(text, "hits", "hits")):
        value, _ = _decoder.raw_decode(text, hit)
        source = next((text[start:end] for name, start, end in members(text, hit) if name == "_source"), None)
        beside = {**value.get("fields", {}), **value}
        line = {"index": value["_index"], "type": value.get("_type"), "id": value["_id"]}
        line |= {"routing": beside.get("_routing"), "parent": beside.get("_parent")}
        yield {name: found for name, found in line.items() if found is not None} | {"source": source}


def documents(server, index):
    body = {"size": PAGE_HITS, "query": {"match_all": {}}}
    if server.major < 5:
        body["fields"] = ASKED_FIELDS
    status, answer = server.send("POST", f"/{quoted(index)}/_search?scroll={SCROLL}", body)
    while True:
        text = answer.decode()
        if status != 200:
            raise ValueError(f"search of {index}: {status} {text}")
        failed = json.loads(text)["_shards"]["failed"]
        if failed:
            raise ValueError(f"search of {index}: {failed} shards failed: {text}")
        page = list(hit_lines(text))
        if not page:
            return
        yield from page
        scroll = json.loads(text)["_scroll_id"]
        body = scroll.encode() if server.major < 2 else {"scroll": SCROLL, "scroll_id": scroll}
        status, answer = server.send("POST", f"/_search/scroll?scroll={SCROLL}" if server.major < 2 else "/_search/scroll", body)


def write_expected(server, path):
    indices = server.must("GET", "/_cluster/state/metadata")["metadata"]["indices"]
    lines = [line for index in indices for line in documents(server, index)]
    lines.sort(key=lambda line: [line.get(name, "") for name in ("index", "type", "id", "routing")])
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            print(json.dumps(line), file=file)
