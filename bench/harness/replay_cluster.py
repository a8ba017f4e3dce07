"""The replayer against a real OpenSearch: which of the two is the limit, told by the processor time of both.

The traffic is recorded by the agent in front of another OpenSearch, so that the answers are those of a cluster.
"""

from dataclasses import dataclass
from pathlib import Path

from . import load
from .cluster import opensearch
from .processes import BenchError
from .replay import AGENT, TARGET, Run, Sample, replay, write_body
from .scenarios import KIB, NULL, Scenario
from .systems import Systems

RUNS = (
    Run("bulks of 100 KB", Scenario(NULL, "POST", 100 * KIB, 4), "max"),
    Run("gets of a document", Scenario(NULL, "GET", 0, 8), "max"),
)
# What the gets ask for.
READ = RUNS[1].scenario.path
DOCUMENT = {"message": "m" * KIB}


@dataclass(frozen=True)
class Shares:
    """A replay, and the processor time that the target took for it."""

    sample: Sample
    target_cpu_seconds: float


def table(seconds: int, directory: Path) -> None:
    """Records and replays; prints the table."""
    print("\n| to OpenSearch | requests | MB | s | requests/s | MB/s | CPU s replayer | CPU s OpenSearch |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for number, run in enumerate(RUNS):
        place = directory / f"cluster-{number}"
        place.mkdir()
        print(row(run, measure(run, seconds, place)), flush=True)


def measure(run: Run, seconds: int, directory: Path) -> Shares:
    """One of each: a recording, and a replay of all of it."""
    body = directory / "body"
    if run.scenario.body_bytes:
        write_body(body, run.scenario.body_bytes)
    systems = Systems(TARGET.resolve() / "switchover-agent", None, "")
    with opensearch("source", directory) as source:
        source.put(READ, DOCUMENT)
        with systems.running(AGENT.name, source.address, directory) as running:
            recorded = load.run(running.address, run.scenario, body, seconds)
    if recorded.failure:
        raise BenchError(f"{run.title}: not recorded: {recorded.failure}")
    with opensearch("target", directory) as target:
        target.put(READ, DOCUMENT)
        before = target.cpu_seconds()
        sample = replay(target.address, run, None, directory)
        return Shares(sample, target.cpu_seconds() - before)


def row(run: Run, shares: Shares) -> str:
    """A line of the table."""
    sample = shares.sample
    megabytes = sample.bytes / 1e6
    figures = [
        f"{sample.requests:,}",
        f"{megabytes:,.0f}",
        f"{sample.seconds:.1f}",
        f"{sample.requests / sample.seconds:,.0f}",
        f"{megabytes / sample.seconds:,.0f}",
        f"{sample.cpu_seconds:.1f}",
        f"{shares.target_cpu_seconds:.1f}",
    ]
    return f"| {run.title} | {' | '.join(figures)} |"
