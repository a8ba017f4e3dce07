"""The agent, and what it says of itself."""
import json
import re
import urllib.request

READY_SECONDS = 60
SETTLED_SECONDS = 180
REQUEST_TIMEOUT_SECONDS = 10
# the environment's proxies are not for this machine
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Agent:
    """Started at once; `url` is for clients, `admin` for its pages."""

    def __init__(self, programs, binary, port, options):
        command = [binary, *options, "--listenAddress", "127.0.0.1", "--listenPort", str(port), "--adminAddress", "127.0.0.1:0"]
        self._resident = programs.start("agent", command)
        self.log = self._resident.log
        self.url, self.admin = self._resident.wait_until(self._announced, "its addresses", READY_SECONDS)

    def _announced(self):
        said = self.log.read_text(errors="replace")
        found = [re.search(rf"^{what} (\S+)$", said, re.MULTILINE) for what in ("listening", "admin")]
        return all(found) and [f"http://{address[1]}" for address in found]

    def settled(self, requests, shipped):
        """Its status, once these requests are captured, and delivered if they are shipped."""

        def status():
            try:
                with LOCAL.open(self.admin + "/status", timeout=REQUEST_TIMEOUT_SECONDS) as answer:
                    page = json.load(answer)
            except OSError:
                return None  # it ended, or is busy: the one who waits finds out
            return page if page["captured"]["requests"] >= requests and not (shipped and page["held"]["records"]) else None

        return self._resident.wait_until(status, f"{requests} requests to be captured{' and delivered' if shipped else ''}", SETTLED_SECONDS)

    def stop(self):
        self._resident.stop()
