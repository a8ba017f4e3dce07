"""The page keeps what was written by hand."""

import unittest

from harness.document import BEGIN, END, replaced
from harness.processes import BenchError


class Document(unittest.TestCase):
    def test_only_the_report_is_replaced_and_twice_is_once(self) -> None:
        page = f"# Title\n\n{BEGIN}\n\nold\n\n{END}\n\nbehind\n"
        once = replaced(page, "new\n")
        self.assertEqual(once, f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nbehind\n")
        self.assertEqual(replaced(once, "new\n"), once)

    def test_a_page_without_its_markers_is_refused(self) -> None:
        for page in ("", BEGIN, END, END + BEGIN, BEGIN + BEGIN + END):
            with self.assertRaises(BenchError):
                replaced(page, "new")
