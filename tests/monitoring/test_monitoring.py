"""Alert rules and dashboard: sound by promtool, and about figures that exist.

The agent's figures are read from an agent that runs; those of replayer and workers, which need clusters, from docs/metrics.md.
"""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
AGENT = ROOT / "target/debug/switchover-agent"
ADMIN_LINE_SECONDS = 30
SUFFIXES = ("_bucket", "_sum", "_count")


def agent_figures():
    """Names on the page of an agent in front of nothing."""
    command = [AGENT, "--destinationUri", "http://127.0.0.1:9", "--listenPort", "0", "--listenAddress", "127.0.0.1",
               "--adminAddress", "127.0.0.1:0", "--noCapture"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as agent:
        try:
            for line in agent.stdout:
                if line.startswith("admin "):
                    url = f"http://{line.split()[1]}/metrics"
                    page = urllib.request.urlopen(url, timeout=ADMIN_LINE_SECONDS).read().decode()
                    return set(re.findall(r"^(switchover_agent_\w+)", page, re.M))
            raise AssertionError(agent.stderr.read())
        finally:
            agent.terminate()
            agent.wait(ADMIN_LINE_SECONDS)


def documented_figures():
    """Names in the tables of docs/metrics.md, with the prefix of their section."""
    names, prefix = set(), "switchover_agent_"
    for line in (ROOT / "docs/metrics.md").read_text().splitlines():
        prefix = next(iter(re.findall(r"(?:begin with|prefix) `(switchover_\w+_)`", line)), prefix)
        if line.startswith("| `"):
            names |= {prefix + name for name in re.findall(r"`(\w+)(?:\{\w+\})?`", line.split("|")[1])}
    return names


def dashboard():
    return json.loads((MONITORING / "grafana.json").read_text())


def used_figures():
    rules = (MONITORING / "alerts.yaml").read_text()
    expressions = re.findall(r"expr: (.*)", rules) + re.findall(r"printf `([^`]*)`", rules)
    expressions += [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return {name for expression in expressions for name in re.findall(r"switchover_(?:agent|replayer|rfs)_\w+", expression)}


def plain(name):
    return next((name.removesuffix(end) for end in SUFFIXES if name.endswith(end)), name)


class Monitoring(unittest.TestCase):
    def promtool(self, *arguments):
        done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, cwd=MONITORING)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_are_sound_and_fire_when_they_must(self):
        self.promtool("check", "rules", "alerts.yaml")
        self.promtool("test", "rules", "alerts.test.yaml")

    def test_each_expression_of_the_dashboard_is_one(self):
        rules = [{"record": f"panel:{number}", "expr": re.sub(r"\$__(?:rate_interval|range)", "5m", target["expr"]).replace("$instance", ".*")}
                 for number, target in enumerate(t for panel in dashboard()["panels"] for t in panel.get("targets", []))]
        self.assertGreater(len(rules), 20)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            self.promtool("check", "rules", file.name)

    def test_every_figure_exists(self):
        documented, shown = documented_figures(), agent_figures()
        used = {plain(name) for name in used_figures()}
        self.assertGreater(len(used), 30)
        self.assertEqual(sorted(used - documented), [])
        of_agent = {name for name in used if name.startswith("switchover_agent_")}
        self.assertEqual(sorted(name for name in of_agent if name not in {plain(s) for s in shown}), [])

    def test_the_page_and_the_documentation_list_the_same(self):
        of_agent = {name for name in documented_figures() if name.startswith("switchover_agent_")}
        self.assertEqual(sorted({plain(name) for name in agent_figures()} ^ of_agent), [])

    def test_the_pages_that_alerts_send_people_to_are_there(self):
        rules = (MONITORING / "alerts.yaml").read_text()
        links = re.findall(r"(docs/[\w-]+\.md)#([\w-]+)", rules)
        self.assertTrue(links)
        for page, anchor in links:
            headings = re.findall(r"^#+ (.*)$", (ROOT / page).read_text(), re.M)
            self.assertIn(anchor, {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings})


if __name__ == "__main__":
    unittest.main()
