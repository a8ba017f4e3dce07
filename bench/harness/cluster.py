"""A real OpenSearch of the lab: started for a measurement, asked for the processor time that it used, stopped."""

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .processes import BenchError

LAB = Path(__file__).resolve().parents[2] / "tests" / "lab" / "lab"
VERSION = "2.19"
HEAP_MB = 1024
PUT_DEADLINE_SECONDS = 60
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Cluster:
    """One running node."""

    def __init__(self, address: str, pid: int):
        self.address = address
        self._pid = pid

    def put(self, path: str, document: dict[str, object]) -> None:
        """Writes a document, so that it can be read."""
        data, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{self.address}{path}", data, headers, method="PUT")
        try:
            urllib.request.urlopen(request, timeout=PUT_DEADLINE_SECONDS).close()
        except OSError as error:
            raise BenchError(f"PUT {path} at {self.address}: {error}") from error

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


@contextmanager
def opensearch(name: str, directory: Path) -> Iterator[Cluster]:
    """Starts one, with its data below `directory`."""
    directory.chmod(0o755)
    environment = os.environ | {"SWITCHOVER_LAB_RUN": str(directory)}

    def lab(*words: str) -> str:
        done = subprocess.run([LAB, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise BenchError(f"lab {' '.join(words)}: {done.stderr.strip()[-300:]}")
        return done.stdout

    up = json.loads(lab("up", "opensearch", VERSION, "--name", name, "--heap", str(HEAP_MB)))
    try:
        yield Cluster(up["url"].removeprefix("http://"), up["pid"])
    finally:
        lab("down", name, "--purge")
