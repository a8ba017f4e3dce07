"""What the demo says, each line with the time since its start."""
import sys
import time

BOLD, RED, GREEN, PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[32m", "\x1b[0m"


class Screen:
    def __init__(self, out=sys.stdout):
        self._out = out
        self._colour = out.isatty()
        self._started = time.monotonic()

    def step(self, text):
        """A new step."""
        self._line(text, BOLD)

    def detail(self, text):
        """A line that belongs to the step."""
        for line in text.splitlines():
            self._write(f"{'':10}  {line}")

    def verdict(self, text, good):
        self._line(text, GREEN if good else RED)

    def _line(self, text, colour):
        seconds = time.monotonic() - self._started
        self._write(f"[{seconds:6.1f} s]  " + (f"{colour}{text}{PLAIN}" if self._colour else text))

    def _write(self, line):
        print(line, file=self._out, flush=True)
