"""The report: Markdown whose tables are aligned, so that it reads as well on a terminal as in docs/benchmarks.md."""

from statistics import median

from .bars import MEMORY
from .measure import WARM_UP_SECONDS, Sample
from .scenarios import BACKENDS, Scenario
from .summary import Row, Verdict, worst
from .systems import DIRECT, KAFKA_AGENT

# With more than this share of the processors taken by others, the figures say little about what is measured.
MAX_QUIET_SHARE = 0.05
NOT_MEASURED = "–"


def render(machine: dict, run: dict, samples: list[Sample], rows: list[Row], found: list[Verdict],
           scenarios: list[Scenario]) -> str:
    """The whole report."""
    parts = [_machine(machine, run, samples), _verdict(found, scenarios)]
    for backend in BACKENDS:
        of_backend = [scenario for scenario in scenarios if scenario.backend == backend]
        if of_backend:
            parts.append(f"### {backend.title}")
        for scenario in of_backend:
            parts.append(f"**{scenario.title}**")
            parts.append(_rows([row for row in rows if row.scenario == scenario.key]))
    failures = [f"- {row.scenario}, {row.system}: {row.failure}" for row in rows if row.failure]
    if failures:
        parts.append("### Failed rows\n\n" + "\n".join(failures))
    return "\n\n".join(parts) + "\n"


def _machine(machine: dict, run: dict, samples: list[Sample]) -> str:
    versions = ", ".join(f"{tool} {version}" for tool, version in machine["versions"].items())
    # A broker on this machine works for us, but is not ours to measure.
    undisturbed = [sample for sample in samples if not sample.failure and sample.system != KAFKA_AGENT.name]
    others = [sample.others for sample in undisturbed] or [0.0]
    steal = [sample.steal for sample in undisturbed] or [0.0]
    quiet = median(others) <= MAX_QUIET_SHARE
    advice = "" if quiet else " **This run was not quiet: its figures say little.**"
    load_before, load_after = run["load_average"]
    facts = [
        ("date", machine["date"]),
        ("processor", f"{machine['cpu']}, {machine['cores']} cores"),
        ("kernel", machine["kernel"]),
        ("capture log", f"on {machine['file_system']}, whose fdatasync of 4 KB takes {machine['sync_us']:,} us"),
        ("versions", versions),
        ("run", f"{_count(run['rounds'], 'round')}, {run['seconds']} s each measurement "
                f"after {WARM_UP_SECONDS} s of warm-up"),
        ("noise", f"other processes took {_percent(median(others))} of the processors (median; at most "
                  f"{_percent(max(others))}), the host {_percent(median(steal))} (at most {_percent(max(steal))}); "
                  f"load average {load_before:.1f} before, {load_after:.1f} after.{advice}"),
    ]
    return "\n".join(f"- {name}: {text}" for name, text in facts)


def _verdict(found: list[Verdict], scenarios: list[Scenario]) -> str:
    if not found:
        return "### Bars\n\nNone applies to what was measured."
    titles = {scenario.key: scenario.title for scenario in scenarios}
    lines = [["bar", "where", "row", "measured", "limit", "met"]]
    for verdict in worst(found):
        value = NOT_MEASURED if verdict.value is None else f"{verdict.value:.2f}"
        where = f"worst: {verdict.scenario}" if verdict.bar == MEMORY else titles[verdict.scenario]
        met = "yes" if verdict.met else "**no**"
        lines.append([verdict.bar, where, verdict.system, value, f"{verdict.limit:g}", met])
    missed = [verdict for verdict in found if not verdict.met]
    line = f"{len(found) - len(missed)} of {len(found)} verdicts met." if missed else "All bars are met."
    return f"### Bars\n\n{line}\n\n" + table(lines)


def _rows(rows: list[Row]) -> str:
    header = ["", "requests/s", "min-max", "of direct", "p50 us", "added", "min-max", "p99 us", "added",
              "CPU us/request", "RSS MB"]
    return table([header] + [_cells(row) for row in rows])


def _cells(row: Row) -> list[str]:
    if row.failure:
        return [row.system, "**failed**"] + [NOT_MEASURED] * 9
    cells = [row.system, f"{row.requests_per_second:,.0f}", f"{row.slowest:,.0f}-{row.fastest:,.0f}"]
    if row.system == DIRECT:
        blank = NOT_MEASURED
        return cells + [blank, f"{row.p50_us:,.0f}", blank, blank, f"{row.p99_us:,.0f}", blank, blank, blank]
    return cells + [
        f"{row.ratio:.2f}",
        f"{row.p50_us:,.0f}",
        f"{row.added_p50_us:+,.0f}",
        f"{row.added_p50_min_us:+,.0f} to {row.added_p50_max_us:+,.0f}",
        f"{row.p99_us:,.0f}",
        f"{row.added_p99_us:+,.0f}",
        f"{row.cpu_us_per_request:,.1f}",
        f"{row.rss_bytes / 1e6:.1f}",
    ]


def table(cells: list[list[str]]) -> str:
    """Aligned Markdown; the first line is the heading."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
