"""The command line of the replayer's measurement."""

import argparse
import sys
import tempfile
from pathlib import Path

from . import replay, replay_cluster
from .processes import BenchError


def main() -> int:
    """Runs all and prints a table; 1 when a replay failed."""
    parser = argparse.ArgumentParser(prog="bench/replay", description=replay.__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="length of each recording (5)")
    parser.add_argument(
        "--backlog-seconds",
        type=int,
        default=0,
        help="length of a recording that is replayed to a target that can't keep up, and is stopped then (0: not done)",
    )
    parser.add_argument(
        "--opensearch", action="store_true", help="also record from and replay to a real OpenSearch of the lab"
    )
    options = parser.parse_args()
    print(
        "| traffic | requests | MB | s | requests/s | MB/s | requests/s a core | MB/s a core "
        "| CPU us/request | lag p99 ms | pacing error p99 ms | start ms | RSS MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    runs = [(run, max(options.seconds, run.min_seconds), None) for run in replay.RUNS]
    if options.backlog_seconds:
        runs.append((replay.BACKLOG, options.backlog_seconds, options.backlog_seconds))
    failed = False
    for run, seconds, stop_after in runs:
        try:
            with tempfile.TemporaryDirectory() as directory:
                print(replay.row(run, replay.measure(run, seconds, stop_after, Path(directory))), flush=True)
        except BenchError as error:
            failed = True
            print(f"{run.title}: {error}", file=sys.stderr)
    if options.opensearch:
        try:
            with tempfile.TemporaryDirectory() as directory:
                replay_cluster.table(options.seconds, Path(directory))
        except BenchError as error:
            failed = True
            print(error, file=sys.stderr)
    return int(failed)
