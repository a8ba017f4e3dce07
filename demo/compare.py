#!/usr/bin/env python3
"""Compares two clusters document by document over their REST APIs.

Written apart from the product, and reading nothing of what it wrote: a mistake in the replay must not be able to hide
here. Each document is held to its id, its source (numbers as they are written), its routing and its version: equal
versions mean that each document was written equally often. Indices of the system (names with a leading dot) are left
out.
"""
import argparse
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass, field

PAGE_DOCUMENTS = 1000
REQUEST_TIMEOUT_SECONDS = 60
MAX_EXAMPLES = 3  # shown of each kind of difference in an index
MAX_SHOWN_CHARACTERS = 160
# what a cluster sets by itself when it makes an index
OWN_SETTINGS = {"creation_date", "uuid", "version", "provided_name", "replication"}


class ClusterError(Exception):
    """A cluster can't be asked; says which, what was asked, and why."""


class Cluster:
    """One cluster, without credentials."""

    # the environment's proxies are not for clusters of this machine
    _opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __init__(self, url):
        self.url = url.rstrip("/")

    def ask(self, method, path, body=None, parse=json.loads):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self._opener.open(request, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
                return parse(answer.read().decode())
        except urllib.error.HTTPError as error:
            reason = f"{error.code} {error.read(500).decode(errors='replace')}"
        except (OSError, ValueError) as error:
            reason = str(error)
        raise ClusterError(f"{method} {self.url}{path}: {reason}")

    def indices(self):
        found = self.ask("GET", "/_cat/indices?format=json&h=index&expand_wildcards=all")
        return sorted(entry["index"] for entry in found if not entry["index"].startswith("."))

    def documents(self, index):
        """Every document: id -> (source, routing, version)."""
        path = urllib.parse.quote(index, safe="")
        query = {"size": PAGE_DOCUMENTS, "sort": ["_doc"], "version": True, "query": {"match_all": {}}}
        page = self.ask("POST", f"/{path}/_search?scroll=2m", query, exact_json)
        documents = {}
        try:
            while hits := page["hits"]["hits"]:
                for hit in hits:
                    if hit["_id"] in documents:
                        raise ClusterError(f"{self.url}: {index} gave document {hit['_id']!r} twice")
                    documents[hit["_id"]] = (hit.get("_source"), hit.get("_routing"), hit["_version"])
                page = self.ask("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]}, exact_json)
        finally:
            self.ask("DELETE", "/_search/scroll", {"scroll_id": [page["_scroll_id"]]})
        counted = self.ask("GET", f"/{path}/_count")["count"]
        if counted != len(documents):
            raise ClusterError(f"{self.url}: {index} gave {len(documents)} documents of {counted}; is something still writing?")
        return documents


def exact_json(text):
    """JSON whose numbers keep their spelling: 1, 1.0 and 2**53 + 1 stay what they are, and no number equals a string."""
    return json.loads(text, parse_int=lambda digits: ("number", digits), parse_float=lambda digits: ("number", digits))


@dataclass
class Result:
    """What was found in one index, or in all definitions of a kind. `differences` maps a kind to its count, `examples` to lines."""

    name: str
    is_index: bool = True
    source: int = 0
    target: int = 0
    differences: Counter = field(default_factory=Counter)
    examples: dict = field(default_factory=dict)

    def differ(self, kind, where, source, target):
        self.differences[kind] += 1
        shown = self.examples.setdefault(kind, [])
        if len(shown) < MAX_EXAMPLES:
            shown.append(f"{where}: source {cut(source)}, target {cut(target)}")


def readable(value):
    match value:
        case ("number", digits):
            return float(digits) if set(digits) & set(".eE") else int(digits)
        case dict():
            return {key: readable(inner) for key, inner in value.items()}
        case list():
            return [readable(inner) for inner in value]
    return value


def cut(value):
    text = value if isinstance(value, str) else json.dumps(readable(value), ensure_ascii=False, sort_keys=True)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "…"


def compare_documents(result, source, target):
    result.source, result.target = len(source), len(target)
    for identifier in sorted(source.keys() | target.keys()):
        if identifier not in target:
            result.differ("missing on the target", identifier, source[identifier][0], "nothing")
        elif identifier not in source:
            result.differ("only on the target", identifier, "nothing", target[identifier][0])
        else:
            for kind, ours, theirs in zip(("other source", "other routing", "other version"), source[identifier], target[identifier]):
                if ours != theirs:
                    result.differ(kind, identifier, ours, theirs)


def compare_definitions(source, target, kinds):
    """Things by name, as each cluster defines them. One result a kind, where anything differs."""
    for kind, path, chosen in kinds:
        result = Result(kind, is_index=False)
        ours, theirs = (chosen(cluster.ask("GET", path)) for cluster in (source, target))
        for name in sorted(ours.keys() | theirs.keys()):
            if not name.startswith(".") and ours.get(name) != theirs.get(name):
                result.differ(f"other {kind}", name, ours.get(name, "nothing"), theirs.get(name, "nothing"))
        if result.differences:
            yield result


def settings(answer):
    return {name: {key: value for key, value in index["settings"]["index"].items() if key not in OWN_SETTINGS} for name, index in answer.items()}


DEFINITIONS = [
    ("mappings", "/_mapping?expand_wildcards=all", lambda answer: {name: index["mappings"] for name, index in answer.items()}),
    ("aliases", "/_alias?expand_wildcards=all", lambda answer: {name: index["aliases"] for name, index in answer.items()}),
    ("settings", "/_settings?expand_wildcards=all", settings),
    ("template", "/_template", lambda answer: answer),
    ("index template", "/_index_template", lambda answer: {entry["name"]: entry["index_template"] for entry in answer["index_templates"]}),
]


def compare(source, target):
    """Yields a result for each index, then one for each kind of definition that differs."""
    for cluster in (source, target):
        cluster.ask("POST", "/_refresh?expand_wildcards=all")  # so that every document written is seen
    names = [cluster.indices() for cluster in (source, target)]
    for name in sorted(set(names[0]) | set(names[1])):
        result = Result(name)
        compare_documents(result, *(cluster.documents(name) if name in known else {} for cluster, known in zip((source, target), names)))
        for here, there, known in (("source", "target", names[1]), ("target", "source", names[0])):
            if name not in known:
                result.differ(f"index on the {here} only", name, here, f"none on the {there}")
        yield result
    yield from compare_definitions(source, target, DEFINITIONS)


def lines(result):
    """A result for people."""
    if result.is_index:
        same = "same" if not result.differences else "DIFFERENT"
        yield f"{result.name:<24} {result.source:>8} {result.target:>8}  {same}"
    for kind, count in result.differences.items():
        yield f"    {count} x {kind}"
        yield from (f"        {example}" for example in result.examples[kind])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="exit codes: 0 they agree, 1 they can't be compared, 3 they differ")
    parser.add_argument("source", help="http://host:port")
    parser.add_argument("target", help="http://host:port")
    options = parser.parse_args()
    print(f"{'index':<24} {'source':>8} {'target':>8}")
    different = False
    try:
        for result in compare(Cluster(options.source), Cluster(options.target)):
            different |= bool(result.differences)
            print(*lines(result), sep="\n")
    except ClusterError as error:
        sys.exit(f"compare: {error}")
    sys.exit(3 if different else 0)


if __name__ == "__main__":
    main()
