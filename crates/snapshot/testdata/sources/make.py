#!/usr/bin/env python3
"""Makes the repository of one version from a running server of the lab: make.py URL REPO_FOLDER NAME

REPO_FOLDER is what `lab repo` prints. Writes NAME/repo, and NAME/expected.ndjson with the source that the server itself
returns for each document (for indices whose `_source` is off: what it was sent). What a version refuses is left out.
"""

import json
import os
import random
import shutil
import sys
import urllib.error
import urllib.request


def call(method, path, body=None, content_type="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": content_type}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        # Others may be refused: an index with what the version does not know.
        raise SystemExit(f"{method} {path}: {error.read()[:500]}") if method == "POST" else error


NUMBERS = ["byte", "short", "integer", "long", "unsigned_long", "double", "float", "half_float"]


def every_type(off):
    """Properties that servers can make anew, or that are exact."""
    # Elasticsearch has unsigned_long in a module of its own, which the lab lacks.
    fields = {kind: {"type": kind} for kind in NUMBERS if kind != "unsigned_long" or not elasticsearch and major > 2}
    fields |= {
        "boolean": {"type": "boolean"},
        "ip": {"type": "ip"},
        "keyword": {"type": "keyword"},
        "day": {"type": "date", "format": "yyyy-MM-dd"},
        "stored_text": {"type": "text", "store": True},
        "object": {"properties": {"inner": {"type": "keyword"}, "deep": {"properties": {"n": {"type": "long"}}}}},
    }
    if off:
        fields.pop("half_float")
        return fields | {"millis": {"type": "date", "format": "epoch_millis"}, "binary": {"type": "binary", "store": True}}
    return fields | {
        "date": {"type": "date"},
        "nanos": {"type": "date_nanos"},
        "point": {"type": "geo_point"},
        "text": {"type": "text"},
    }


def only_synthetic():
    """What OpenSearch's derived sources refuse."""
    return {
        "second": {"type": "date", "format": "epoch_second"},
        "with_keyword": {"type": "text", "fields": {"raw": {"type": "keyword", "ignore_above": 10}}},
        "short_keyword": {"type": "keyword", "ignore_above": 5},
        "lower": {"type": "keyword", "normalizer": "lowercase"},
        "stored_keyword": {"type": "keyword", "store": True},
        "without": {"type": "long", "doc_values": False},
        "kept": {"type": "keyword", "synthetic_source_keep": "all"},
        "lists": {"type": "long", "synthetic_source_keep": "arrays"},
        "words": {"type": "keyword", "synthetic_source_keep": "arrays"},
        "addresses": {"type": "ip", "synthetic_source_keep": "arrays"},
        "answers": {"type": "boolean", "synthetic_source_keep": "arrays"},
        "lenient": {"type": "long", "ignore_malformed": True},
        "lenient_ip": {"type": "ip", "ignore_malformed": True},
        "from": {"type": "keyword", "copy_to": "to"},
        "to": {"type": "keyword"},
        "binary": {"type": "binary"},
        "closed": {"type": "object", "enabled": False},
        "loose": {"type": "object", "dynamic": False, "properties": {"known": {"type": "long"}}},
        "flat": {"type": "object", "subobjects": False, "properties": {"a.b": {"type": "long"}}},
    }


RICH = [
    {},
    {"long": 1},
    {"byte": -128, "short": 32767, "integer": -5, "long": 9007199254740993, "unsigned_long": 18446744073709551615},
    {"double": -273.15, "float": -0.25, "half_float": -1.5, "unsigned_long": 0},
    {"double": 1e300, "float": 3.4e38, "half_float": 0.1, "long": -(1 << 63)},
    {"double": 0.1, "float": 0.1, "boolean": False, "ip": "192.168.0.1", "keyword": "ü\"\\\n"},
    {"boolean": True, "ip": "2001:DB8::1", "keyword": "", "day": "2026-02-28", "stored_text": "some text"},
    {"ip": "::ffff:1.2.3.4", "object": {"inner": "x", "deep": {"n": 7}}},
    {"object": {"deep": {"n": -7}}, "keyword": "k" * 300},
    {"date": "2026-01-01T10:20:30.5+02:00", "nanos": "2026-01-01T00:00:00.123456789Z", "point": {"lat": 40.7128, "lon": -74.006}},
    {"date": 0, "nanos": "1970-01-01", "text": "words of a text", "point": [0, 0]},
]

