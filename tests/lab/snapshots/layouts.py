"""Scenes whose segments are special: codecs, deletions, what is stored beside the source, or is stored of it."""

from .server import Doc

CODECS = ["default", "best_compression", "zstd", "zstd_no_dict", "lz4", "legacy_default"]


def numbered(first, last, text="text"):
    return [Doc(f"{n}", b'{"n":%d,"s":"%s %d"}' % (n, text.encode(), n)) for n in range(first, last)]


def codecs(server, part):
    # before 5 a codec that is not known is taken, and the index never starts
    known = CODECS[: 1 if server.major < 2 else 2] if server.major < 5 else CODECS
    for codec in known:
        index = f"codec-{codec}"
        if part == 1 and not server.may_create(index, {"codec": codec}):
            continue
        if server.send("HEAD", f"/{index}")[0] != 200:
            continue
        server.bulk(index, numbered(part * 1000, part * 1000 + 600))
        server.flush(index)
        if part == 2:
            server.bulk(index, [Doc(f"{n}", None) for n in range(1000, 1600, 9)])


def sharded(server, part):
    if part == 1:
        server.create("sharded", {"number_of_shards": 7})
    server.bulk("sharded", numbered(0, 400, f"part {part}") if part == 1 else numbered(300, 500, f"part {part}"))
    if part == 2:
        server.bulk("sharded", [Doc(f"{n}", None) for n in range(0, 100, 3)])


def updated(server, part):
    """Many versions of the same documents over many segments; from 7 on deletions are soft."""
    if part == 1:
        settings = {"soft_deletes.enabled": True} if server.major == 6 else {}
        server.create("updated", {"number_of_shards": 2, **settings})
    for again in range(6):
        server.bulk("updated", numbered(again * 10, 200, f"part {part} round {again}"))
        server.flush("updated")
    server.bulk("updated", [Doc(f"{n}", None) for n in range(part, 200, 11)])
    for n in (3, 5, 8):
        path = f"/updated/{server.default_type}/{n}/_update" if server.typed else f"/updated/_update/{n}"
        server.must("POST", path, {"doc": {"partial": part}})


def compound(server, part):
    """One large segment of many files, one of one file, and small ones with deletions beside both."""
    for index, whole in (("compound", True), ("plain", False)):
        if part == 1:
            server.create(index, {"compound_format": whole})
        server.bulk(index, numbered(part * 1000, part * 1000 + 500))
        server.flush(index)
        server.bulk(index, numbered(part * 1000 + 400, part * 1000 + 800))
        if part == 1:
            server.merge(index)
        server.bulk(index, [Doc(f"{n}", None) for n in range(1000, 1800, 10 * part)])
        server.flush(index)


def whole_segment_deleted(server, part):
    if part == 1:
        server.create("worn")
        server.bulk("worn", numbered(0, 20))
        server.flush("worn")
    server.bulk("worn", numbered(part * 20, part * 20 + 20))
    server.flush("worn")
    server.bulk("worn", [Doc(f"{n}", None) for n in range((part - 1) * 20, part * 20)])


def without_source(server, part):
    if part == 1:
        server.create("without-source", mapping={"_source": {"enabled": False}})
        excluding = {"_source": {"excludes": ["secret", "*.hidden"]}}
        server.create("source-excludes", mapping=excluding)
        server.create("source-includes", mapping={"_source": {"includes": ["n", "kept.*"]}})
    for index in ("without-source", "source-excludes", "source-includes"):
        source = b'{"n": %d, "secret":"s","kept":{"a": 1.10,"hidden":2},"other":{"hidden":1,"seen":[1, 2]}}'
        server.bulk(index, [Doc(f"{part}-{n}", source % n) for n in range(10)])
        server.flush(index)
    server.bulk("without-source", [Doc("1-3", None)])


def stored_fields(server, part):
    """Fields of every kind that is stored lie beside the source, before and after it."""
    if part == 1:
        stored = {kind: {"type": kind, "store": True} for kind in ("long", "integer", "double", "float", "date", "boolean")}
        stored |= {"text": server.text() | {"store": True}, "bytes": {"type": "binary", "store": True}}
        mapping = {"properties": stored}
        if server.major < 5:
            mapping |= {"_timestamp": {"enabled": True} | ({"store": True} if server.major < 2 else {}), "_ttl": {"enabled": True}}
        server.create("stored", mapping=mapping)
    source = b'{"long":%d,"integer":-%d,"double":0.5,"float":%d.25,"date":"2026-01-01","boolean":true,"text":["a","b"],"bytes":"AAEC"}'
    server.bulk("stored", [Doc(f"{part}-{n}", source % (n << 40, n, n)) for n in range(40)])


def special(server, part):
    """What only some versions know: sources compressed one by one, sorted segments, sources made up anew."""
    fields = {"properties": {"n": {"type": "long"}, "s": server.text(exact=True), "@timestamp": {"type": "date"}}}
    dimension = {"properties": fields["properties"] | {"s": {"type": "keyword", "time_series_dimension": True}}}
    times = {"time_series.start_time": "2026-01-01T00:00:00Z", "time_series.end_time": "2026-02-01T00:00:00Z"}
    made = {
        "compressed-source": (2, {}, {"_source": {"compress": True, "compress_threshold": "0b"}}),
        "sorted": (99, {"sort.field": "n", "sort.order": "desc"}, fields),
        "synthetic": (99, {"mapping.source.mode": "synthetic"}, fields),
        "derived": (99, {"derived_source.enabled": True}, fields),
        "logsdb": (99, {"mode": "logsdb"}, fields),
        "time-series": (99, {"mode": "time_series", "routing_path": ["s"], **times}, dimension),
    }
    for index, (below, settings, mapping) in made.items():
        if part == 1 and server.major < below and not server.may_create(index, settings, mapping):
            continue
        if server.send("HEAD", f"/{index}")[0] == 200:
            source = b'{"@timestamp":"2026-01-01T00:00:%dZ", "n":%d,"s":"text"}'
            # a time series makes its ids itself
            ids = [None if index == "time-series" else f"{n}" for n in range(part * 10, part * 10 + 20)]
            server.bulk(index, [Doc(id, source % (part * 20 + n, n)) for n, id in enumerate(ids)])
            server.flush(index)


LAYOUTS = [codecs, sharded, updated, compound, whole_segment_deleted, without_source, stored_fields, special]
