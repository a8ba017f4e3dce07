"""The console's page in a browser: it keeps itself up to date, says when it is stale, and people who can't see it, or not
well, can use it.

SWITCHOVER_PAGES: the folder that `cargo test -p switchover pages_of_all_states` wrote. AXE: axe.min.js.
"""

import html
import http.server
import json
import os
import re
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

PAGES = Path(os.environ["SWITCHOVER_PAGES"])
AXE = Path(os.environ["AXE"])
STATES = ["not-started", "running", "complete-with-failures", "complete", "unknown", "blocked", "not-seen"]
BROWSER_SECONDS = 60
KINDS = {".css": "text/css", ".js": "text/javascript", ".html": "text/html; charset=utf-8"}


class Site:
    """Serves one state of the page, and others when it is asked again. None: an error."""

    def __init__(self, *states: str | None) -> None:
        self.asked = 0
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # noqa: N802, the library's name
                path, _, query = self.path.partition("?")
                body = site.body(path, query)
                self.send_response(200 if body is not None else 500)
                suffix = Path(path).suffix or ".html"
                self.send_header("content-type", KINDS.get(suffix, "text/plain"))
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.states = states
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def body(self, path: str, query: str) -> bytes | None:
        if path == "/axe.min.js":
            return AXE.read_bytes()
        if path == "/check.js":
            return Path(__file__).with_name("check.js").read_bytes()
        if path != "/":
            return (PAGES / path.lstrip("/")).read_bytes()
        state = self.states[min(self.asked, len(self.states) - 1)]
        self.asked += 1
        if state is None:
            return None
        page = (PAGES / f"{state}.html").read_bytes()
        if query == "check":
            page = page.replace(b"</body>", b'<script src="/axe.min.js"></script><script src="/check.js"></script></body>')
        return page

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def dom(url: str, *options: str, milliseconds: int = 2000) -> str:
    """What the page has become after this time."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            f"--user-data-dir={profile}", f"--virtual-time-budget={milliseconds}", *options, "--dump-dom", url,
        ]  # fmt: skip
        ended = subprocess.run(command, capture_output=True, text=True, timeout=BROWSER_SECONDS, check=True)
    return ended.stdout


def content(page: str, identity: str) -> str:
    found = re.search(rf'id="{identity}"[^>]*>(.*?)</(?:p|pre|span)>', page, re.DOTALL)
    assert found, f"{identity}: {page}"
    return html.unescape(found.group(1))


def whole_state(page: str) -> str:
    found = re.search(r'id="whole-state" data-state="(\w+)"', page)
    assert found, page
    return found.group(1)


class Page(unittest.TestCase):
    def site(self, *states: str | None) -> str:
        site = Site(*states)
        self.addCleanup(site.close)
        return site.url

    def test_every_state_is_accessible_in_light_and_dark(self) -> None:
        # Blink's numbers of prefers-color-scheme.
        for scheme, is_dark in [(1, False), (0, True)]:
            for state in STATES:
                with self.subTest(state=state, dark=is_dark):
                    options = [f"--blink-settings=preferredColorScheme={scheme}", "--window-size=500,900"]
                    page = dom(self.site(state) + "?check", *options)
                    found = json.loads(content(page, "found"))
                    self.assertEqual(found["violations"], [])
                    self.assertEqual(found["dark"], is_dark)
                    self.assertGreater(found["contrasts"], 1, "something was measured")
                    self.assertFalse(found["tooWide"], found)

    def test_a_new_state_is_shown_and_announced(self) -> None:
        page = dom(self.site("running", "running", "blocked"), milliseconds=9000)
        self.assertIn("blocked - migration", page)
        self.assertEqual(whole_state(page), "blocked")
        self.assertEqual(content(page, "announcement"), "Migration: blocked")
        self.assertEqual(content(page, "notice"), "")

    def test_a_console_that_is_gone_is_told(self) -> None:
        page = dom(self.site("running", None), milliseconds=9000)
        self.assertIn("Stale since", content(page, "notice"))
        self.assertEqual(whole_state(page), "running")
        ages = re.search(r"(\d+) s ago", content(page, "age"))
        assert ages
        self.assertGreater(int(ages.group(1)), 5, "the age goes on")

    def test_and_when_it_is_back(self) -> None:
        page = dom(self.site("running", None, "running"), milliseconds=9000)
        self.assertEqual(content(page, "notice"), "")


if __name__ == "__main__":
    unittest.main()
