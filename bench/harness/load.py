"""The load: wrk, which keeps each of its connections busy with one request after the other."""

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from .processes import BenchError
from .scenarios import Scenario

SCRIPT = Path(__file__).parent.parent / "wrk.lua"
# One thread: it is faster than any single-threaded backend, and more would take processors from what is measured.
WRK_THREADS = 1
RESPONSE_DEADLINE_SECONDS = 10
FIRST_ANSWER_DEADLINE_SECONDS = 30
# How much longer than asked wrk may take to start and end.
END_DEADLINE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. `failure` says why it does not count, if it does not."""

    requests: int
    requests_per_second: float
    p50_us: int
    p99_us: int
    failure: str | None


def run(address: str, scenario: Scenario, body: Path, seconds: int) -> Load:
    """Loads `address` for that long. `body` is the file with the body of a POST."""
    command = ["wrk", "--threads", str(WRK_THREADS), "--connections", str(scenario.connections)]
    command += ["--duration", f"{seconds}s", "--timeout", f"{RESPONSE_DEADLINE_SECONDS}s", "--script", str(SCRIPT)]
    body_argument = str(body) if scenario.body_bytes else "-"
    command += [f"http://{address}", "--", scenario.method, scenario.path, body_argument]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + END_DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        return failed(f"wrk did not end within {seconds + END_DEADLINE_SECONDS} s")
    if done.returncode != 0:
        return failed(f"wrk ended with code {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    return parse(done.stdout)


def first_answer(address: str, scenario: Scenario, body: Path) -> None:
    """Sends one request and waits for its answer: after a start the first write waits for the login to Kafka."""
    data = body.read_bytes() if scenario.body_bytes else None
    headers = {"Content-Type": "application/json"} if data else {}
    request = urllib.request.Request(f"http://{address}{scenario.path}", data, headers, method=scenario.method)
    try:
        with urllib.request.urlopen(request, timeout=FIRST_ANSWER_DEADLINE_SECONDS) as answer:
            answer.read()
    except OSError as error:
        raise BenchError(f"no answer to the first request within {FIRST_ANSWER_DEADLINE_SECONDS} s: {error}") from error


def parse(output: str) -> Load:
    """Reads the line that the script prints."""
    results = [line.removeprefix("RESULT ") for line in output.splitlines() if line.startswith("RESULT ")]
    if len(results) != 1:
        return failed("wrk printed no result")
    result = json.loads(results[0])
    kinds = {
        "connect": "connections that could not be opened",
        "read": "connections that broke in a response",
        "write": "connections that broke in a request",
        "timeout": f"responses after more than {RESPONSE_DEADLINE_SECONDS} s",
        "status": "responses that are not 2xx or 3xx",
    }
    errors = [f"{result[kind]} {text}" for kind, text in kinds.items() if result[kind]]
    if not result["requests"]:
        errors.append("no request was answered")
    return Load(
        requests=result["requests"],
        requests_per_second=result["requests"] / (result["micros"] / 1e6),
        p50_us=result["p50_us"],
        p99_us=result["p99_us"],
        failure=", ".join(errors) or None,
    )


def failed(reason: str) -> Load:
    """A run that gave nothing."""
    return Load(0, 0.0, 0, 0, reason)
