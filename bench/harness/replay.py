"""The replayer on recorded traffic: how much a processor replays and compares, and how well it keeps the source's time.

The traffic is recorded by the agent in front of the null backend, and replayed to the same backend, whose answers are the
source's to the byte. So this is the cost of reading, ordering, sending and writing tuples; comparing answers that differ
costs more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import load
from .processes import BenchError
from .scenarios import DISTANT, KIB, NULL, Scenario, bulk_body
from .systems import Agent, Systems, backend

TARGET = Path("target/release")
REPLAY_DEADLINE_SECONDS = 600
# Recorded with one agent thread: the capture is the same, the record is made sooner.
AGENT = Agent("append", 1)


@dataclass(frozen=True)
class Run:
    """What is recorded, how it is replayed, and the bar that the figure is held against."""

    title: str
    scenario: Scenario
    speed: str


RUNS = (
    Run("bulks of 100 KB, as fast as it goes", Scenario(NULL, "POST", 100 * KIB, 8), "max"),
    Run("gets of 1 KB, as fast as it goes", Scenario(NULL, "GET", 0, 32), "max"),
    Run("writes of 1 KB that take 10 ms, at the source's pace", Scenario(DISTANT, "POST", KIB, 8), "1.0"),
)


@dataclass(frozen=True)
class Sample:
    """One replay. Bytes are those of the capture: requests and answers."""

    requests: int
    bytes: int
    seconds: float
    cpu_seconds: float
    rss_bytes: int
    lag_p99_ms: float | None
    pacing_error_p99_ms: float | None


def main() -> int:
    """Runs all and prints a table; 1 when a replay failed."""
    parser = argparse.ArgumentParser(prog="bench/replay", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="length of each recording (5)")
    seconds = parser.parse_args().seconds
    print("| traffic | requests | MB | s | requests/s | MB/s | requests/s a core | MB/s a core | lag p99 ms | pacing error p99 ms | RSS MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    for run in RUNS:
        try:
            with tempfile.TemporaryDirectory() as directory:
                print(row(run, measure(run, seconds, Path(directory))), flush=True)
        except BenchError as error:
            failed = True
            print(f"{run.title}: {error}", file=sys.stderr)
    return int(failed)


def measure(run: Run, seconds: int, directory: Path) -> Sample:
    """Records, replays."""
    systems = Systems(TARGET.resolve() / "switchover-agent", None, "")
    with backend(TARGET.resolve() / "switchover-bench-backend", run.scenario.backend, directory) as (address, _):
        body = directory / "body"
        if run.scenario.body_bytes:
            body.write_bytes(bulk_body(run.scenario.body_bytes))
        with systems.running(AGENT.name, address, directory) as running:
            recorded = load.run(running.address, run.scenario, body, seconds)
        if recorded.failure:
            raise BenchError(f"not recorded: {recorded.failure}")
        return replay(address, run.speed, directory)


def replay(address: str, speed: str, directory: Path) -> Sample:
    """One run of the replayer over the recording."""
    report = directory / "report.json"
    command = [str(TARGET.resolve() / "switchover-replayer"), "--targetUri", f"http://{address}"]
    command += ["--captureLogDir", str(directory / "capture-log"), "--speedupFactor", speed]
    command += ["--tupleDir", str(directory / "tuples"), "--deadLetterDir", str(directory / "dead-letters")]
    command += ["--reportFile", str(report), "--logFormat", "json"]
    with (directory / "replayer.stderr").open("wb") as stderr:
        child = subprocess.Popen(["timeout", str(REPLAY_DEADLINE_SECONDS), *command], stdout=stderr, stderr=stderr)
        _, status, used = os.wait4(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        said = (directory / "replayer.stderr").read_text(errors="replace")[-600:]
        raise BenchError(f"the replayer ended with code {code}: {said}")
    told = json.loads(report.read_text())
    lag = told.get("pacingLagMs") or {}
    error = told.get("pacingErrorMs") or {}
    return Sample(
        requests=told["requests"]["replayed"],
        bytes=told["input"]["bytes"],
        seconds=told["durationSeconds"],
        cpu_seconds=used.ru_utime + used.ru_stime,
        rss_bytes=used.ru_maxrss * 1024,
        lag_p99_ms=lag.get("p99"),
        pacing_error_p99_ms=error.get("p99") if error.get("count") else None,
    )


def row(run: Run, sample: Sample) -> str:
    """A line of the table."""
    megabytes = sample.bytes / 1e6
    figures = [
        f"{sample.requests:,}",
        f"{megabytes:,.0f}",
        f"{sample.seconds:.1f}",
        f"{sample.requests / sample.seconds:,.0f}",
        f"{megabytes / sample.seconds:,.0f}",
        f"{sample.requests / sample.cpu_seconds:,.0f}",
        f"{megabytes / sample.cpu_seconds:,.0f}",
        "–" if sample.lag_p99_ms is None else f"{sample.lag_p99_ms:.2f}",
        "–" if sample.pacing_error_p99_ms is None else f"{sample.pacing_error_p99_ms:.2f}",
        f"{sample.rss_bytes / 1e6:.0f}",
    ]
    return f"| {run.title} | {' | '.join(figures)} |"
