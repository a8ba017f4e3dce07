"""The cluster that takes everything and keeps nothing (bench/backend --cluster)."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..processes import Process


@dataclass(frozen=True)
class Received:
    """What it got since its start."""

    documents: int
    source_bytes: int


class Sink:
    """One that runs."""

    def __init__(self, process: Process, address: str):
        self._process = process
        self.url = f"http://{address}"

    def received(self) -> Received:
        """What it got until now."""
        with urllib.request.urlopen(f"{self.url}/_bench/received") as answer:
            told = json.load(answer)
        return Received(told["documents"], told["sourceBytes"])

    def cpu_seconds(self) -> float:
        """Its processor time so far."""
        return self._process.cpu_seconds()


@contextmanager
def running(binary: Path, directory: Path) -> Iterator[Sink]:
    """A new one."""
    process = Process("sink", [str(binary), "--cluster"], directory)
    try:
        yield Sink(process, process.announced("listening"))
    finally:
        process.stop()
