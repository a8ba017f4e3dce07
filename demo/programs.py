"""Programs that the demo starts, none of which outlives it.

Each runs in a session of its own: an interrupt from the keyboard reaches the demo alone, which then ends them in order.
"""
import os
import signal
import subprocess
import time
from contextlib import contextmanager

from failure import Failure

STOP_SECONDS = 40  # the agent alone may take 30 s to drain
POLL_SECONDS = 0.1
# settings of an installation on this machine are not for the demo's agent, replayer and console
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("SWITCHOVER_") or name.startswith("SWITCHOVER_LAB_")}
ENVIRONMENT["PYTHONDONTWRITEBYTECODE"] = "1"


class Programs:
    def __init__(self, log_dir):
        self.log_dir = log_dir
        self._running = []

    def run(self, name, command, accepted=(0,), stdout_log=False, seconds=900):
        """Runs a program to its end; its exit code and stdout. Stderr, and stdout on request, go to its log."""
        with self._started(name, command, subprocess.PIPE if not stdout_log else None) as (process, log):
            try:
                out, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                raise Failure(f"{name} did not end within {seconds} s", log) from None
        if process.returncode not in accepted:
            raise Failure(f"{name} {ending(process.returncode)}: {' '.join(map(str, command))}", log)
        return process.returncode, (out or b"").decode(errors="replace")

    def start(self, name, command):
        """Starts a program that stays; `stop` or `stop_all` ends it."""
        log = self.log_dir / f"{name}.log"
        process = self._spawn(log, command, None)
        return Resident(name, process, log, self)

    def stop_all(self):
        """Ends whatever still runs, whatever it does about it."""
        for process in list(self._running):
            end(process)
            self._running.remove(process)

    @contextmanager
    def _started(self, name, command, stdout):
        log = self.log_dir / f"{name}.log"
        process = self._spawn(log, command, stdout)
        try:
            yield process, log
        finally:
            end(process)
            self._running.remove(process)

    def _spawn(self, log, command, stdout):
        with log.open("ab") as stderr:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=stdout or stderr, stderr=stderr, start_new_session=True, env=ENVIRONMENT
                )
            except OSError as error:
                raise Failure(f"cannot start {command[0]}: {error}") from None
        self._running.append(process)
        return process


class Resident:
    """A program that stays until it is told to end."""

    def __init__(self, name, process, log, programs):
        self.name, self.log, self._process, self._programs = name, log, process, programs

    def wait_until(self, condition, what, seconds):
        """Waits for a condition, as long as the program lives."""
        deadline = time.monotonic() + seconds
        while not (met := condition()):
            if self._process.poll() is not None:
                raise Failure(f"{self.name} {ending(self._process.returncode)} while the demo waited for {what}", self.log)
            if time.monotonic() > deadline:
                raise Failure(f"{self.name}: waited {seconds} s for {what}, in vain", self.log)
            time.sleep(POLL_SECONDS)
        return met

    def stop(self):
        """Ends it as an administrator would, and holds it to a clean end."""
        self._process.terminate()
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name} still runs {STOP_SECONDS} s after SIGTERM", self.log) from None
        if code:
            raise Failure(f"{self.name} {ending(code)} after SIGTERM", self.log)


def ending(code):
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def end(process):
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
