"""Puts the report into docs/benchmarks.md, between two markers; the rest of the page is written by hand."""

from pathlib import Path

from .processes import BenchError

BEGIN = "<!-- bench results: begin -->"
END = "<!-- bench results: end -->"


def replaced(page: str, report: str) -> str:
    """The page with this report in place of the one it holds."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise BenchError(f"the page must hold '{BEGIN}' and, behind it, '{END}', each once")
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{report.strip()}\n\n{END}{rest.partition(END)[2]}"


def write(path: Path, report: str) -> None:
    """Replaces the report in the file."""
    path.write_text(replaced(path.read_text(), report))
