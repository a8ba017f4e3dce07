"""What is measured with is what it is said to be, and no figure is taken for a better one."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

from harness.backfill import documents, measured, report, sparse
from harness.backfill.loads import Row, folded
from harness.processes import BenchError


def row(section: str, what: str, seconds: float = 1.0, cpu: float = 1.0, rss: int = 0, written: int = 0) -> Row:
    return Row(section, what, 1, 450_000_000, seconds, cpu, rss, written)


class Documents(unittest.TestCase):
    def test_sources_are_json_and_the_same_every_time(self) -> None:
        first = list(documents.small(50))
        self.assertEqual(first, list(documents.small(50)))
        self.assertEqual(len({document_id for document_id, _ in first}), 50)
        for _, source in first:
            self.assertIn("message", json.loads(source))
        (_, large), = documents.large(1)
        self.assertGreaterEqual(len(json.loads(large)["lines"]), documents.LARGE_BYTES * 9 // 10)

    def test_chunks_of_the_sparse_shard_have_one_length(self) -> None:
        for document in (0, 127, 128, 16_383, 16_384, sparse.CHUNKS - 1):
            self.assertEqual(len(sparse._chunk(document)), sparse.CHUNK_BYTES)


class Measured(unittest.TestCase):
    def run_python(self, code: str, **options) -> measured.Usage:
        with tempfile.TemporaryDirectory() as directory:
            return measured.run([sys.executable, "-c", code], Path(directory), **options)

    def test_processor_time_is_that_of_the_process(self) -> None:
        used = self.run_python("import time\nwhile time.process_time() < 0.2: pass")
        self.assertGreaterEqual(used.cpu_seconds, 0.2)
        self.assertGreater(used.rss_bytes, 1_000_000)

    def test_a_failure_is_told_with_what_the_process_said(self) -> None:
        with self.assertRaisesRegex(BenchError, "code 3: no snapshot"):
            self.run_python("import sys; print('no snapshot', file=sys.stderr); sys.exit(3)")

    def test_a_process_is_ended_when_it_is_time(self) -> None:
        used = self.run_python("import time; time.sleep(60)", accepted=(-15,), until=lambda passed: passed > 0.05)
        self.assertLess(used.seconds, 30)


class Verdicts(unittest.TestCase):
    def test_bars_are_those_of_the_codec(self) -> None:
        rows = [row("sink", "lz4, docs"), row("sink", "deflate, docs"), row("sink", "lz4, docs, gzip to the target"),
                row("read", "deflate, docs"), row("read", "lz4, docs")]
        speed = [one for one in report.verdicts(rows, {}) if "MB/s" in one.bar]
        self.assertEqual([one.met for one in speed], [False, True, True, False])

    def test_memory_and_disk_are_judged_in_every_row_of_ours(self) -> None:
        rows = [row("sink", "lz4, docs", rss=300 << 20), row("cluster", "switchover-rfs", written=1 << 20)]
        missed = [one.where for one in report.verdicts(rows, {}) if not one.met and "MB/s" not in one.bar]
        self.assertEqual(missed, ["sink: lz4, docs", "cluster: switchover-rfs"])

    def test_the_bucket_is_held_against_the_file_system_of_the_same_run(self) -> None:
        rows = [row("s3", "lz4, docs, read from the file system", 1.0), row("s3", "lz4, docs, read from the bucket", 2.0)]

        def share(extra: dict[str, float]) -> report.Verdict:
            return next(one for one in report.verdicts(rows, extra) if one.bar.startswith("bucket"))

        self.assertEqual((share({}).measured, share({}).met), (0.5, False))
        self.assertTrue(share({"plainShare lz4, docs, read from the bucket": 0.9}).met)

    def test_a_row_shows_the_largest_memory_of_its_rounds(self) -> None:
        used = [measured.Usage(1.0, cpu, rss, 0, 0) for cpu, rss in ((1.0, 7), (3.0, 9), (2.0, 8))]
        self.assertEqual((folded("sink", "x", 1, 1, used).rss_bytes, folded("sink", "x", 1, 1, used).cpu_seconds), (9, 2.0))


if __name__ == "__main__":
    unittest.main()
