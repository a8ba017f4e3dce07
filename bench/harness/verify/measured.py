"""One comparison, and what it took."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ..processes import BenchError


@dataclass(frozen=True)
class Sample:
    """A comparison that found everything the same."""

    documents: int
    seconds: float
    cpu_seconds: float

    @property
    def documents_per_core_second(self) -> float:
        """Documents that one core of our process compares in a second."""
        return self.documents / self.cpu_seconds


def verify(binary: Path, source: str, target: str, directory: Path) -> Sample:
    """Compares all indices of two clusters once."""
    services = {
        "source_cluster": {"endpoint": source, "no_auth": None},
        "target_cluster": {"endpoint": target, "no_auth": None},
        "backfill": {"reindex_from_snapshot": {"state_dir": "state"}},
    }
    config = directory / "services.json"
    config.write_text(json.dumps(services))
    command = [str(binary), "--config", str(config), "verify", "--json", "--whole"]
    begun = time.monotonic()
    with (directory / "verify.stdout").open("wb") as stdout, (directory / "verify.stderr").open("wb") as stderr:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        said = (directory / "verify.stderr").read_text() + (directory / "verify.stdout").read_text()
        raise BenchError(f"verify ended with code {child.returncode}: {said[-600:]}")
    report = json.loads((directory / "verify.stdout").read_text())
    same = sum(index["same"] for index in report["indices"])
    return Sample(same, seconds, usage.ru_utime + usage.ru_stime)
