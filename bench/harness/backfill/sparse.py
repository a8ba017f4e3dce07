"""A shard of 48 GiB that takes little disk: how long until its first document is on the target, and in how much memory.

No server wrote it. It is made here, in the formats of Lucene 9 and with the repository's metadata of 1.x, which is plain
JSON: one segment whose stored fields are holes (documents that are deleted) but for the beginning of each GiB, where
documents live. It is not loaded to its end.
"""

import json
import math
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path

from . import measured
from .lab import Server
from .loads import STOPPED, Binaries, rfs_command
from .data import Snapshot
from .sink import Sink

NAME = "sparse"
CHUNK_BYTES = 256 * 1024
CHUNKS_OF_A_STRETCH = 4096
# A little less than 48 GiB, which the worker cuts into 48 ranges; each begins with documents for one bulk.
CHUNKS = 48 * CHUNKS_OF_A_STRETCH - 1
LIVE_OF_A_STRETCH = 48
# After its first document the load goes on for a moment, so that its memory is seen.
RUN_SECONDS = 3
FIRST_DEADLINE_SECONDS = 60
ID = bytes(range(16))
VERSION = (9, 12, 1)


def measure(binaries: Binaries, data: Path, sink: Sink, coordinator: Server) -> dict[str, float]:
    """Reads its first document, and loads it for some seconds."""
    repository = data / f"repository-{NAME}"
    if not (repository / "index").exists():
        print("making a sparse shard, once", file=sys.stderr)
        _make(repository)
    snapshot = Snapshot("sparse", repository, NAME, {}, {})
    first, before = math.inf, sink.received().documents

    def over(passed: float) -> bool:
        nonlocal first
        if first == math.inf and sink.received().documents > before:
            first = passed
        return passed >= min(first + RUN_SECONDS, FIRST_DEADLINE_SECONDS)

    command = rfs_command(binaries, snapshot, NAME, sink.url, coordinator.url)
    with tempfile.TemporaryDirectory() as directory:
        cat = [binaries.console, "snapshot", "cat", "--repo", repository.as_uri(), "--snapshot", NAME, "--limit", "1"]
        read = measured.run(cat, Path(directory))
        used = measured.run(command, Path(directory), (STOPPED,), until=over)
    size = (repository / "indices" / NAME / "0" / "__fdt").stat().st_size
    return {"sparseBytes": size, "sparseReadSeconds": read.seconds, "sparseFirstSeconds": first, "sparseRssBytes": used.rss_bytes,
            "sparseWrittenBytes": used.written_bytes}


def _make(repository: Path) -> None:
    shutil.rmtree(repository, ignore_errors=True)
    shard = repository / "indices" / NAME / "0"
    shard.mkdir(parents=True)
    live = [chunk for chunk in range(CHUNKS) if _lives(chunk)]
    files = {
        "_0.fdt": ("__fdt", None),
        "segments_1": ("__segments", _segments(CHUNKS - len(live))),
        "_0.si": ("__si", _framed("Lucene90SegmentInfo", 0, "", struct.pack("<3iBiB", *VERSION, 0, CHUNKS, 0xFF))),
        "_0.fnm": ("__fnm", _framed("Lucene90FieldInfos", 0, "", _vint(2) + _field("_id", 0) + _field("_source", 1))),
        "_0_1.liv": ("__liv", _framed("Lucene90LiveDocs", 0, "1", _bits(live))),
        "_0.fdx": ("__fdx", _framed("Lucene90FieldsIndexIdx", 0, "", b"")),
        "_0.fdm": ("__fdm", _framed("Lucene90FieldsIndexMeta", 1, "", _index())),
    }
    head = _header("Lucene90StoredFieldsFastData", 1, "")
    with (shard / "__fdt").open("wb") as fdt:
        fdt.write(head)
        for chunk in live:
            fdt.seek(len(head) + chunk * CHUNK_BYTES)
            fdt.write(_chunk(chunk))
        fdt.truncate(len(head) + CHUNKS * CHUNK_BYTES + 16)
    for blob, content in files.values():
        if content is not None:
            (shard / blob).write_bytes(content)
    listed = [{"name": blob, "physical_name": name, "length": (shard / blob).stat().st_size}
              for name, (blob, _) in files.items()]
    (shard / f"snapshot-{NAME}").write_text(json.dumps({"files": listed}))
    metadata = {NAME: {"state": "open", "settings": {"index.number_of_shards": "1"}}}
    (repository / "indices" / NAME / f"snapshot-{NAME}").write_text(json.dumps(metadata))
    record = {"snapshot": {"name": NAME, "version_id": 1070699, "indices": [NAME], "state": "SUCCESS"}}
    (repository / f"snapshot-{NAME}").write_text(json.dumps(record))
    (repository / "index").write_text(json.dumps({"snapshots": [NAME]}))


