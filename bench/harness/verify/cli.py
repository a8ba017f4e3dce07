"""The command line of the measurement of comparisons."""

import argparse
import json
import sys
import tempfile
import urllib.request
from pathlib import Path

from ..cluster import Cluster, opensearch
from ..processes import BenchError, Process
from .measured import Sample, verify
from .null import PAGE_DOCUMENTS, SHARDS

TARGET = Path(__file__).resolve().parents[3] / "target" / "release"
BULK_DOCUMENTS = 5000
BULK_DEADLINE_SECONDS = 120


def null_cluster(binary: Path, pages: int, source_bytes: int) -> Sample:
    """Compares with clusters whose answers are ready bytes."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        harness = Path(__file__).resolve().parents[2]
        command = [sys.executable, "-c", "from harness.verify.null import main; main()", str(pages), str(source_bytes)]
        servers = []
        try:
            for side in ("source", "target"):
                place = directory / side
                place.mkdir()
                (place / "harness").symlink_to(harness / "harness")
                servers.append(Process(side, command, place))
            addresses = [f"http://{server.announced('listening')}" for server in servers]
            return verify(binary, addresses[0], addresses[1], directory)
        finally:
            for server in servers:
                server.stop()


def fill(cluster: Cluster, documents: int, source_bytes: int) -> None:
    """The same documents for both sides."""
    cluster.put("/docs", {"settings": {"number_of_shards": SHARDS, "number_of_replicas": 0}})
    for first in range(0, documents, BULK_DOCUMENTS):
        lines = []
        for number in range(first, min(first + BULK_DOCUMENTS, documents)):
            source = {"n": number, "message": "x" * (source_bytes - 30)}
            lines += [json.dumps({"index": {"_index": "docs", "_id": str(number)}}), json.dumps(source)]
        data, headers = ("\n".join(lines) + "\n").encode(), {"Content-Type": "application/x-ndjson"}
        request = urllib.request.Request(f"http://{cluster.address}/_bulk", data, headers)
        with urllib.request.urlopen(request, timeout=BULK_DEADLINE_SECONDS) as answer:
            if json.load(answer)["errors"]:
                raise BenchError("the bulk was not taken whole")


def real_clusters(binary: Path, documents: int, source_bytes: int) -> tuple[Sample, float, float]:
    """Compares two nodes of the lab: what it took, and the processor seconds of source and target."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with opensearch("source", directory) as source, opensearch("target", directory) as target:
            for cluster in (source, target):
                fill(cluster, documents, source_bytes)
            before = source.cpu_seconds(), target.cpu_seconds()
            sample = verify(binary, f"http://{source.address}", f"http://{target.address}", directory)
            return sample, source.cpu_seconds() - before[0], target.cpu_seconds() - before[1]


def row(title: str, sample: Sample, others: str) -> str:
    """A line of the table."""
    figures = [
        f"{sample.documents:,}",
        f"{sample.seconds:.1f}",
        f"{sample.documents / sample.seconds:,.0f}",
        f"{sample.cpu_seconds:.2f}",
        f"{sample.documents_per_core_second:,.0f}",
        others,
    ]
    return f"| {title} | {' | '.join(figures)} |"


def main() -> int:
    """Prints a table; 1 when a comparison failed."""
    parser = argparse.ArgumentParser(prog="bench/verify", description="Measures switchover verify over live clusters.")
    parser.add_argument(
        "--binary", type=Path, default=TARGET / "switchover", help="the console (target/release/switchover)"
    )
    parser.add_argument("--documents", type=int, default=2_000_000, help="of the null clusters (2,000,000)")
    parser.add_argument("--source-bytes", type=int, default=250, help="of each document (250)")
    parser.add_argument(
        "--opensearch", type=int, default=0, metavar="N", help="also compare N documents of two OpenSearch of the lab"
    )
    options = parser.parse_args()
    binary = options.binary.resolve()
    print("| clusters | documents | s | documents/s | CPU s verify | documents/s a core | CPU s source, target |")
    print("|---|---|---|---|---|---|---|", flush=True)
    try:
        pages = options.documents // (PAGE_DOCUMENTS * SHARDS) * SHARDS
        print(row("null", null_cluster(binary, pages, options.source_bytes), "-"), flush=True)
        if options.opensearch:
            sample, source, target = real_clusters(binary, options.opensearch, options.source_bytes)
            print(row("OpenSearch", sample, f"{source:.1f}, {target:.1f}"), flush=True)
    except (BenchError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
