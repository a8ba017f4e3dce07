"""Processes under measurement: started in a directory of their own, asked for their use of the machine, stopped."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

START_DEADLINE_SECONDS = 15.0
STOP_DEADLINE_SECONDS = 40.0
POLL_SECONDS = 0.01
STDERR_TAIL_BYTES = 600
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


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

        return self._await(find, f"to print its '{word}' address")

    def await_port(self, port: int) -> None:
        """Waits until the port takes connections."""

        def connects() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        self._await(connects, f"to listen on port {port}")

    def _await[T](self, look: Callable[[], T | None], what: str) -> T:
        raise NotImplementedError

    def stop(self) -> int:
        """Ends the process, first politely; its exit code (negative: a signal)."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(STOP_DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()
