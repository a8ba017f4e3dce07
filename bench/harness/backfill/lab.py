"""Real servers, from the lab of the tests."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..processes import BenchError

LAB = Path(__file__).resolve().parents[3] / "tests" / "lab" / "lab"
REQUEST_DEADLINE_SECONDS = 300
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A search server that runs."""

    name: str
    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time of its JVM so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def ask(self, method: str, path: str, body: dict | bytes | None = None) -> dict:
        """One request; its answer."""
        bulk = isinstance(body, bytes)
        data = body if bulk or body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if bulk else "application/json"
        request = urllib.request.Request(self.url + path, data, {"content-type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_DEADLINE_SECONDS) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise BenchError(f"{self.name}: {method} {path}: {error} {error.read(600)!r}") from None

    def count(self, index: str) -> int:
        """Documents of an index, all that were written so far."""
        self.ask("POST", f"/{index}/_refresh")
        return self.ask("GET", f"/{index}/_count")["count"]


class Lab:
    """Instances of our own, below the folder of cached data."""

    def __init__(self, data: Path):
        self._run = data / "lab"
        # Servers do not run as root.
        self._run.mkdir(mode=0o755, parents=True, exist_ok=True)

    def _lab(self, *arguments: str) -> str:
        environment = os.environ | {"SWITCHOVER_LAB_RUN": str(self._run)}
        done = subprocess.run([LAB, *arguments], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"lab {' '.join(arguments)}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def up(self, product: str, version: str, name: str, heap: int) -> Server:
        """A new instance."""
        told = json.loads(self._lab("up", product, version, "--name", name, "--heap", str(heap)))
        return Server(told["name"], told["url"], told["pid"])

    def start(self, name: str) -> Server:
        """An instance that was stopped, with its data; it may also run already."""
        told = json.loads(self._lab("start", name))
        return Server(told["name"], told["url"], told["pid"])

    def repository(self, name: str) -> Path:
        """Where an instance may write snapshots."""
        return Path(self._lab("repo", name).rstrip("\n"))

    def down(self, name: str, purge: bool) -> None:
        """Stops an instance, if there is one; deletes it if asked."""
        if any(instance["name"] == name for instance in json.loads(self._lab("status", "--json"))):
            self._lab("down", name, *(["--purge"] if purge else []))

    @contextmanager
    def running(self, product: str, version: str, name: str, heap: int) -> Iterator[Server]:
        """A new instance that is deleted in the end."""
        try:
            yield self.up(product, version, name, heap)
        finally:
            self.down(name, purge=True)

    @contextmanager
    def started(self, name: str) -> Iterator[Server]:
        """An instance with its data, stopped in the end."""
        try:
            yield self.start(name)
        finally:
            self.down(name, purge=False)
