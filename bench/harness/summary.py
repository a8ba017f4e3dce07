"""From samples to rows: medians over the rounds, each round compared with its own direct run; and the verdict."""

import math
from dataclasses import dataclass
from statistics import median

from .bars import BARS, MEMORY
from .measure import Sample
from .systems import DIRECT, Agent

@dataclass(frozen=True)
class Row:
    """One system in one scenario. With a `failure` in any round there are no figures."""

    scenario: str
    system: str
    failure: str | None = None
    requests_per_second: float = 0.0
    slowest: float = 0.0
    fastest: float = 0.0
    ratio: float = 0.0
    p50_us: float = 0.0
    p99_us: float = 0.0
    added_p50_us: float = 0.0
    added_p99_us: float = 0.0
    added_p50_min_us: float = 0.0
    added_p50_max_us: float = 0.0
    cpu_us_per_request: float = 0.0
    rss_bytes: int = 0


@dataclass(frozen=True)
class Verdict:
    """One bar held against one row. `value` is None when the row has no figures."""

    bar: str
    scenario: str
    system: str
    value: float | None
    limit: float
    met: bool


def rows(samples: list[Sample]) -> list[Row]:
    """One row for each scenario and system, in the order of their first samples."""
    direct = {(sample.scenario, sample.round): sample for sample in samples if sample.system == DIRECT}
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault((sample.scenario, sample.system), []).append(sample)
    return [_row(key, group, direct) for key, group in groups.items()]


def _row(key: tuple[str, str], group: list[Sample], direct: dict[tuple[str, int], Sample]) -> Row:
    pairs = [(sample, direct[sample.scenario, sample.round]) for sample in group]
    for sample, base in pairs:
        if failure := sample.failure or (base.failure and f"direct access failed: {base.failure}"):
            return Row(*key, failure=f"round {sample.round + 1}: {failure}")
    rates = [sample.requests_per_second for sample in group]
    added_p50 = [sample.p50_us - base.p50_us for sample, base in pairs]
    return Row(
        *key,
        requests_per_second=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        ratio=median(sample.requests_per_second / base.requests_per_second for sample, base in pairs),
        p50_us=median(sample.p50_us for sample in group),
        p99_us=median(sample.p99_us for sample in group),
        added_p50_us=median(added_p50),
        added_p99_us=median(sample.p99_us - base.p99_us for sample, base in pairs),
        added_p50_min_us=min(added_p50),
        added_p50_max_us=max(added_p50),
        cpu_us_per_request=median(sample.cpu_us_per_request for sample in group),
        rss_bytes=max(sample.rss_bytes for sample in group),
    )


def verdicts(rows: list[Row], agents: dict[str, Agent]) -> list[Verdict]:
    """Holds the agents' rows against the bars."""
    found = []
    for bar in BARS:
        for row in rows:
            agent = agents.get(row.system)
            if agent is None or not bar.judges(row.scenario, agent.durability):
                continue
            value = None if row.failure else bar.figure(row)
            met = value is not None and bar.met(value)
            found.append(Verdict(bar.title, row.scenario, row.system, value, bar.limit, met))
    return found


def worst(found: list[Verdict]) -> list[Verdict]:
    """Leaves of each system's verdicts on memory only the worst: there is one of every row."""
    memory: dict[str, Verdict] = {}
    for verdict in found:
        if verdict.bar == MEMORY:
            memory[verdict.system] = max(memory.get(verdict.system, verdict), verdict, key=_memory_used)
    return [verdict for verdict in found if verdict.bar != MEMORY] + list(memory.values())


def _memory_used(verdict: Verdict) -> float:
    return math.inf if verdict.value is None else verdict.value
