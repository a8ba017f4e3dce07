"""Snapshots to read, made once by real servers and kept: LZ4, DEFLATE and zstd of the same documents.

Each snapshot holds the index `docs` of small documents and the index `large`. Elasticsearch writes LZ4 by default, DEFLATE
with `best_compression` until 8.15, and zstd with it since. The server of the LZ4 snapshot is kept with its data, for
those who read from a live cluster.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from ..processes import BenchError
from . import documents
from .lab import Lab, Server

SOURCE = "bench-source"
HEAP_MB = 1024
SHARDS = 2
BULK_BYTES = 8 * 1024 * 1024
BULKS_AT_ONCE = 2


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that is there."""

    codec: str
    repository: Path
    name: str
    # By index.
    documents: dict[str, int]
    source_bytes: dict[str, int]


@dataclass(frozen=True)
class Maker:
    """What writes snapshots, the last of which is the one whose data is kept."""

    product: str
    version: str
    name: str
    # Name of the snapshot, and the setting index.codec.
    codecs: tuple[tuple[str, str], ...]
    keep: bool


MAKERS = (
    Maker("elasticsearch", "7.10.2", SOURCE, (("deflate", "best_compression"), ("lz4", "default")), True),
    Maker("elasticsearch", "8.19.0", "bench-zstd", (("zstd", "best_compression"),), False),
)
CODECS = ("lz4", "deflate", "zstd")


def ensure(data: Path, lab: Lab) -> dict[str, Snapshot]:
    """All snapshots by codec; makes those that are not there."""
    data.mkdir(parents=True, exist_ok=True)
    for maker in MAKERS:
        if not all(_note(data, codec).exists() for codec, _ in maker.codecs):
            _make(data, lab, maker)
    shutil.rmtree(data / "bulks", ignore_errors=True)
    return {codec: _read(data, codec) for codec in CODECS}


def _note(data: Path, codec: str) -> Path:
    return data / f"{codec}.json"


def _read(data: Path, codec: str) -> Snapshot:
    told = json.loads(_note(data, codec).read_text())
    return Snapshot(**told | {"repository": data / told["repository"]})


def _make(data: Path, lab: Lab, maker: Maker) -> None:
    print(f"making snapshots with {maker.product} {maker.version}, once", file=sys.stderr)
    bulks = _bulks(data / "bulks")
    lab.down(maker.name, purge=True)
    repository = data / f"repository-{maker.name}"
    shutil.rmtree(repository, ignore_errors=True)
    try:
        server = lab.up(maker.product, maker.version, maker.name, HEAP_MB)
        written = lab.repository(maker.name) / "made"
        server.ask("PUT", "/_snapshot/made", {"type": "fs", "settings": {
            "location": str(written), "max_snapshot_bytes_per_sec": "1gb"}})
        for codec, setting in maker.codecs:
            for index in bulks:
                _fill(server, index, setting, bulks[index]["files"])
            answer = server.ask("PUT", f"/_snapshot/made/{codec}?wait_for_completion=true", {"indices": "docs,large"})
            if answer["snapshot"]["state"] != "SUCCESS":
                raise BenchError(f"snapshot {codec}: {answer}")
        shutil.copytree(written, repository)
        server.ask("DELETE", "/large")
    finally:
        lab.down(maker.name, purge=not maker.keep)
    for codec, _ in maker.codecs:
        snapshot = Snapshot(
            codec=codec,
            repository=Path(repository.name),
            name=codec,
            documents={index: facts["documents"] for index, facts in bulks.items()},
            source_bytes={index: facts["bytes"] for index, facts in bulks.items()},
        )
        _note(data, codec).write_text(json.dumps(asdict(snapshot) | {"repository": repository.name}))


def _fill(server: Server, index: str, codec: str, files: list[str]) -> None:
    if server.ask("GET", f"/_cat/indices/{index}*?format=json"):
        server.ask("DELETE", f"/{index}")
    server.ask("PUT", f"/{index}", {
        "settings": {"number_of_shards": SHARDS, "number_of_replicas": 0, "refresh_interval": "-1", "codec": codec},
        "mappings": {"dynamic": False, "properties": {}},
    })

    def send(file: str) -> None:
        answer = server.ask("POST", f"/{index}/_bulk", Path(file).read_bytes())
        if answer["errors"]:
            raise BenchError(f"bulk into {index}: {json.dumps(answer)[:600]}")

    with ThreadPoolExecutor(BULKS_AT_ONCE) as pool:
        for _ in pool.map(send, files):
            pass
    server.ask("POST", f"/{index}/_flush")


def _bulks(folder: Path) -> dict[str, dict]:
    """Bodies of bulk requests as files, with counts: made once for all servers."""
    facts = folder / "facts.json"
    if not facts.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        made = {
            "docs": _write(folder, "docs", documents.small(documents.DOCUMENTS)),
            "large": _write(folder, "large", documents.large(documents.LARGE_DOCUMENTS)),
        }
        facts.write_text(json.dumps(made))
    return json.loads(facts.read_text())


def _write(folder: Path, index: str, all_documents: Iterator[tuple[str, str]]) -> dict:
    count = source_bytes = 0
    files: list[str] = []
    lines: list[str] = []
    size = 0

    def flush() -> None:
        path = folder / f"{index}-{len(files):04}"
        path.write_text("".join(lines))
        files.append(str(path))
        lines.clear()

    for document_id, source in all_documents:
        lines.append(f'{{"index":{{"_id":"{document_id}"}}}}\n{source}\n')
        size += len(source)
        source_bytes += len(source)
        count += 1
        if size >= BULK_BYTES:
            flush()
            size = 0
    if lines:
        flush()
    return {"documents": count, "bytes": source_bytes, "files": files}
