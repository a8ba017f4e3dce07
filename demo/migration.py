"""The steps of the demo, in the order of a real migration."""
import json
import re
import sys
import urllib.request

import ports
from compare import Cluster, ClusterError, compare, lines
from failure import Failure
from servers import KAFKA, SOURCE, TARGET

TOPIC = "demo-traffic"
PARTITIONS = 4
START_SECONDS = 60
SHIP_SECONDS = 180
STATUS_SECONDS = 10
REPORT_LINES = 30
PROGRAMS = ("switchover-agent", "switchover-replayer", "switchover")
# the environment's proxies are not for this machine
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Migration:
    def __init__(self, root, options, directory, programs, servers, screen):
        self.root, self.options, self.directory = root, options, directory
        self.programs, self.servers, self.screen = programs, servers, screen
        self.log_dir = directory / "capture-log"
        self.report_file = directory / "report.json"
        self.bootstrap = None

    def run(self):
        """Whether the clusters differ, and the verdict's text."""
        self.check()
        self.start_servers()
        agent, admin = self.start_agent()
        sent = self.send_traffic()
        captured = self.check_capture(agent, admin, sent)
        self.screen.step("stopping the agent with SIGTERM")
        agent.stop()
        replayed = self.replay(captured)
        self.show_clusters()
        return self.compare(replayed)

    def binary(self, name):
        return self.options.bin_dir.absolute() / name

    def check(self):
        for name in PROGRAMS:
            if not self.binary(name).is_file():
                raise Failure(f"{self.binary(name)} is missing; build with `cargo build --release`, or name the folder with --bin-dir")
        ports.need_free(self.options.listen_port, "the agent's", "--listen-port")
        ports.need_free(self.options.source_port, "the source's", "--source-port")

    def start_servers(self):
        self.screen.step("starting the source, Elasticsearch 7.10.2, and the target, OpenSearch 2.19")
        self.source = self.servers.up(SOURCE, "elasticsearch", "7.10.2", "--port", str(self.options.source_port))["url"]
        self.screen.detail(f"source {self.source}")
        self.target = self.servers.up(TARGET, "opensearch", "2.19")["url"]
        self.screen.detail(f"target {self.target}")
        if self.options.kafka:
            self.bootstrap = self.servers.up(KAFKA, "kafka", "4.1.0")["bootstrap"]
            self.servers.create_topic(TOPIC, PARTITIONS)
            self.screen.detail(f"kafka {self.bootstrap}, topic {TOPIC} with {PARTITIONS} partitions")

    def start_agent(self):
        self.screen.step(f"starting the agent on port {self.options.listen_port}, where the clients expect the source")
        command = [
            self.binary("switchover-agent"), "--destinationUri", self.source, "--listenAddress", "127.0.0.1",
            "--listenPort", str(self.options.listen_port), "--adminAddress", "127.0.0.1:0", "--captureLogDir", self.log_dir,
        ]
        if self.bootstrap:
            command += ["--kafkaConnection", self.bootstrap, "--kafkaTopic", TOPIC]
        agent = self.programs.start("agent", command)

        def addresses():
            said = agent.log.read_text(errors="replace")
            found = [re.search(rf"^{what} (\S+)$", said, re.MULTILINE) for what in ("listening", "admin")]
            return all(found) and [address[1] for address in found]

        listening, admin = agent.wait_until(addresses, "its addresses", START_SECONDS)
        self.url = f"http://{listening}"
        self.screen.detail(f"clients {self.url}, admin http://{admin}")
        return agent, admin

    def send_traffic(self):
        """The number of requests that were sent, by what sent them."""
        self.screen.step("sending traffic: the official Python client, in six threads")
        requirements = (self.root / "demo/traffic/requirements.txt").read_text().split()
        _, python = self.programs.run("venv", [self.root / "tests/e2e/clients/venv", *requirements])
        client = self.tally("traffic", [python.strip(), self.root / "demo/traffic", "--url", self.url])
        self.screen.step("sending traffic: curl and bare sockets (Expect: 100-continue, chunks, HEAD, pipelining)")
        wire = self.tally("wire", [sys.executable, self.root / "demo/wire.py", "--url", self.url])
        return client + wire

    def tally(self, name, command):
        _, out = self.programs.run(name, command)
        summary = json.loads(out)
        statuses = ", ".join(f"{count} x {status}" for status, count in summary["statuses"].items())
        self.screen.detail(f"{summary['requests']} requests, answered {statuses}")
        return summary["requests"]

    def check_capture(self, agent, admin, sent):
        """Holds the agent to its promise: captured = delivered + held + lost. The number of requests captured."""
        self.screen.step("asking the agent what it captured")

        def status():
            with LOCAL.open(f"http://{admin}/status", timeout=STATUS_SECONDS) as answer:
                page = json.load(answer)
            # an answer reaches its client before it is counted; without Kafka, records stay held in the capture log
            settled = page["captured"]["requests"] >= sent and not (self.bootstrap and page["held"]["records"])
            return page if settled else None

        page = agent.wait_until(status, f"{sent} requests to be captured{' and delivered' if self.bootstrap else ''}", SHIP_SECONDS)
        records = {key: page[key]["records"] for key in ("captured", "delivered", "held", "lost")}
        requests = page["captured"]["requests"]
        self.screen.detail(f"{requests} requests; records: " + ", ".join(f"{count} {key}" for key, count in records.items()))
        if records["captured"] != records["delivered"] + records["held"] + records["lost"]:
            raise Failure("the agent's records don't add up: captured is not delivered + held + lost", agent.log)
        if records["lost"] or page["gaps"]:
            raise Failure(f"the agent lost {records['lost']} records: {json.dumps(page['gaps'])}", agent.log)
        if requests != sent:
            raise Failure(f"the clients sent {sent} requests, the agent captured {requests}", agent.log)
        _, stat = self.programs.run("capture-stat", [self.binary("switchover"), "capture", "stat", self.log_dir])
        self.screen.detail(stat)
        return requests

    def replay(self, captured):
        """The number of requests replayed."""
        self.screen.step(f"replaying from {'Kafka' if self.bootstrap else 'the capture log'} to the target, as fast as the order allows")
        command = [
            self.binary("switchover-replayer"), "--targetUri", self.target, "--speedupFactor", "max",
            "--tupleDir", self.directory / "tuples", "--reportFile", self.report_file,
        ]
        if self.bootstrap:
            command += ["--kafkaConnection", self.bootstrap, "--kafkaTopic", TOPIC, "--kafkaGroupId", "demo", "--until", "end"]
        else:
            command += ["--captureLogDir", self.log_dir]
        # 3: answers differ, as they may between two products; the documents decide
        code, report = self.programs.run("replayer", command, accepted=(0, 3))
        shown = report.splitlines()
        self.screen.detail("\n".join(shown[:REPORT_LINES]))
        if len(shown) > REPORT_LINES:
            self.screen.detail(f"... and {len(shown) - REPORT_LINES} more lines")
        self.screen.detail(f"exit code {code}")
        replayed = json.loads(self.report_file.read_text())["requests"]["replayed"]
        if replayed != captured:
            raise Failure(f"{captured} requests were captured, {replayed} replayed", self.programs.log_dir / "replayer.log")
        return replayed

    def show_clusters(self):
        self.screen.step("switchover clusters cat-indices --refresh")
        services = self.directory / "services.yaml"
        services.write_text("".join(f"{key}_cluster:\n  endpoint: {url}\n  no_auth:\n" for key, url in (("source", self.source), ("target", self.target))))
        _, out = self.programs.run("console", [self.binary("switchover"), "--config", services, "clusters", "cat-indices", "--refresh"])
        self.screen.detail(out)

    def compare(self, replayed):
        self.screen.step("comparing the clusters document by document, apart from the product")
        self.screen.detail(f"{'index':<24} {'source':>8} {'target':>8}")
        indices = documents = 0
        differences = {}
        try:
            for result in compare(Cluster(self.source), Cluster(self.target)):
                self.screen.detail("\n".join(lines(result)))
                indices += result.is_index
                documents += result.source
                if result.differences:
                    differences[result.name] = result.differences.total()
        except ClusterError as error:
            raise Failure(f"the clusters can't be compared: {error}") from None
        if not documents:
            raise Failure("the source has no documents, so nothing was shown")
        if differences:
            return True, ", ".join(f"{count} differences in {name}" for name, count in differences.items()) + f"; {replayed} requests replayed"
        return False, f"{documents} documents in {indices} indices, {replayed} requests replayed"
