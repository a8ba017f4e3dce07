"""The load is what the report says it is."""

import json
import unittest

from harness.bars import BARS
from harness.scenarios import BACKENDS, all_scenarios, bulk_body


class Scenarios(unittest.TestCase):
    def test_bulk_bodies_have_the_exact_size_and_are_actions_with_documents(self) -> None:
        for size in (44, 240, 683, 1024, 100 * 1024):
            body = bulk_body(size)
            self.assertEqual(len(body), size)
            lines = body.decode().splitlines()
            self.assertTrue(body.endswith(b"\n") and len(lines) % 2 == 0)
            for action, document in zip(lines[::2], lines[1::2]):
                self.assertEqual(json.loads(action), {"index": {"_index": "bench"}})
                self.assertIn("message", json.loads(document))

    def test_a_bulk_body_that_cannot_be_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            bulk_body(10)

    def test_names_are_unique_and_every_bar_is_about_one_of_them(self) -> None:
        keys = [scenario.key for scenario in all_scenarios()]
        self.assertEqual(len(set(keys)), len(keys))
        self.assertEqual({bar.scenario for bar in BARS if bar.scenario} - set(keys), set())
        self.assertEqual({scenario.backend for scenario in all_scenarios()}, set(BACKENDS))