def _lives(chunk: int) -> bool:
    return (chunk + 1) % CHUNKS_OF_A_STRETCH < LIVE_OF_A_STRETCH


def _vint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _text(text: str) -> bytes:
    return _vint(len(text)) + text.encode()


def _header(codec: str, version: int, suffix: str) -> bytes:
    magic = struct.pack(">I", 0x3FD76C17)
    return magic + _text(codec) + struct.pack(">i", version) + ID + bytes([len(suffix)]) + suffix.encode()


def _framed(codec: str, version: int, suffix: str, body: bytes) -> bytes:
    summed = _header(codec, version, suffix) + body + struct.pack(">Ii", 0xC02893E8, 0)
    return summed + struct.pack(">q", zlib.crc32(summed))


def _segments(deleted: int) -> bytes:
    lucene = b"".join(map(_vint, VERSION))
    segment = (_text("_0") + ID + _text("Lucene912") + struct.pack(">qiqqi", 1, deleted, -1, -1, 0) + b"\0"
               + _vint(0) + struct.pack(">i", 0))
    body = lucene + _vint(VERSION[0]) + struct.pack(">q", 1) + _vint(1) + struct.pack(">i", 1) + lucene + segment + _vint(0)
    return _framed("segments", 10, "1", body)


def _field(name: str, number: int) -> bytes:
    return _text(name) + _vint(number) + bytes([0, 0, 0]) + struct.pack("<q", -1) + bytes(4)


def _bits(live: list[int]) -> bytes:
    bits = bytearray(-(-CHUNKS // 64) * 8)
    for document in live:
        bits[document // 8] |= 1 << document % 8
    return bytes(bits)


def _index() -> bytes:
    """Chunks of equal length, each with one document: two straight lines without distances from them."""
    start = len(_header("Lucene90FieldsIndexIdx", 0, ""))
    data = len(_header("Lucene90StoredFieldsFastData", 1, ""))

    def line(minimum: int, step: float) -> bytes:
        return struct.pack("<qfqB", minimum, step, 0, 0)

    return (_vint(CHUNK_BYTES * 8) + struct.pack("<iii", CHUNKS, 22, CHUNKS + 1)
            + struct.pack("<q", start) + line(0, 1.0)
            + struct.pack("<q", start) + line(data, float(CHUNK_BYTES))
            + struct.pack("<qq", start, data + CHUNKS * CHUNK_BYTES))


def _chunk(document: int) -> bytes:
    """A chunk with one document, of exactly the chunks' length: it is filled up, and stored without compression."""
    for pad in range(4):
        name = f"{document:08}{'x' * pad}".encode()
        filling = CHUNK_BYTES - 2000
        while True:
            source = b'{"filling":"' + b"." * filling + b'"}'
            text = _vint(0 << 3 | 1) + _vint(len(name) + 1) + b"\xff" + name + _vint(1 << 3 | 1) + _vint(len(source)) + source
            run, last = divmod(len(text) - 15, 255)
            block = b"\xf0" + b"\xff" * run + bytes([last]) + text
            # one document, two fields; no dictionary, and one block
            chunk = (_vint(document) + _vint(1 << 2) + _vint(2) + _vint(len(text))
                     + _vint(0) + _vint(len(text)) + _vint(1) + _vint(len(block)) + b"\0" + block)
            if len(chunk) >= CHUNK_BYTES:
                break
            filling += max(1, (CHUNK_BYTES - len(chunk)) * 9 // 10)
        if len(chunk) == CHUNK_BYTES:
            return chunk
    raise ValueError(f"no chunk of {CHUNK_BYTES} bytes for document {document}")
