"""From samples to rows: medians over the rounds, each round compared with its own direct run; and the verdict."""

import math
from dataclasses import dataclass
from statistics import median

from .measure import Sample
from .scenarios import NULL, Scenario
from .systems import DIRECT, Agent

# The bars.
MAX_ADDED_P50_US = 60
MIN_RATIO = 0.40
MAX_RSS_BYTES = 30_000_000
BAR_CONNECTIONS_LATENCY = 1
BAR_CONNECTIONS_THROUGHPUT = 32
BAR_BODY_BYTES = (0, 1024)
LATENCY = "added p50, us"
THROUGHPUT = "requests/s, share of direct"
MEMORY = "peak RSS, MB"


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


def verdicts(rows: list[Row], scenarios: list[Scenario], agents: dict[str, Agent]) -> list[Verdict]:
    """Holds the agents' rows against the bars.

    Latency and throughput are held against the null backend. A write's response waits for the disk or for Kafka when
    the agent is told so; that wait is the guarantee's price, not the agent's, so writes are judged with `append`.
    Memory is judged everywhere.
    """
    by_key = {scenario.key: scenario for scenario in scenarios}
    found = []
    for row in rows:
        agent, scenario = agents.get(row.system), by_key[row.scenario]
        if agent is None:
            continue
        ungated = scenario.method == "GET" or agent.durability == "append"
        if scenario.backend == NULL and scenario.body_bytes in BAR_BODY_BYTES and ungated:
            if scenario.connections == BAR_CONNECTIONS_LATENCY:
                found.append(_at_most(LATENCY, row, row.added_p50_us, MAX_ADDED_P50_US))
            if scenario.connections == BAR_CONNECTIONS_THROUGHPUT:
                met = row.failure is None and row.ratio >= MIN_RATIO
                value = None if row.failure else row.ratio
                found.append(Verdict(THROUGHPUT, row.scenario, row.system, value, MIN_RATIO, met))
        found.append(_at_most(MEMORY, row, row.rss_bytes / 1e6, MAX_RSS_BYTES / 1e6))
    return found


def _at_most(bar: str, row: Row, value: float, limit: float) -> Verdict:
    met = row.failure is None and value <= limit
    return Verdict(bar, row.scenario, row.system, None if row.failure else value, limit, met)


def worst(found: list[Verdict]) -> list[Verdict]:
    """Leaves of each system's verdicts on memory only the worst: there is one of every row."""
    memory: dict[str, Verdict] = {}
    for verdict in found:
        if verdict.bar == MEMORY:
            memory[verdict.system] = max(memory.get(verdict.system, verdict), verdict, key=_memory_used)
    return [verdict for verdict in found if verdict.bar != MEMORY] + list(memory.values())


def _memory_used(verdict: Verdict) -> float:
    return math.inf if verdict.value is None else verdict.value
