"""The command line."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from . import document, machine, measure, report, summary
from .processes import BenchError
from .scenarios import all_scenarios
from .systems import Systems

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
# Bodies of 100 KB leave capture logs of this much a second on fast machines; a log is deleted after its measurement.
CAPTURE_LOG_BYTES_PER_SECOND = 2 * 10**9
EXIT_MISSED = 1
EXIT_UNUSABLE = 2


def main() -> int:
    """Runs the benchmark; 0 when every bar is met and no row failed, 1 when not, 2 when it can't run."""
    options = _options()
    return guarded(lambda: _run(options))


def guarded(run: Callable[[], int]) -> int:
    """Its exit code; what was started is stopped, also when this is ended politely."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return run()
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_UNUSABLE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(options: argparse.Namespace) -> int:
    _require(options)
    scenarios = [scenario for scenario in all_scenarios() if options.only in scenario.key]
    if not scenarios:
        known = ", ".join(scenario.key for scenario in all_scenarios())
        raise BenchError(f"no scenario's name holds '{options.only}'; there are {known}")
    systems = Systems(options.agent.resolve(), options.kafka, options.kafka_topic)
    target = ROOT / "target"
    target.mkdir(exist_ok=True)
    _require_space(target, options.seconds + measure.WARM_UP_SECONDS)
    samples, load_before = [], os.getloadavg()[0]
    # Below target, which is on a real disk where a folder for temporary files may be memory.
    with tempfile.TemporaryDirectory(dir=target, prefix="bench-") as work:
        described = machine.describe(Path(work), options.agent)
        bench = measure.Bench(systems, options.backend.resolve(), Path(work), options.seconds)
        for sample in bench.rounds(options.rounds, scenarios):
            measure.progress(sample)
            samples.append(sample)

    rows = summary.rows(samples)
    verdicts = summary.verdicts(rows, systems.agents())
    run = {
        "rounds": options.rounds,
        "seconds": options.seconds,
        "load_average": [load_before, os.getloadavg()[0]],
    }
    text = report.render(described, run, samples, rows, verdicts, scenarios)
    print(text, end="")
    parts = {"samples": samples, "rows": rows, "verdicts": verdicts}
    lists = {name: [asdict(item) for item in items] for name, items in parts.items()}
    options.json.write_text(json.dumps({"machine": described, "run": run} | lists, indent=1) + "\n")
    if options.write_docs:
        document.write(DOCUMENT, text)
    met = all(verdict.met for verdict in verdicts) and not any(row.failure for row in rows)
    return 0 if met else EXIT_MISSED


def _require(options: argparse.Namespace) -> None:
    if packages := machine.missing_packages():
        raise BenchError(f"programs are missing; install them: apt-get install {' '.join(packages)}")
    for name, binary in (("switchover-agent", options.agent), ("switchover-bench-backend", options.backend)):
        if not os.access(binary, os.X_OK):
            raise BenchError(f"there is no program {binary}; build it: cargo build --release -p {name}")


def _require_space(target: Path, seconds: int) -> None:
    needed, free = seconds * CAPTURE_LOG_BYTES_PER_SECOND, shutil.disk_usage(target).free
    if free < needed:
        raise BenchError(
            f"{target} has {free / 1e9:.1f} GB free, but a capture log may take {needed / 1e9:.0f} GB; "
            "free some space or measure for less time with --seconds"
        )


def _options() -> argparse.Namespace:
    release = ROOT / "target" / "release"
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measures direct access, nginx, haproxy and the agent side by side. "
        "Exit code 0: all bars met; 1: a bar missed or a row failed; 2: it could not run.",
    )
    parser.add_argument("--rounds", type=_positive, default=3, help="times that everything is measured (3)")
    parser.add_argument("--seconds", type=_positive, default=4, help="length of one measurement (4)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only scenarios whose name holds this")
    parser.add_argument("--kafka", metavar="HOST:PORT", help="also measure the agent with this Kafka")
    parser.add_argument("--kafka-topic", default="switchover-bench", metavar="TOPIC", help="(switchover-bench)")
    parser.add_argument("--agent", type=Path, default=release / "switchover-agent", metavar="PATH")
    parser.add_argument("--backend", type=Path, default=release / "switchover-bench-backend", metavar="PATH")
    parser.add_argument("--json", type=Path, default=ROOT / "target" / "bench.json", metavar="PATH",
                        help="where every sample is written (target/bench.json)")
    parser.add_argument("--write-docs", action="store_true", help="put the report into docs/benchmarks.md")
    options = parser.parse_args()
    if options.write_docs and options.only:
        parser.error("--write-docs needs every scenario, so it can't be used with --only")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
