"""The machine: what it is, what else it does while measuring, and what must be installed."""

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Program, Debian package, and the command that says its version.
TOOLS = {
    "nginx": ("nginx-light", ["nginx", "-v"]),
    "haproxy": ("haproxy", ["haproxy", "-v"]),
    "wrk": ("wrk", ["wrk", "-v"]),
}
SYNC_PROBES = 200
SYNC_PROBE_BYTES = 4096
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def missing_packages() -> list[str]:
    """Debian packages of the tools that are not here."""
    return [package for tool, (package, _) in TOOLS.items() if shutil.which(tool) is None]


def describe(work: Path, agent: Path) -> dict:
    """What the figures depend on. `work` is where capture logs are written."""
    versions = {tool: _version(command) for tool, (_, command) in TOOLS.items()}
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": os.uname().release,
        "file_system": _file_system(work),
        "sync_us": round(_sync_micros(work)),
        "versions": versions | {"agent": _version([str(agent), "--version"])},
    }


def _version(command: list[str]) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+[\w.+~-]*", said.stdout + said.stderr)
    return found.group() if found else "unknown"


def cpu_model() -> str:
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return os.uname().machine


def _file_system(path: Path) -> str:
    mounts = (line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    holding = [(point, kind) for point, kind in mounts if path.resolve().is_relative_to(point)]
    return max(holding, key=lambda mount: len(mount[0]))[1]


def _sync_micros(directory: Path) -> float:
    """What making a small write durable takes here: the floor of what a response waits for with `disk`."""
    path, times = directory / "sync-probe", []
    with path.open("wb", buffering=0) as probe:
        for _ in range(SYNC_PROBES):
            probe.write(b"x" * SYNC_PROBE_BYTES)
            start = time.perf_counter()
            os.fdatasync(probe.fileno())
            times.append(time.perf_counter() - start)
    path.unlink()
    return statistics.median(times) * 1e6


@dataclass
class Disturbance:
    """Shares of the machine's processors, 0 to 1, that a measurement did not have."""

    others: float = 0.0
    steal: float = 0.0


@contextmanager
def watched(own_cpu_seconds) -> Iterator[Disturbance]:
    """Measures what others take while the body runs. `own_cpu_seconds` says what we have used so far."""
    disturbance = Disturbance()
    busy, stolen = _processors()
    own, start = own_cpu_seconds(), time.monotonic()
    yield disturbance
    capacity = (time.monotonic() - start) * (os.cpu_count() or 1)
    own = own_cpu_seconds() - own
    busy_now, stolen_now = _processors()
    disturbance.others = max(0.0, busy_now - busy - own) / capacity
    disturbance.steal = (stolen_now - stolen) / capacity


def _processors() -> tuple[float, float]:
    """Seconds that all processors spent on processes, and that the host took from this machine."""
    first = Path("/proc/stat").read_text().splitlines()[0]
    user, nice, system, _idle, _iowait, _irq, _softirq, steal = map(int, first.split()[1:9])
    return (user + nice + system) / _TICKS_PER_SECOND, steal / _TICKS_PER_SECOND
