"""Puts a report into docs/benchmarks.md, between two markers; the rest of the page is written by hand."""

from pathlib import Path

from .processes import BenchError

BEGIN = "<!-- bench results: begin -->"
END = "<!-- bench results: end -->"
BACKFILL = ("<!-- backfill results: begin -->", "<!-- backfill results: end -->")


def replaced(page: str, report: str, markers: tuple[str, str] = (BEGIN, END)) -> str:
    """The page with this report in place of the one it holds."""
    begin, end = markers
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise BenchError(f"the page must hold '{begin}' and, behind it, '{end}', each once")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n\n{report.strip()}\n\n{end}{rest.partition(end)[2]}"


def write(path: Path, report: str, markers: tuple[str, str] = (BEGIN, END)) -> None:
    """Replaces the report in the file."""
    path.write_text(replaced(path.read_text(), report, markers))
