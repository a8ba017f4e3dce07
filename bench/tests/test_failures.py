"""What must not count: errors of the load, and an agent that did not capture."""

import json
import unittest
from copy import deepcopy

from harness import capture, load

RESULT = {"requests": 1000, "micros": 500_000, "p50_us": 20, "p99_us": 90}
ERRORS = {"connect": 0, "read": 0, "write": 0, "timeout": 0, "status": 0}
NOTHING = {"requests": 0, "records": 0, "bytes": 0}
PAGE = {
    "state": "capturing",
    "reason": None,
    "captured": {"requests": 100, "records": 100, "bytes": 300_000},
    "delivered": NOTHING,
    "lost": NOTHING,
    "gaps": [],
}


def printed(**changes: int) -> str:
    return f"Running 1s test\nRESULT {json.dumps(RESULT | ERRORS | changes)}\n"


class LoadFailures(unittest.TestCase):
    def test_a_clean_run(self) -> None:
        run = load.parse(printed())
        self.assertIsNone(run.failure)
        self.assertEqual((run.requests_per_second, run.p50_us, run.p99_us), (2000.0, 20, 90))

    def test_every_kind_of_error_fails_it(self) -> None:
        for kind in ERRORS:
            self.assertIn("3 ", load.parse(printed(**{kind: 3})).failure or "", kind)

    def test_no_answer_and_no_result_fail_it(self) -> None:
        self.assertEqual(load.parse(printed(requests=0)).failure, "no request was answered")
        self.assertEqual(load.parse("unable to connect").failure, "wrk printed no result")


class CaptureFailures(unittest.TestCase):
    def judged(self, made: int = 98, in_flight: int = 2, **changes) -> str:
        return capture.judge(deepcopy(PAGE) | changes, made, in_flight, bytes_each=2048) or "whole"

    def test_all_requests_and_some_that_were_in_flight(self) -> None:
        self.assertEqual(self.judged(made=100), "whole")
        self.assertEqual(self.judged(made=98), "whole")

    def test_too_few_and_too_many(self) -> None:
        self.assertIn("100 requests captured, but 101", self.judged(made=101))
        self.assertIn("100 requests captured, but 97", self.judged(made=97))

    def test_requests_without_their_bodies(self) -> None:
        self.assertIn("bytes captured", self.judged(captured={"requests": 100, "bytes": 98 * 2048 - 1}))

    def test_gaps_losses_and_states(self) -> None:
        self.assertIn("1 gaps", self.judged(gaps=[{"reason": "disk full"}]))
        self.assertIn("7 records lost", self.judged(lost={"records": 7}))
        self.assertIn("degraded: no broker", self.judged(state="degraded", reason="no broker"))

    def test_what_kafka_lacks(self) -> None:
        self.assertIn("100 requests not delivered", capture.undelivered(PAGE) or "")
        self.assertIsNone(capture.undelivered(PAGE | {"delivered": {"requests": 100}}))
