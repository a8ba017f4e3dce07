"""Scenes whose documents are special: ids, routing, types, parents, nested documents, sources."""

from .documents import BINARY_SOURCES, IDS, ROUTINGS, SOURCES, SOURCES_OF_LINES, big
from .server import Doc

MEBIBYTE = 1 << 20


def ids(server, part):
    if part == 1:
        server.create("ids", {"number_of_shards": 3})
        server.bulk("ids", [Doc(id, b'{"n":%d}' % n) for n, id in enumerate(IDS)])
        server.flush("ids")
        server.bulk("ids", [Doc(None, b'{"generated":%d}' % n) for n in range(20)])
        if server.major < 5:  # 5 limits an id to 512 bytes
            server.bulk("ids", [Doc("y" * 2000, b'{"long":true}')])
    else:
        server.bulk("ids", [Doc(id, None) for id in IDS[::4]])
        server.bulk("ids", [Doc(id, b'{"again":true}') for id in IDS[1::4]])
        server.bulk("ids", [Doc(None, b'{"generated":-1}') for _ in range(5)])


def routed(server, part):
    """Documents of one id live once for each shard that a routing leads to."""
    if part == 1:
        server.create("routed", {"number_of_shards": 5})
        server.bulk("routed", [Doc("same", b'{"routed":%d}' % n, {"routing": r}) for n, r in enumerate(ROUTINGS)])
        server.bulk("routed", [Doc(f"{n}", b'{"n":%d}' % n, {"routing": ROUTINGS[n % 9]}) for n in range(50)])
        server.bulk("routed", [Doc(f"plain {n}", b'{"plain":%d}' % n) for n in range(10)])
    else:
        server.bulk("routed", [Doc("same", None, {"routing": "a"}), Doc("same", b'{"again":1}', {"routing": "b"})])
        server.bulk("routed", [Doc(f"{n}", None, {"routing": ROUTINGS[n % 9]}) for n in range(0, 50, 7)])


def types(server, part):
    """The same id under several types; later, one type with a name of its own."""
    source = b'{"part":%d}' % part
    if server.many_types:
        if part == 1:
            server.create("types", {"number_of_shards": 2})
        for kind in ("apple", "pear", "tüp"):
            server.bulk("types", [Doc(id, source) for id in ("1", "2", f"{part}0", f"{kind}#{part}")], kind)
        if part == 2:
            server.bulk("types", [Doc("1", None)], "pear")
    elif server.typed:
        server.bulk("types", [Doc(f"{part}", source), Doc("changed", source)], "thing")
    elif server.major == 7:
        if part == 1:
            server.must("PUT", "/types?include_type_name=true", {"mappings": {"thing": {}}})
        server.must("PUT", f"/types/thing/{part}", {"part": part})


def family(server, part):
    """Parents and children: `_parent` before 6, a field of type join after it."""
    pairs = [(f"p{n}", f"c{n}-{m}") for n in range(part * 4) for m in range(3)]
    if server.many_types:
        if part == 1:
            body = server.index_body({"number_of_shards": 3}, None)
            server.must("PUT", "/family", body | {"mappings": {"parent": {}, "child": {"_parent": {"type": "parent"}}}})
        server.bulk("family", [Doc(parent, b'{"a":"parent"}') for parent, _ in pairs], "parent")
        name = "parent" if server.major >= 5 else "_parent"
        server.bulk("family", [Doc(child, b'{"part":%d}' % part, {name: parent}) for parent, child in pairs], "child")
        return
    join = {"properties": {"join": {"type": "join", "relations": {"parent": "child"}}}}
    if part == 1 and not server.may_create("family", {"number_of_shards": 3}, join):
        return
    if server.send("HEAD", "/family")[0] != 200:
        return
    server.bulk("family", [Doc(parent, b'{"join":"parent"}') for parent, _ in pairs])
    source = '{"join":{"name":"child","parent":"%s"}}'
    server.bulk("family", [Doc(child, (source % parent).encode(), {"routing": parent}) for parent, child in pairs])


def nested(server, part):
    """Nested documents are documents of the segment too, before the one they belong to."""
    inner = {"type": "nested", "properties": {"innermost": {"type": "nested"}}}
    if part == 1:
        server.create("nested", {"number_of_shards": 2}, {"properties": {"inner": inner}})
    for n in range(part - 1, 30, part):
        source = '{"part":%d,"inner":[{"n":1,"innermost":[{"n":1},{"n":2}]},{"n":2}]}' % part if n % 3 else '{"inner":[]}'
        server.bulk("nested", [Doc(f"{n}", source.encode())])
    server.flush("nested")
    if part == 2:
        server.bulk("nested", [Doc(f"{n}", None) for n in range(4, 30, 5)])


def sources(server, part):
    """Nothing is indexed of them, so that the source is all that matters."""
    if part == 1:
        server.create("sources", {"number_of_shards": 2}, {"enabled": False})
        server.create("binary-sources")
    for n, source in enumerate(SOURCES):
        server.bulk("sources", [Doc(f"{part}-{n}", source)], tolerant=True)
    for n, source in enumerate(SOURCES_OF_LINES):
        server.put("sources", f"{part}-lines-{n}", source)
    for content_type, source in BINARY_SOURCES.items():
        server.put("binary-sources", f"{part}-{content_type}", source, content_type)


def big_sources(server, part):
    """Between small ones; 8 of 64 KiB, one of 1 MiB, for each codec that keeps them differently."""
    for index, settings in (("big", {}), ("big-compressed", {"codec": "best_compression"} if server.major >= 2 else {})):
        if part == 1:
            server.create(index, settings, {"enabled": False})
        sizes = [100, MEBIBYTE, 100, *[MEBIBYTE // 16] * 8, 100]
        docs = [Doc(f"{part}-{n}", big(size, part * 100 + n)) for n, size in enumerate(sizes)]
        server.bulk(index, docs)
        server.flush(index)
        if part == 2:
            server.bulk(index, [Doc("1-0", None), Doc("1-4", None)])


CONTENTS = [ids, routed, types, family, nested, sources, big_sources]
