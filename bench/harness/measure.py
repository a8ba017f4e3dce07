"""The rounds: every scenario on every system, one after the other, again and again."""

import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import capture, load
from .machine import watched
from .processes import BenchError, Process
from .scenarios import BACKENDS, Scenario, bulk_body
from .systems import Running, Systems, backend

WARM_UP_SECONDS = 1


@dataclass(frozen=True)
class Sample:
    """One measurement. `failure` says why it does not count; then the figures are zero."""

    round: int
    scenario: str
    system: str
    failure: str | None = None
    requests_per_second: float = 0.0
    p50_us: int = 0
    p99_us: int = 0
    cpu_us_per_request: float = 0.0
    rss_bytes: int = 0
    others: float = 0.0
    steal: float = 0.0


class Bench:
    """Measures; one backend of each kind serves the whole run."""

    def __init__(self, systems: Systems, backend_binary: Path, work: Path, seconds: int):
        self._systems, self._binary, self._work, self._seconds = systems, backend_binary, work, seconds
        self._backends: dict[str, tuple[str, Process]] = {}

    def rounds(self, count: int, scenarios: list[Scenario]) -> Iterator[Sample]:
        """Samples as they are taken. In each round all systems take a scenario in turn, so that what disturbs the
        machine disturbs them alike, and each round begins with another one, so that none always follows the same."""
        names = self._systems.names()
        with ExitStack() as stack:
            for kind in BACKENDS:
                starting = backend(self._binary, kind, self._work)
                self._backends[kind.key] = stack.enter_context(starting)
            for number in range(count):
                first = number % len(names)
                for scenario in scenarios:
                    for name in names[first:] + names[:first]:
                        yield self._sample(number, scenario, name)

    def _sample(self, number: int, scenario: Scenario, name: str) -> Sample:
        try:
            # Of its own, so that a capture log's gigabytes are gone before the next measurement.
            with tempfile.TemporaryDirectory(dir=self._work) as directory:
                address, _ = self._backends[scenario.backend.key]
                with self._systems.running(name, address, Path(directory)) as running:
                    return self._measure(number, scenario, name, running, Path(directory))
        except BenchError as error:
            return Sample(number, scenario.key, name, failure=str(error))

    def _measure(self, number: int, scenario: Scenario, name: str, running: Running, directory: Path) -> Sample:
        body = directory / "body"
        if scenario.body_bytes:
            body.write_bytes(bulk_body(scenario.body_bytes))
        load.first_answer(running.address, scenario, body)
        warm_up = load.run(running.address, scenario, body, WARM_UP_SECONDS)
        before = running.process.cpu_seconds() if running.process else 0.0
        with watched(lambda: self._own_cpu_seconds(running)) as disturbance:
            measured = load.run(running.address, scenario, body, self._seconds)
        after = running.process.cpu_seconds() if running.process else 0.0
        made = 1 + warm_up.requests + measured.requests
        failure = warm_up.failure or measured.failure or self._failure(scenario, name, running, made)
        if failure:
            return Sample(number, scenario.key, name, failure=failure)
        return Sample(
            number,
            scenario.key,
            name,
            requests_per_second=measured.requests_per_second,
            p50_us=measured.p50_us,
            p99_us=measured.p99_us,
            cpu_us_per_request=(after - before) / measured.requests * 1e6,
            rss_bytes=running.process.peak_rss_bytes() if running.process else 0,
            others=disturbance.others,
            steal=disturbance.steal,
        )

    def _failure(self, scenario: Scenario, name: str, running: Running, made: int) -> str | None:
        backend_process = self._backends[scenario.backend.key][1]
        for process in filter(None, (running.process, backend_process)):
            if ended := process.ended():
                return ended
        if running.admin is None:
            return None
        durability = self._systems.agents()[name].durability
        if durability is None:
            return None
        kafka = durability == "kafka"
        bytes_each = scenario.body_bytes + scenario.backend.answer_bytes
        # Two runs of wrk, each of which stops with a request under way on every connection.
        reason = capture.void(running.admin, made, 2 * scenario.connections, bytes_each, kafka)
        return reason and f"void: {reason}"

    def _own_cpu_seconds(self, running: Running) -> float:
        load_generator = resource.getrusage(resource.RUSAGE_CHILDREN)
        this = resource.getrusage(resource.RUSAGE_SELF)
        seconds = load_generator.ru_utime + load_generator.ru_stime + this.ru_utime + this.ru_stime
        processes = [process for _, process in self._backends.values()]
        processes += [running.process] if running.process else []
        return seconds + sum(process.cpu_seconds() for process in processes)


def progress(sample: Sample) -> None:
    """A line for the person who waits."""
    where = f"round {sample.round + 1}  {sample.scenario:16}  {sample.system:24}"
    if sample.failure:
        print(f"{where}  FAILED  {sample.failure}", file=sys.stderr)
    else:
        figures = f"{sample.requests_per_second:10,.0f} req/s  p50 {sample.p50_us:6} us  p99 {sample.p99_us:6} us"
        print(f"{where}  {figures}", file=sys.stderr)
