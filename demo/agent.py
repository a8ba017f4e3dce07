"""The agent, and what it says of itself."""
import json
import re
import urllib.error
import urllib.request

READY_SECONDS = 30
SETTLED_SECONDS = 60
REQUEST_TIMEOUT_SECONDS = 10
# the environment's proxies are not for this machine
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Agent:
    def __init__(self, resident, url):
        self._resident, self.url, self.log = resident, url, resident.log
        self._admin = None

    @classmethod
    def start(cls, programs, binary, port, source, log_dir, bootstrap):
        command = [binary, "--destinationUri", source, "--listenAddress", "127.0.0.1", "--listenPort", str(port),
                   "--captureLogDir", log_dir, "--adminAddress", "127.0.0.1:0"]
        if bootstrap:
            command += ["--kafkaConnection", bootstrap]
        agent = cls(programs.start("switchover-agent", command), f"http://127.0.0.1:{port}")
        admin = agent._resident.wait_until(agent._announced, "its ports", READY_SECONDS)
        agent._admin = f"http://{admin}"
        return agent

    def _announced(self):
        found = re.search(r"^admin (\S+)$", self.log.read_text(), re.MULTILINE)
        return found and found[1]

    def status(self):
        with OPENER.open(self._admin + "/status", timeout=REQUEST_TIMEOUT_SECONDS) as answer:
            return json.load(answer)

    def settled(self, requests, shipped):
        """The status, once every request sent is captured, and delivered if it is shipped."""
        seen = {}

        def done():
            try:
                seen.update(self.status())
            except (urllib.error.URLError, OSError):
                return None
            return seen if seen["captured"]["requests"] == requests and not (shipped and seen["held"]["records"]) else None

        return self._resident.wait_until(done, f"{requests} requests to be captured{' and delivered' if shipped else ''}", SETTLED_SECONDS)

    def stop(self):
        self._resident.stop()