LISTS = [
    {"long": [3, 1, 3, 2], "keyword": ["b", "a", "b"], "ip": ["10.0.0.2", "10.0.0.1"], "double": [2.5, -1.5]},
    {"boolean": [True, False, True], "date": ["2026-01-02", "2026-01-01"], "keyword": ["one"]},
    {"stored_text": ["b", "a", "b"], "text": ["y", "x"], "unsigned_long": [1 << 63, 5], "point": ["1,2", "-3,-4"]},
    {"object": {"inner": ["z", "y"]}, "half_float": [1, -1], "float": [0.5, -0.5]},
]

ODD = [
    {"second": 5, "with_keyword": "short", "short_keyword": "abc", "lower": "ABC", "stored_keyword": ["b", "a", "a"]},
    {"with_keyword": "longer than ten", "short_keyword": ["longer", "b", "a"], "without": [3, 1], "kept": ["b", "a"]},
    {"with_keyword": ["longer than ten", "b", "a"]},
    {"lists": [3, 1, None, 3], "words": ["b", "a", "b", None], "addresses": ["::2", "::1"], "answers": [True, False]},
    {"lists": [], "words": [None], "addresses": [None, None], "answers": [True], "kept": None},
    {"lists": 7, "words": "w", "lenient": "seven", "lenient_ip": ["1.2.3.4", "nowhere"]},
    {"lenient": [1, "x", 2.5, True, None], "from": ["c", "a"], "to": "own"},
    {"from": "copied", "binary": "AAEC", "closed": {"any": [1, {"thing": None}]}},
    {"binary": ["//8=", "AA=="], "loose": {"known": 1, "unknown": {"x": [1.50, "y"]}}, "flat": {"a.b": 4}},
    {"object": [{"inner": "a"}, {"inner": "b", "deep": {"n": 1}}, {"deep": [{"n": 2}, {"n": 3}]}]},
    {"object": {"inner": None, "deep": {}}, "loose": {"unknown": 12345678901234567890123}, "lenient": "1e400"},
    {"new": {"dynamic": "text", "n": 1.5}, "keyword": "with dynamic"},
]


def many(count):
    """Values in runs, in steps, at random, rare and of few kinds: for every way in which columns are packed."""
    random.seed(7)
    for number in range(count):
        document = {
            "long": number * 1000 + 7,
            "integer": random.randint(-1 << 31, (1 << 31) - 1),
            "unsigned_long": random.getrandbits(64),
            "short": random.choice([3, 700, -9]),
            "byte": number // 100,
            "double": random.random() - 0.5,
            "keyword": f"host-{number // 100}",
            "boolean": number % 3 == 0,
            "object": {"inner": f"{random.getrandbits(40):x}", "deep": {"n": 1 << number % 62}},
            "ip": f"10.{number % 7}.0.{number % 251}",
        }
        if number % 17 == 0:
            document["float"] = number / 8
            document["stored_text"] = f"text {number}"
        yield document


def expected_of(index):
    hits = call("POST", f"/{index}/_search", {"size": 10000, "_source": True})["hits"]["hits"]
    return [{"index": index, "id": hit["_id"], "source": hit["_source"]} for hit in hits]


