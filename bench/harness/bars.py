"""What the agent is held to."""

from collections.abc import Callable
from dataclasses import dataclass

CAPTURING = ("append", "disk", "kafka")
# A write's response waits for the disk or for Kafka when the agent is told so: that wait is the guarantee's price.
UNGATED = ("append",)


@dataclass(frozen=True)
class Bar:
    """A limit on one figure of the rows of one scenario (of every scenario when there is none named)."""

    title: str
    scenario: str | None
    durabilities: tuple[str | None, ...]
    figure: Callable[["Row"], float]  # noqa: F821 - a row of summary.py
    limit: float
    at_least: bool = False

    def judges(self, scenario: str, durability: str | None) -> bool:
        """Whether it is about a row."""
        return self.scenario in (None, scenario) and durability in self.durabilities

    def met(self, value: float) -> bool:
        """Whether a figure is within the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


def _share(scenario: str, durabilities: tuple[str | None, ...], limit: float) -> Bar:
    return Bar("requests/s, share of direct", scenario, durabilities, lambda row: row.ratio, limit, at_least=True)


MEMORY = "peak RSS, MB"
BARS = (
    Bar("added p50, us", "null-get-1k-c1", CAPTURING, lambda row: row.added_p50_us, 35),
    Bar("added p99, us", "null-get-1k-c1", CAPTURING, lambda row: row.added_p99_us, 250),
    _share("null-get-1k-c32", CAPTURING, 0.45),
    _share("null-get-1k-c32", (None,), 0.54),
    _share("large-get-100k-c8", CAPTURING, 0.40),
    _share("1ms-get-1k-c32", CAPTURING, 0.97),
    _share("1ms-post-100k-c8", UNGATED, 0.94),
    Bar("added p50, us", "10ms-post-1k-c1", ("kafka",), lambda row: row.added_p50_us, 200),
    Bar("added p99, us", "10ms-post-1k-c1", ("kafka",), lambda row: row.added_p99_us, 2000),
    Bar("requests/s", "null-post-1k-c32", ("kafka",), lambda row: row.requests_per_second, 25_000, at_least=True),
    Bar("CPU us/request", "null-post-1k-c32", UNGATED, lambda row: row.cpu_us_per_request, 25),
    Bar("CPU us/request", "null-post-100k-c8", UNGATED, lambda row: row.cpu_us_per_request, 80),
    Bar(MEMORY, None, (None, *CAPTURING), lambda row: row.rss_bytes / 1e6, 30),
)
