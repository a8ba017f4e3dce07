"""Rows compare a round with its own direct run, and the verdict hides nothing."""

import unittest

from harness.measure import Sample
from harness.scenarios import NULL, Scenario
from harness.bars import MEMORY
from harness.summary import rows, verdicts, worst
from harness.systems import DIRECT, Agent

APPEND, DISK = Agent("append", 1), Agent("disk", 2)
AGENTS = {agent.name: agent for agent in (APPEND, DISK)}
GET_1, POST_1, GET_32 = Scenario(NULL, "GET", 0, 1), Scenario(NULL, "POST", 1024, 1), Scenario(NULL, "GET", 0, 32)


def sample(number: int, scenario: Scenario, system: str, rate: float, p50: int, rss: int = 0) -> Sample:
    return Sample(number, scenario.key, system, None, rate, p50, 2 * p50, 10.0, rss)


class Rows(unittest.TestCase):
    def test_medians_of_each_rounds_own_difference(self) -> None:
        # Direct access differs more between rounds than the agent costs in any of them.
        figures = [(1000.0, 20, 500.0, 60), (400.0, 90, 200.0, 130), (2000.0, 10, 1200.0, 55)]
        samples = []
        for number, (rate, p50, agent_rate, agent_p50) in enumerate(figures):
            samples.append(sample(number, GET_1, APPEND.name, agent_rate, agent_p50, rss=number))
            samples.append(sample(number, GET_1, DIRECT, rate, p50))
        row = next(row for row in rows(samples) if row.system == APPEND.name)
        self.assertEqual((row.ratio, row.added_p50_us, row.added_p99_us), (0.5, 40, 80))
        self.assertEqual((row.added_p50_min_us, row.added_p50_max_us), (40, 45))
        self.assertEqual((row.slowest, row.fastest, row.rss_bytes), (200.0, 1200.0, 2))

    def test_one_failed_round_fails_the_row_and_a_failed_direct_run_all_rows(self) -> None:
        good = [sample(number, GET_1, name, 10.0, 5) for number in (0, 1) for name in (DIRECT, APPEND.name)]
        agent_failed = good[:3] + [Sample(1, GET_1.key, APPEND.name, failure="void: gaps")]
        self.assertEqual([row.failure for row in rows(agent_failed)], [None, "round 2: void: gaps"])
        direct_failed = [Sample(0, GET_1.key, DIRECT, failure="refused"), *good[1:]]
        self.assertTrue(all("refused" in (row.failure or "") for row in rows(direct_failed)))


class Verdicts(unittest.TestCase):
    def judged(self, samples: list[Sample]) -> list:
        return verdicts(rows(samples), AGENTS)

    def test_limits_are_inclusive(self) -> None:
        for added, rate, rss, expected in ((35, 450.0, 30_000_000, True), (36, 449.0, 30_000_001, False)):
            samples = [sample(0, GET_1, DIRECT, 1.0, 20), sample(0, GET_1, APPEND.name, 1.0, 20 + added, rss)]
            samples += [sample(0, GET_32, DIRECT, 1000.0, 1), sample(0, GET_32, APPEND.name, rate, 1, rss)]
            found = [verdict for verdict in self.judged(samples) if verdict.bar != "added p99, us"]
            self.assertEqual(len(found), 4)
            self.assertTrue(all(verdict.met is expected for verdict in found), found)

    def test_writes_that_wait_for_the_disk_are_judged_by_memory_alone(self) -> None:
        found = self.judged([sample(0, POST_1, DIRECT, 1.0, 1), sample(0, POST_1, DISK.name, 1.0, 9999)])
        self.assertEqual([verdict.bar for verdict in found], [MEMORY])
        reads = self.judged([sample(0, GET_1, DIRECT, 1.0, 1), sample(0, GET_1, DISK.name, 1.0, 9999)])
        self.assertEqual([(verdict.bar, verdict.met) for verdict in reads],
                         [("added p50, us", False), ("added p99, us", False), (MEMORY, True)])

    def test_a_failed_row_misses_its_bars_and_is_the_worst(self) -> None:
        samples = [sample(0, GET_1, DIRECT, 1.0, 1), Sample(0, GET_1.key, APPEND.name, failure="void")]
        samples += [sample(0, GET_32, DIRECT, 1.0, 1), sample(0, GET_32, APPEND.name, 1.0, 1, rss=10**9)]
        memory = [verdict for verdict in worst(self.judged(samples)) if verdict.bar == MEMORY]
        self.assertEqual([(verdict.value, verdict.met) for verdict in memory], [(None, False)])
