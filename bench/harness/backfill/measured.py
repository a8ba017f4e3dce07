"""One process from its start to its end, and what it took."""

import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..processes import BenchError

STDERR_TAIL_BYTES = 800
POLL_SECONDS = 0.002
_BLOCK_BYTES = 512


@dataclass(frozen=True)
class Usage:
    """What a process took."""

    seconds: float
    # User and system.
    cpu_seconds: float
    # The largest resident set.
    rss_bytes: int
    # Written to file systems that have a disk.
    written_bytes: int
    code: int


def run(command: list[str | Path], directory: Path, accepted: tuple[int, ...] = (0,),
        until: Callable[[float], bool] | None = None, environment: dict[str, str] | None = None) -> Usage:
    """Runs a command to its end. With `until`, which gets the seconds since the start, it is told to end when that is true.

    What it says goes to memory, so that it is not taken for scratch on the disk.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SWITCHOVER_")}
    said = os.memfd_create("stderr")
    begun = time.monotonic()
    try:
        # nothing is read of stdout: a reader would take processor time
        child = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=said, cwd=directory, env=kept | (environment or {}))
        ended = 0
        while until is not None:
            ended, status, used = os.wait4(child.pid, os.WNOHANG)
            if ended or until(time.monotonic() - begun):
                break
            time.sleep(POLL_SECONDS)
        if not ended:
            if until is not None:
                child.terminate()
            _, status, used = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in accepted:
            size = os.fstat(said).st_size
            tail = os.pread(said, STDERR_TAIL_BYTES, max(0, size - STDERR_TAIL_BYTES)).decode(errors="replace")
            raise BenchError(f"{Path(str(command[0])).name} ended with code {child.returncode}: {tail.strip()}")
    finally:
        os.close(said)
    return Usage(
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        rss_bytes=used.ru_maxrss * 1024,
        written_bytes=used.ru_oublock * _BLOCK_BYTES,
        code=child.returncode,
    )
