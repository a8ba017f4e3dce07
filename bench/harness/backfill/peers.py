"""What others use for the same: elasticdump, and scroll and bulk of the official Python client. Both read from a live
cluster, which works for them; both sides' processor time is shown."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from ..processes import BenchError
from . import measured
from .data import Snapshot
from .lab import Server
from .loads import TARGET_INDEX, Row, make_target
from .sink import Sink

ELASTICDUMP = "elasticdump@6.125.1"
# The last that does not ask whether the other side is Elasticsearch.
CLIENT = "elasticsearch==7.13.4"
BOTO = "boto3==1.44.5"
SCROLL_DOCUMENTS = 5_000
SCRIPT = Path(__file__).with_name("scroll_and_bulk.py")


def install(data: Path) -> None:
    """Gets them, once."""
    if not _elasticdump(data).exists():
        print(f"getting {ELASTICDUMP}, once", file=sys.stderr)
        _must(["npm", "install", "--silent", "--prefix", str(data / "npm"), ELASTICDUMP])
    if not (data / "venv" / "ready").exists():
        print(f"getting {CLIENT} and {BOTO}, once", file=sys.stderr)
        venv.create(data / "venv", with_pip=True)
        _must([str(python(data)), "-m", "pip", "install", "--quiet", CLIENT, BOTO])
        (data / "venv" / "ready").touch()


def python(data: Path) -> Path:
    """The interpreter that has the client."""
    return data / "venv" / "bin" / "python"


def _elasticdump(data: Path) -> Path:
    return data / "npm" / "node_modules" / "elasticdump" / "bin" / "elasticdump"


def _must(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()[-600:]}")


def commands(data: Path, source: Server, target_url: str, documents: int) -> dict[str, list[str | Path]]:
    """Their command lines, for the first so many documents."""
    index = TARGET_INDEX
    return {
        f"elasticdump {ELASTICDUMP.rpartition('@')[2]}, from the live cluster": [
            "node", _elasticdump(data), f"--input={source.url}/{index}", f"--output={target_url}/{index}", "--type=data",
            f"--limit={SCROLL_DOCUMENTS}", f"--size={documents}", "--quiet"],
        f"elasticsearch-py {CLIENT.rpartition('==')[2]}, scan and bulk, from the live cluster": [
            python(data), SCRIPT, source.url, target_url, index, str(documents), str(SCROLL_DOCUMENTS)],
    }


def to_sink(data: Path, snapshot: Snapshot, source: Server, sink: Sink, documents: int) -> list[Row]:
    """Both to the sink."""
    rows = []
    for what, command in commands(data, source, sink.url, documents).items():
        before, cpu = sink.received().documents, source.cpu_seconds()
        used = _run(command)
        cpu = source.cpu_seconds() - cpu
        got = sink.received().documents - before
        rows.append(_row("sink", what, snapshot, got, documents, used, cpu, None))
    return rows


def to_cluster(data: Path, snapshot: Snapshot, source: Server, target: Server, documents: int) -> list[Row]:
    """Both to a cluster that indexes."""
    rows = []
    for what, command in commands(data, source, target.url, documents).items():
        make_target(target, TARGET_INDEX)
        of_source, of_target = source.cpu_seconds(), target.cpu_seconds()
        used = _run(command)
        of_source, of_target = source.cpu_seconds() - of_source, target.cpu_seconds() - of_target
        got = target.count(TARGET_INDEX)
        target.ask("DELETE", f"/{TARGET_INDEX}")
        rows.append(_row("cluster", what, snapshot, got, documents, used, of_source, of_target))
    return rows


def _run(command: list[str | Path]) -> measured.Usage:
    with tempfile.TemporaryDirectory() as directory:
        return measured.run(command, Path(directory))


def _row(section: str, what: str, snapshot: Snapshot, got: int, expected: int, used: measured.Usage,
         of_source: float, of_target: float | None) -> Row:
    if got != expected:
        raise BenchError(f"{what}: {got} of {expected} documents came")
    return Row(
        section=section,
        what=what,
        documents=got,
        source_bytes=round(got * snapshot.source_bytes[TARGET_INDEX] / snapshot.documents[TARGET_INDEX]),
        seconds=used.seconds,
        cpu_seconds=used.cpu_seconds,
        rss_bytes=used.rss_bytes,
        written_bytes=used.written_bytes,
        source_cpu_seconds=of_source,
        target_cpu_seconds=of_target,
    )