def make(index, settings, mapping, documents, as_sent=False, ids=True):
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1", **settings}
    try:
        call("PUT", f"/{index}", {"settings": {"index": settings}, "mappings": mapping})
    except urllib.error.HTTPError as error:
        print(f"{index}: left out: {json.loads(error.read())['error']['reason']}", file=sys.stderr)
        return
    kept = []
    half = max(1, len(documents) * 3 // 4)
    for start in (0, half):
        sent = list(enumerate(documents))[start : half if start == 0 else None]
        if not sent:
            continue
        action = lambda number: {"create": {"_id": f"{number}"} if ids else {}}
        lines = [json.dumps(line) for number, document in sent for line in (action(number), document)]
        answer = call("POST", f"/{index}/_bulk", "\n".join([*lines, ""]).encode(), "application/x-ndjson")
        for (_, document), item in zip(sent, answer["items"]):
            if "error" in item["create"]:
                told = f"{index}: refused {json.dumps(document)[:120]}: {json.dumps(item['create']['error'])[:200]}"
                print(told, file=sys.stderr)
            else:
                kept.append({"index": index, "id": item["create"]["_id"], "source": document})
        call("POST", f"/{index}/_flush?force=true")
    call("POST", f"/{index}/_refresh")
    made.append(index)
    expected.extend(kept if as_sent else expected_of(index))


url, repository, name = sys.argv[1:]
elasticsearch = name.startswith("elasticsearch")
major = int(name.split("-")[1].split(".")[0])
made, expected = [], []
known = lambda documents, properties: [{key: value for key, value in document.items() if key in properties} for document in documents]
if elasticsearch and major >= 8:
    synthetic = {"mapping.source.mode": "synthetic"}
    both = every_type(False) | only_synthetic()
    make("synthetic", synthetic, {"properties": both}, known(RICH + LISTS, both) + ODD)
    make("synthetic-many", synthetic, {"properties": every_type(False)}, known(many(300), every_type(False)))
    make("synthetic-nested", synthetic, {"properties": {"children": {"type": "nested", "properties": {"n": {"type": "long"}}}}}, [{"children": [{"n": 1}]}])
    make("synthetic-closed", synthetic, {"enabled": False}, [{"any": [1, {"thing": 1.50}]}])
    at = {"@timestamp": {"type": "date"}, "host": {"properties": {"name": {"type": "keyword"}}}}
    timed = lambda documents: [{**document, "@timestamp": f"2026-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z", "host": {"name": f"h{n % 3}"}} for n, document in enumerate(documents)]
    make("logsdb", {"mode": "logsdb"}, {"properties": both | at}, timed(known(RICH + LISTS, both) + ODD))
    make("logsdb-many", {"mode": "logsdb"}, {"properties": every_type(False) | at}, timed(known(many(300), both)))
    dimensions = {"@timestamp": {"type": "date"}, "s": {"type": "keyword", "time_series_dimension": True}, "g": {"type": "double", "time_series_metric": "gauge"}, "c": {"type": "long", "time_series_metric": "counter"}, "l": {"type": "keyword"}}
    series = [{"@timestamp": f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z", "s": f"series {n % 5}", "g": n / 3, "c": n * n, "l": [f"l{n}", "a"]} for n in range(300)]
    times = {"time_series.start_time": "2026-01-01T00:00:00Z", "time_series.end_time": "2026-02-01T00:00:00Z"}
    make("time-series", {"mode": "time_series", "routing_path": ["s"], **times}, {"properties": dimensions}, series, ids=False)
if not elasticsearch and major >= 3:
    derived = {"derived_source.enabled": True}
    make("derived", derived, {"properties": every_type(False)}, RICH + LISTS)
    make("derived-many", derived, {"properties": every_type(False)}, list(many(300)))
    stored = {kind: {"type": kind, "store": True, "doc_values": False} for kind in ["integer", "long", "double", "float", "boolean", "date", "ip", "keyword"]}
    make("derived-stored", derived, {"properties": stored}, known(RICH + LISTS, stored))
off = {"_source": {"enabled": False}, "dynamic": "strict"}
only_off = [{"millis": 1767225620050, "binary": "AAEC"}, {"binary": ["//8=", "AA=="], "stored_text": ["b", "a", "b"]}]
properties = every_type(True)
make("off", {}, off | {"properties": properties}, known(RICH + only_off, properties), as_sent=True)
make("off-many", {}, off | {"properties": properties}, known(many(200), properties), as_sent=True)
make("off-list", {}, off | {"properties": {"l": {"type": "long"}}}, [{"l": [2, 1]}], as_sent=True)
make("off-text", {}, {"_source": {"enabled": False}}, [{"dynamic": "text"}], as_sent=True)
make("off-ignoring", {}, off | {"properties": {"k": {"type": "keyword", "ignore_above": 3}}}, [{"k": "a"}], as_sent=True)
make("off-date", {}, off | {"properties": {"d": {"type": "date"}}}, [{"d": "2026-01-01"}], as_sent=True)

call("PUT", "/_snapshot/made", {"type": "fs", "settings": {"location": repository, "compress": True}})
answer = call("PUT", "/_snapshot/made/all?wait_for_completion=true", {"indices": ",".join(made), "include_global_state": False})
assert answer["snapshot"]["state"] == "SUCCESS", answer
call("DELETE", "/_snapshot/made")
for index in made:
    call("DELETE", f"/{index}")
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
shutil.rmtree(folder, ignore_errors=True)
shutil.copytree(repository, os.path.join(folder, "repo"))
for file in os.listdir(repository):
    path = os.path.join(repository, file)
    shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
with open(os.path.join(folder, "expected.ndjson"), "w") as out:
    for line in expected:
        out.write(json.dumps(line, ensure_ascii=False) + "\n")
