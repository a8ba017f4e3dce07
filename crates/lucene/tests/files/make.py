#!/usr/bin/env python3
"""Makes the files of one version from a running server: make.py URL DATA_FOLDER NAME

Two indices, `default` and `best_compression`, in three rounds of bulk requests with a flush after each, so that there
are several segments with replaced and deleted documents. What was sent is what is expected. `NAME` is the folder that
is written: elasticsearch-7.10.2.
"""

import glob
import json
import os
import shutil
import sys
import time
import urllib.request

IDS = ["1", "007", "plain text", "ABCDabcd0123", "AVwYzBjKVq8PYYiVS8Kw", "ünïcode #1", "-_-_", "x" * 300, "__", "20260101"]


def call(method, path, body=None, content_type="application/json"):
    request = urllib.request.Request(url + path, body, {"Content-Type": content_type}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def source(number):
    document = {"number": number, "text": f"document {number} " * (number % 5 + 1), "children": []}
    document["children"] = [{"child": child} for child in range(number % 4)]
    # White space inside and outside is part of a source.
    return json.dumps(document, indent=number % 3 or None).replace("\n", "\r" if number % 2 else " ")


def rounds():
    first = [(f"{base}{'' if turn == 0 else turn}", turn * len(IDS) + at) for turn in range(2) for at, base in enumerate(IDS)]
    yield [("index", name, number) for name, number in first]
    yield [("index", name, number + 100) for name, number in first[::4]] + [("delete", name, None) for name, _ in first[1::5]]
    yield [("index", "late", 200), ("index", first[4][0], 201), ("delete", first[2][0], None), ("index", first[1][0], 202)]


def make(index, codec, folder):
    typed = major < 7 and not opensearch
    mapping = {"properties": {"children": {"type": "nested", "properties": {"child": {"type": "long"}}}}}
    settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1}
    if major > 1:
        settings["codec"] = codec
    created = {"settings": {"index": settings}, "mappings": {"kind": mapping} if typed else mapping}
    call("PUT", f"/{index}", json.dumps(created).encode())
    expected = {}
    for operations in rounds():
        lines = []
        for at, (operation, name, number) in enumerate(operations):
            action = {"_id": name}
            if typed or major == 7:
                action["_type"] = "kind" if typed else "_doc"
            # By the id, so that a document stays in its shard and keeps its routing.
            if len(name) % 2:
                action["routing" if major >= 7 or opensearch else "_routing"] = f"route {len(name)}"
            lines.append(json.dumps({operation: action}))
            version = expected.get(name, {"version": 0})["version"] + 1
            expected[name] = {"id": name, "routing": f"route {len(name)}" if len(name) % 2 else None, "version": version}
            if operation == "index":
                expected[name]["source"] = source(number)
                lines.append(expected[name]["source"])
        answer = call("POST", f"/{index}/_bulk", ("\n".join(lines) + "\n").encode(), "application/json")
        assert not answer["errors"], answer
        call("POST", f"/{index}/_refresh")
        call("POST", f"/{index}/_flush?force=true")
    time.sleep(1)
    uuid = call("GET", f"/{index}/_settings")[index]["settings"]["index"]["uuid"]
    for name in (uuid, index):
        for found in glob.glob(f"{data}/**/indices/{name}/0/index", recursive=True):
            shutil.copytree(found, f"{folder}/{index}", ignore=shutil.ignore_patterns("write.lock"))
    with open(f"{folder}/{index}.ndjson", "w") as file:
        for document in expected.values():
            if "source" in document:
                document["type"] = "kind" if major < 6 and not opensearch else None
                print(json.dumps(document, ensure_ascii=False), file=file)


url, data, name = sys.argv[1:]
opensearch = name.startswith("opensearch")
major = int(name.split("-")[1].split(".")[0])
if opensearch and major == 1:
    major = 7
elif opensearch:
    major = 8
here = f"{os.path.dirname(os.path.abspath(__file__))}/{name}"
os.makedirs(here)
make("default", "default", here)
if major > 1 or opensearch:
    make("best_compression", "best_compression", here)
