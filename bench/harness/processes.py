"""Processes under measurement: started in a directory of their own, asked for their use of the machine, stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

START_DEADLINE_SECONDS = 15.0
STOP_DEADLINE_SECONDS = 40.0
POLL_SECONDS = 0.01
STDERR_TAIL_CHARACTERS = 600
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_Found = TypeVar("_Found")


class BenchError(Exception):
    """Something that makes a measurement impossible."""


class Process:
    """A running process and those it started."""

    def __init__(self, name: str, command: list[str], directory: Path):
        self.name = name
        self._stdout, self._stderr = directory / f"{name}.stdout", directory / f"{name}.stderr"
        # Settings of the person who runs this must not change what is measured.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHOVER_")}
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, cwd=directory, env=environment
            )

    def announced(self, word: str) -> str:
        """Waits for the line `WORD ADDRESS` on standard output; the address."""

        def find() -> str | None:
            for line in self._stdout.read_text().splitlines(keepends=True):
                if line.startswith(f"{word} ") and line.endswith("\n"):
                    return line.split()[1]
            return None

        return self._await(find, f"print its '{word}' address")

    def await_port(self, port: int) -> None:
        """Waits until the port takes connections."""

        def connects() -> bool | None:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0 or None

        self._await(connects, f"listen on port {port}")

    def _await(self, look: Callable[[], _Found | None], what: str) -> _Found:
        deadline = time.monotonic() + START_DEADLINE_SECONDS
        while True:
            found = look()
            if found is not None:
                return found
            code = self._child.poll()
            if code is not None:
                raise BenchError(f"{self.name} ended with code {code} before it could {what}: {self._said()}")
            if time.monotonic() > deadline:
                raise BenchError(f"{self.name} did not {what} within {START_DEADLINE_SECONDS:.0f} s: {self._said()}")
            time.sleep(POLL_SECONDS)

    def _said(self) -> str:
        return self._stderr.read_text(errors="replace")[-STDERR_TAIL_CHARACTERS:].strip() or "it said nothing"

    def ended(self) -> str | None:
        """Why the process is no more, if it is."""
        code = self._child.poll()
        return None if code is None else f"{self.name} ended with code {code}: {self._said()}"

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system."""
        ticks = 0
        for pid in self._pids():
            # The name, field 2, may hold anything but ends at the last parenthesis; utime and stime are 14 and 15.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS_PER_SECOND

    def peak_rss_bytes(self) -> int:
        """Largest resident set that the process had; of several (nginx's master and worker) the larger one's."""
        peaks = []
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks.append(int(line.split()[1]) * 1024)
        return max(peaks)

    def _pids(self) -> list[int]:
        own = self._child.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text()
        return [own, *map(int, children.split())]

    def stop(self) -> int:
        """Ends the process, first politely; its exit code (negative: a signal)."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()


def free_port() -> int:
    """A port of the loopback that was free a moment ago: for programs that can't pick one and say which."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
