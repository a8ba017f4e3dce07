"""The command line of bench/backfill."""

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from .. import document
from ..cli import EXIT_MISSED, guarded
from ..processes import BenchError
from . import data, loads, peers, report, s3, sink, sparse
from .lab import Lab

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "benchmarks.md"
TARGET_VERSION = "2.19.4"
TARGET_HEAP_MB = 1024
SECTIONS = ("read", "sink", "peers", "cluster", "s3", "sparse")


def main() -> int:
    """Runs the benchmark; 0 when every bar is met, 1 when not, 2 when it can't run."""
    options = _options()
    if options.nice:
        os.setpriority(os.PRIO_PROCESS, 0, options.nice)
    return guarded(lambda: _run(options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/backfill", description=__doc__)
    release = Path(os.environ.get("CARGO_TARGET_DIR", "target")) / "release"
    parser.add_argument("--bin", type=Path, default=release, help=f"folder of the binaries ({release})")
    parser.add_argument("--data", type=Path, default=Path("/var/tmp/switchover-bench"),
                        help="where snapshots and tools are kept between runs, some 3 GB (/var/tmp/switchover-bench)")
    parser.add_argument("--rounds", type=int, default=3, help="repetitions of reading and of loading the sink (3)")
    parser.add_argument("--cluster-seconds", type=int, default=20, help="how long a real cluster is loaded (20)")
    parser.add_argument("--peer-documents", type=int, default=200_000, help="documents that others copy (200,000)")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"some of {','.join(SECTIONS)}")
    parser.add_argument("--nice", type=int, default=0, help="priority of all that is started, such as -15")
    parser.add_argument("--write-docs", action="store_true", help="put the report into docs/benchmarks.md")
    parser.add_argument("--json", type=Path, default=Path("target/bench-backfill.json"), help="all figures")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> int:
    only = set(options.only.split(","))
    if unknown := only - set(SECTIONS):
        raise BenchError(f"--only {','.join(unknown)}: choose of {','.join(SECTIONS)}")
    folder = options.data.resolve()
    names = ("switchover", "switchover-rfs", "switchover-bench-backend")
    binaries = loads.Binaries(*(options.bin.resolve() / name for name in names))
    lab = Lab(folder)
    snapshots = data.ensure(folder, lab)
    if only & {"peers", "cluster", "s3"}:
        peers.install(folder)
    if "s3" in only:
        s3.install(folder)
    rows: list[loads.Row] = []
    extra: dict[str, float] = {}

    def done(row: loads.Row) -> None:
        print(f"{row.section}: {row.what}: {row.megabytes_per_second:,.0f} MB/s, {row.megabytes_per_core:,.0f} MB/s a core, "
              f"{row.rss_bytes / 1e6:.0f} MB", file=sys.stderr, flush=True)
        rows.append(row)

    load_before, begun = os.getloadavg()[0], time.monotonic()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        if "read" in only:
            for snapshot in snapshots.values():
                for index in snapshot.documents:
                    done(loads.cat(binaries, snapshot, index, options.rounds))
        if only - {"read"}:
            target = stack.enter_context(lab.running("opensearch", TARGET_VERSION, "bench-target", TARGET_HEAP_MB))
            taker = stack.enter_context(sink.running(binaries.backend, scratch))
        if "sink" in only:
            for snapshot in snapshots.values():
                for index in snapshot.documents:
                    done(loads.to_sink(binaries, snapshot, index, taker, target, options.rounds))
            done(loads.to_sink(binaries, snapshots["lz4"], "docs", taker, target, options.rounds, "gzip to the target",
                               ("--gzip", "always")))
        if "s3" in only:
            store = stack.enter_context(s3.running(folder, snapshots["lz4"]))
            environment = s3.CREDENTIALS
            for index in snapshots["lz4"].documents:
                # one after the other, so that both have the same machine
                bucket = (("--s3Endpoint", store.url), store.repository, environment)
                lz4, rounds = snapshots["lz4"], options.rounds
                done(loads.cat(binaries, lz4, index, rounds, "read from the file system", section="s3"))
                done(loads.cat(binaries, lz4, index, rounds, "read from the bucket", *bucket, section="s3"))
                done(loads.to_sink(binaries, lz4, index, taker, target, rounds, "loaded from the bucket", *bucket,
                                   section="s3"))
            got, seconds = store.get_all(snapshots["lz4"], options.rounds)
            extra["plainGetBytes"], extra["plainGetSeconds"] = got, seconds
            stored = s3.stored_bytes(binaries.console, snapshots["lz4"])
            for row in rows:
                if row.section == "s3" and row.what.endswith("read from the bucket"):
                    index = row.what.split(", ")[1]
                    extra[f"plainShare {row.what}"] = stored[index] / row.seconds / (got / seconds)
        if only & {"peers", "cluster"}:
            source = stack.enter_context(lab.started(data.SOURCE))
        if "peers" in only:
            for row in peers.to_sink(folder, snapshots["lz4"], source, taker, options.peer_documents):
                done(row)
        if "cluster" in only:
            done(loads.to_cluster(binaries, snapshots["lz4"], target, options.cluster_seconds))
            for row in peers.to_cluster(folder, snapshots["lz4"], source, target, options.peer_documents):
                done(row)
        if "sparse" in only:
            extra |= sparse.measure(binaries, folder, taker, target)
    run = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "seconds": round(time.monotonic() - begun),
        "rounds": options.rounds,
        "load_average": [load_before, os.getloadavg()[0]],
        "cores": len(os.sched_getaffinity(0)),
        "snapshots": {codec: asdict(snapshot) for codec, snapshot in snapshots.items()},
        **extra,
    }
    verdicts = report.verdicts(rows, extra)
    text = report.render(run, rows, verdicts)
    print(text)
    if options.write_docs:
        document.write(DOCUMENT, text, document.BACKFILL)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    told = {"run": run, "rows": [asdict(row) for row in rows], "verdicts": [asdict(verdict) for verdict in verdicts]}
    options.json.write_text(json.dumps(told, indent=1, default=str) + "\n")
    return 0 if all(verdict.met for verdict in verdicts) else EXIT_MISSED
