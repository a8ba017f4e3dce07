"""The runs: reading a snapshot, and loading it into the sink or into a real cluster."""

import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ..processes import BenchError
from . import measured
from .data import Snapshot
from .documents import MAPPING
from .lab import Server
from .sink import Sink

TARGET_INDEX = "docs"
STOPPED = 5
_sessions = itertools.count()


@dataclass(frozen=True)
class Row:
    """A line of the report; figures are medians, the peak RSS is the largest."""

    section: str
    what: str
    documents: int
    source_bytes: int
    seconds: float
    cpu_seconds: float
    rss_bytes: int
    written_bytes: int
    # Of the other side, where it is measured.
    source_cpu_seconds: float | None = None
    target_cpu_seconds: float | None = None

    @property
    def megabytes_per_second(self) -> float:
        """Of source, 10^6 bytes."""
        return self.source_bytes / self.seconds / 1e6

    @property
    def megabytes_per_core(self) -> float:
        """Of source, a second of the process's processor time."""
        return self.source_bytes / self.cpu_seconds / 1e6


@dataclass(frozen=True)
class Binaries:
    """What is measured, and with what."""

    console: Path
    rfs: Path
    backend: Path


def folded(section: str, what: str, documents: int, source_bytes: int, all_used: list[measured.Usage]) -> Row:
    """A row of several runs of the same."""
    return Row(
        section=section,
        what=what,
        documents=documents,
        source_bytes=source_bytes,
        seconds=median(used.seconds for used in all_used),
        cpu_seconds=median(used.cpu_seconds for used in all_used),
        rss_bytes=max(used.rss_bytes for used in all_used),
        written_bytes=max(used.written_bytes for used in all_used),
    )


def cat(binaries: Binaries, snapshot: Snapshot, index: str, rounds: int, title: str = "", flags: tuple[str, ...] = (),
        repository: str | None = None, environment: dict[str, str] | None = None, section: str = "read") -> Row:
    """`snapshot cat > /dev/null`."""
    command = [binaries.console, "snapshot", "cat", "--repo", repository or snapshot.repository.as_uri(),
               "--snapshot", snapshot.name, "--index", index, *flags]
    with tempfile.TemporaryDirectory() as directory:
        used = [measured.run(command, Path(directory), environment=environment) for _ in range(rounds)]
    what = f"{snapshot.codec}, {index}" + (f", {title}" if title else "")
    return folded(section, what, snapshot.documents[index], snapshot.source_bytes[index], used)


def rfs_command(binaries: Binaries, snapshot: Snapshot, index: str, target: str, coordinator: str,
                repository: str | None = None) -> list[str | Path]:
    """The worker with its defaults, in a session of its own."""
    return [
        binaries.rfs, "--repoUri", repository or snapshot.repository.as_uri(), "--snapshotName", snapshot.name,
        "--indexAllowlist", index, "--targetUri", target, "--coordinatorUri", coordinator,
        "--sessionName", f"bench-{next(_sessions)}", "--allowAutoCreate",
    ]


def to_sink(binaries: Binaries, snapshot: Snapshot, index: str, sink: Sink, coordinator: Server, rounds: int,
            title: str = "", flags: tuple[str, ...] = (), repository: str | None = None,
            environment: dict[str, str] | None = None, section: str = "sink") -> Row:
    """The worker, to the sink; void unless the sink got every document with all of its bytes."""
    used = []
    expected = (snapshot.documents[index], snapshot.source_bytes[index])
    for _ in range(rounds):
        before = sink.received()
        command = rfs_command(binaries, snapshot, index, sink.url, coordinator.url, repository)
        with tempfile.TemporaryDirectory() as directory:
            used.append(measured.run([*command, *flags], Path(directory), environment=environment))
        after = sink.received()
        got = (after.documents - before.documents, after.source_bytes - before.source_bytes)
        if got != expected:
            raise BenchError(f"{snapshot.codec}, {index}: the sink got {got} documents and bytes, not {expected}")
    what = f"{snapshot.codec}, {index}" + (f", {title}" if title else "")
    return folded(section, what, *expected, used)


def make_target(target: Server, index: str) -> None:
    """An empty index with the mapping of the documents."""
    target.ask("PUT", f"/{index}", {
        "settings": {"number_of_shards": 2, "number_of_replicas": 0, "refresh_interval": "-1"}, "mappings": MAPPING})


def to_cluster(binaries: Binaries, snapshot: Snapshot, target: Server, seconds: int) -> Row:
    """The worker for so many seconds, to a cluster that indexes."""
    index = TARGET_INDEX
    make_target(target, index)
    command = rfs_command(binaries, snapshot, index, target.url, target.url)
    cpu = target.cpu_seconds()
    with tempfile.TemporaryDirectory() as directory:
        used = measured.run(command, Path(directory), (0, STOPPED), until=lambda passed: passed >= seconds)
    cpu = target.cpu_seconds() - cpu
    documents = target.count(index)
    target.ask("DELETE", f"/{index}")
    return Row(
        section="cluster",
        what="switchover-rfs, from the snapshot",
        documents=documents,
        source_bytes=round(documents * snapshot.source_bytes[index] / snapshot.documents[index]),
        seconds=used.seconds,
        cpu_seconds=used.cpu_seconds,
        rss_bytes=used.rss_bytes,
        written_bytes=used.written_bytes,
        target_cpu_seconds=cpu,
    )
