"""What the figures come to: verdicts on the bars, and tables in Markdown."""

from dataclasses import dataclass

from .. import machine
from ..report import NOT_MEASURED, _table
from .loads import Row

MIB = 1024 * 1024
MAX_RSS_BYTES = 256 * MIB
# A log that is flushed, the folder for refused documents: what is allowed of "nothing".
MAX_WRITTEN_BYTES = 64 * 1024
READ_BARS = {"lz4": 800.0, "deflate": 400.0}
SINK_BARS = {"lz4": 500.0, "deflate": 350.0, "zstd": 400.0}
S3_SHARE = 0.8
TITLES = {
    "read": "Reading only: `switchover snapshot cat > /dev/null`",
    "sink": "To a cluster that takes everything and keeps nothing",
    "cluster": "To OpenSearch 2.19.4, which indexes",
    "s3": "From a bucket (minio): `snapshot cat`, and loading the same sink",
}


@dataclass(frozen=True)
class Verdict:
    """A figure held against its bar."""

    bar: str
    where: str
    measured: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether it is within the limit."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def verdicts(rows: list[Row], extra: dict[str, float]) -> list[Verdict]:
    """All that can be said of what was measured."""
    found = []
    for row in rows:
        codec = row.what.partition(",")[0]
        if row.section == "read" and codec in READ_BARS:
            found.append(Verdict("read, MB/s a core", row.what, row.megabytes_per_core, READ_BARS[codec], True))
        if row.section == "sink" and codec in SINK_BARS and "gzip" not in row.what:
            found.append(Verdict("load, MB/s a core", row.what, row.megabytes_per_core, SINK_BARS[codec], True))
        if row.section in ("read", "sink", "s3", "cluster") and row.source_cpu_seconds is None:
            found.append(Verdict("peak RSS, MiB", f"{row.section}: {row.what}", row.rss_bytes / MIB, MAX_RSS_BYTES / MIB, False))
            found.append(Verdict("written to disk, KiB", f"{row.section}: {row.what}", row.written_bytes / 1024,
                                 MAX_WRITTEN_BYTES / 1024, False))
    of_s3 = {row.what: row for row in rows if row.section == "s3"}
    for what, row in of_s3.items():
        if what.endswith("read from the bucket"):
            files = of_s3[what.replace("bucket", "file system")]
            share = max(files.seconds / row.seconds, extra.get(f"plainShare {what}", 0.0))
            found.append(Verdict("bucket, share of file system or plain GETs", what, share, S3_SHARE, True))
    if "sparseFirstSeconds" in extra:
        where = "shard of 48 GiB"
        found.append(Verdict("peak RSS, MiB", where, extra["sparseRssBytes"] / MIB, MAX_RSS_BYTES / MIB, False))
        found.append(Verdict("written to disk, KiB", where, extra["sparseWrittenBytes"] / 1024,
                             MAX_WRITTEN_BYTES / 1024, False))
    return found


def render(run: dict, rows: list[Row], found: list[Verdict]) -> str:
    """The whole report."""
    cpu = machine._cpu_model()
    before, after = run["load_average"]
    parts = [
        f"- date: {run['date']}\n- processor: {cpu}, {run['cores']} cores\n- run: {run['rounds']} rounds, {run['seconds']} s in all\n"
        f"- load average: {before:.1f} before, {after:.1f} after",
        "### Bars\n\n" + _verdicts(found),
    ]
    for section, title in TITLES.items():
        of_section = [row for row in rows if row.section == section]
        if of_section:
            parts.append(f"**{title}**\n\n" + _rows(of_section))
    if "plainGetBytes" in run:
        rate = run["plainGetBytes"] / run["plainGetSeconds"] / 1e6
        parts.append(f"Plain parallel GETs of {run['plainGetBytes'] / 1e6:,.0f} MB of the bucket, 4 MiB each: {rate:,.0f} MB/s.")
    if "sparseFirstSeconds" in run:
        parts.append(
            f"**A shard of {run['sparseBytes'] / 2**30:.0f} GiB, of which holes are most**: `snapshot cat --limit 1` takes "
            f"{run['sparseReadSeconds']:.2f} s; `switchover-rfs` has its first documents on the target after "
            f"{run['sparseFirstSeconds']:.2f} s, coordination included, with a peak RSS of "
            f"{run['sparseRssBytes'] / 1e6:.0f} MB.")
    return "\n\n".join(parts) + "\n"


def _verdicts(found: list[Verdict]) -> str:
    # Of memory and disk there is a verdict for each row: the worst says it all.
    worst: dict[str, Verdict] = {}
    table = [["bar", "where", "measured", "limit", "met"]]
    for verdict in found:
        if verdict.bar.startswith(("peak RSS", "written")):
            worst[verdict.bar] = max(worst.get(verdict.bar, verdict), verdict, key=lambda one: one.measured)
        else:
            table.append(_line(verdict, verdict.where))
    table += [_line(verdict, f"worst: {verdict.where}") for verdict in worst.values()]
    missed = sum(not verdict.met for verdict in found)
    line = f"{len(found) - missed} of {len(found)} verdicts met." if missed else "All bars are met."
    return f"{line}\n\n{_table(table)}"


def _line(verdict: Verdict, where: str) -> list[str]:
    return [verdict.bar, where, f"{verdict.measured:,.2f}", f"{verdict.limit:g}", "yes" if verdict.met else "**no**"]


def _rows(rows: list[Row]) -> str:
    header = ["", "documents", "MB", "s", "documents/s", "MB/s", "MB/s a core", "CPU s", "source CPU s", "target CPU s",
              "RSS MB", "written KB"]
    return _table([header] + [[
        row.what, f"{row.documents:,}", f"{row.source_bytes / 1e6:,.0f}", f"{row.seconds:.2f}",
        f"{row.documents / row.seconds:,.0f}", f"{row.megabytes_per_second:,.0f}", f"{row.megabytes_per_core:,.0f}",
        f"{row.cpu_seconds:.2f}", _optional(row.source_cpu_seconds), _optional(row.target_cpu_seconds),
        f"{row.rss_bytes / 1e6:.0f}", f"{row.written_bytes / 1e3:.0f}",
    ] for row in rows])


def _optional(seconds: float | None) -> str:
    return NOT_MEASURED if seconds is None else f"{seconds:.1f}"
