"""The scenes: each makes an index or a few that are special in one way, and changes them for the second snapshot."""

from .contents import CONTENTS
from .layouts import LAYOUTS
from .server import Doc, quoted

# ':' is refused from 7 on, '#' from 6 on; the rest is allowed everywhere and special somewhere.
ODD_NAMES = ["ünïcode-名前", "odd!@$&'()=~;[]{}^`.%41", ".hidden-by-name", "dots.and-dashes_1", "x" * 200]
CLOSED = "closed"


def names(server, part):
    for index in ODD_NAMES:
        if part == 1:
            server.create(index)
        server.bulk(index, [Doc(f"{part}", b'{"part":%d}' % part)])


def empty(server, part):
    """One without documents, and one that loses them all."""
    if part == 1:
        server.create("empty", {"number_of_shards": 2})
        server.create("emptied")
        server.bulk("emptied", [Doc("1", b'{"n":1}')])
        server.flush("emptied")
    else:
        server.bulk("emptied", [Doc("1", None)])


def coming_and_going(server, part):
    """One is gone in the second snapshot, one comes, and one is another of the same name."""
    if part == 1:
        for index in ("gone", "recreated"):
            server.create(index)
            server.bulk(index, [Doc(f"{n}", b'{"first":%d}' % n) for n in range(5)])
        return
    server.must("DELETE", "/gone")
    server.must("DELETE", "/recreated")
    server.create("recreated", {"number_of_shards": 2})
    server.create("new")
    for index in ("recreated", "new"):
        server.bulk(index, [Doc(f"{n}", b'{"second":%d}' % n) for n in range(3, 9)])


def aliases_and_templates(server, part):
    if part == 1:
        server.create("aliased", {"number_of_shards": 2})
        template = {"order": 1, "aliases": {"from-template": {}}, **server.index_body({}, None)}
        # version 6 renamed `template`, and no version takes both
        template |= {"index_patterns": ["templated-*"]} if server.major >= 6 else {"template": "templated-*"}
        server.must("PUT", "/_template/lab", template)
    server.bulk("aliased", [Doc(f"{part}{n}", b'{"n":%d}' % n) for n in range(10)])
    add = {"index": "aliased", "alias": f"alias-{part}", "filter": {"term": {"n": 1}}, "routing": "r"}
    server.must("POST", "/_aliases", {"actions": [{"add": add}]})
    server.bulk(f"templated-{part}", [Doc("1", b'{"n":1}')])


def data_stream(server, part):
    """Rolled over between the snapshots. Not in every package."""
    template = {"index_patterns": ["stream"], "data_stream": {}, "template": {"settings": {"number_of_replicas": 0}}}
    if part == 1:
        if server.major < 7 or not server.may("data stream", "PUT", "/_index_template/stream", template):
            return
    elif server.send("POST", "/stream/_rollover")[0] != 200:
        return
    docs = [Doc(None, b'{"@timestamp":"2026-01-0%dT00:00:0%dZ","n": %d}' % (part, n, n), {"op": "create"}) for n in range(8)]
    server.bulk("stream", docs)


def closed(server, part):
    if part == 1:
        server.create(CLOSED)
    server.bulk(CLOSED, [Doc(f"{part}", b'{"part":%d}' % part)])


def close(server):
    """Only from 7 on does a snapshot take a closed index; before, it would be missing."""
    if server.major >= 7:
        server.must("POST", f"/{CLOSED}/_close")


def reopen(server):
    if server.major >= 7:
        server.must("POST", f"/{CLOSED}/_open")
        server.must("GET", f"/_cluster/health/{quoted(CLOSED)}?wait_for_status=yellow")


SCENES = [*CONTENTS, *LAYOUTS, names, empty, coming_and_going, aliases_and_templates, data_stream, closed]
