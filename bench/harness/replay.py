"""The replayer on recorded traffic: how much a processor replays and compares, and how well it keeps the source's time.

The traffic is recorded by the agent in front of the null backend, and replayed to the same backend, whose answers are the
source's to the byte. So this is the cost of reading, ordering, sending and writing tuples. In one run the target's answers
have another length, so that each pair is parsed and walked.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from . import load
from .processes import BenchError
from .scenarios import DISTANT, KIB, NULL, Backend, Scenario, bulk_body
from .systems import Agent, Systems, backend

TARGET = Path("target/release")
MIB = KIB * KIB
REPLAY_DEADLINE_SECONDS = 600
# Tuples are written as requests are done, not as they are sent: the first sent is among these.
FIRST_TUPLES = 100
# Recorded with one agent thread: the capture is the same, the record is made sooner.
AGENT = Agent("append", 1)


@dataclass(frozen=True)
class Run:
    """What is recorded, how it is replayed, and the bar that the figure is held against."""

    title: str
    scenario: Scenario
    speed: str
    # What it is replayed to; the backend that it was recorded with when there is none.
    target: Backend | None = None
    flags: tuple[str, ...] = ()
    # Of the recording.
    min_seconds: int = 0


# Answers like the null backend's, of another length.
OTHER = replace(NULL, key="other", answer_bytes=NULL.answer_bytes + 1)
RUNS = (
    Run("bulks of 100 KB, as fast as it goes", Scenario(NULL, "POST", 100 * KIB, 8), "max"),
    Run("bulks of 99 MiB, as fast as it goes", Scenario(NULL, "POST", 99 * MIB, 1), "max", min_seconds=15),
    Run("gets of 1 KB, as fast as it goes", Scenario(NULL, "GET", 0, 32), "max"),
    Run("gets of 1 KB whose answers differ", Scenario(NULL, "GET", 0, 32), "max", target=OTHER),
    Run("writes of 1 KB that take 10 ms, at the source's pace", Scenario(DISTANT, "POST", KIB, 8), "1.0"),
)
# Some 45 MB/s for as long as --backlog-seconds says; the target takes 1 MB/s of them.
SLOW = replace(DISTANT, key="slow", delay_micros=400_000)
BACKLOG = Run(
    "a target that is too slow, --maxMemory 64MiB",
    Scenario(DISTANT, "POST", 100 * KIB, 5),
    "1.0",
    target=SLOW,
    flags=("--maxMemory", "64MiB"),
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
    start_seconds: float | None


def measure(run: Run, seconds: int, stop_after: int | None, directory: Path) -> Sample:
    """Records, replays; to the end, or for so many seconds."""
    systems = Systems(TARGET.resolve() / "switchover-agent", None, "")
    binary = TARGET.resolve() / "switchover-bench-backend"
    body = directory / "body"
    if run.scenario.body_bytes:
        write_body(body, run.scenario.body_bytes)
    with backend(binary, run.scenario.backend, directory) as (address, _):
        with systems.running(AGENT.name, address, directory) as running:
            recorded = load.run(running.address, run.scenario, body, seconds)
        if recorded.failure:
            raise BenchError(f"not recorded: {recorded.failure}")
        if run.target is None:
            return replay(address, run, stop_after, directory)
    with backend(binary, run.target, directory) as (address, _):
        return replay(address, run, stop_after, directory)


def replay(address: str, run: Run, stop_after: int | None, directory: Path) -> Sample:
    """One run of the replayer over the recording."""
    report = directory / "report.json"
    command = [str(TARGET.resolve() / "switchover-replayer"), "--targetUri", f"http://{address}"]
    command += ["--captureLogDir", str(directory / "capture-log"), "--speedupFactor", run.speed]
    command += ["--tupleDir", str(directory / "tuples"), "--deadLetterDir", str(directory / "dead-letters")]
    command += ["--reportFile", str(report), "--logFormat", "json", *run.flags]
    limit = REPLAY_DEADLINE_SECONDS if stop_after is None else stop_after
    begun = time.time()
    with (directory / "replayer.stderr").open("wb") as stderr:
        child = subprocess.Popen(["timeout", "--preserve-status", str(limit), *command], stdout=stderr, stderr=stderr)
        _, status, used = os.wait4(child.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    # 3: answers differ, as they should in one of the runs.
    if code not in (0, 3):
        said = (directory / "replayer.stderr").read_text(errors="replace")[-600:]
        raise BenchError(f"the replayer ended with code {code}: {said}")
    told = json.loads(report.read_text())
    lag, error = told.get("pacingLagMs") or {}, told.get("pacingErrorMs") or {}
    return Sample(
        requests=told["requests"]["replayed"],
        bytes=told["input"]["bytes"],
        seconds=told["durationSeconds"],
        cpu_seconds=used.ru_utime + used.ru_stime,
        rss_bytes=used.ru_maxrss * 1024,
        lag_p99_ms=lag.get("p99"),
        pacing_error_p99_ms=error.get("p99") if error.get("count") else None,
        start_seconds=first_sent(directory / "tuples", begun),
    )


def write_body(body: Path, size: int) -> None:
    """Piece by piece: what this process holds counts as the peak of those that it starts."""
    with body.open("wb") as out:
        while size > 2 * MIB:
            out.write(bulk_body(MIB))
            size -= MIB
        out.write(bulk_body(size))


def first_sent(tuples: Path, begun: float) -> float | None:
    """Seconds from the start of the replayer to the first request that it sent, if the first tuples are still there as
    they were written: larger files are compressed."""
    if any(tuples.glob("tuples-*")):
        return None
    with (tuples / "tuples.log").open("rb") as lines:
        sent = [json.loads(line)["targetTimestamp"] for line, _ in zip(lines, range(FIRST_TUPLES))]
    # Nanoseconds are more than datetime takes.
    first = min(datetime.fromisoformat(at[:26] + "+00:00").timestamp() for at in sent)
    return first - begun


def optional(value: float | None, scale: float = 1.0) -> str:
    """A figure that not every run has."""
    return "–" if value is None else f"{value * scale:.2f}"


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
        f"{sample.cpu_seconds / sample.requests * 1e6:,.1f}",
        optional(sample.lag_p99_ms),
        optional(sample.pacing_error_p99_ms),
        optional(sample.start_seconds, 1000.0),
        f"{sample.rss_bytes / 1e6:.0f}",
    ]
    return f"| {run.title} | {' | '.join(figures)} |"
