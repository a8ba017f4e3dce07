"""The steps of the demo, in the order of a real migration. Each says what it did, and checks it."""
import json
import sys
from collections import Counter

import ports
from agent import Agent
from compare import Cluster, ClusterError, compare, lines
from failure import Failure
from servers import KAFKA, SOURCE, TARGET

TOPIC = "demo-traffic"
PARTITIONS = 4
PROGRAMS = ("switchover-agent", "switchover-replayer", "switchover")
REPLAY_SECONDS = 1800
MAX_SHOWN_DIFFERENCES = 10
EXIT_DIFFERENCES = 3  # of the replayer


class Migration:
    def __init__(self, root, options, directory, programs, servers, screen):
        self.root, self.options, self.directory = root, options, directory
        self.programs, self.servers, self.screen = programs, servers, screen
        self.log_dir = directory / "capture-log"
        self.bootstrap = None

    def run(self):
        """Whether the clusters differ, and the verdict's text."""
        self.check()
        self.start_servers()
        agent = self.start_agent()
        sent = self.send_traffic(agent.url)
        self.check_capture(agent, sent)
        replayed = self.replay(sent)
        self.show_clusters()
        return self.compare(replayed)

    def binary(self, name):
        return self.options.bin_dir.absolute() / name

    def check(self):
        for name in PROGRAMS:
            if not self.binary(name).is_file():
                raise Failure(f"{self.binary(name)} is missing; `make demo` builds it, or name its folder with --bin-dir")
        self.screen.step("checking what the demo needs; the first run installs and downloads it")
        self.servers.setup()
        self.servers.remove_abandoned()
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
        options = ["--destinationUri", self.source, "--captureLogDir", self.log_dir]
        if self.bootstrap:
            options += ["--kafkaConnection", self.bootstrap, "--kafkaTopic", TOPIC]
        agent = Agent(self.programs, self.binary("switchover-agent"), self.options.listen_port, options)
        self.screen.detail(f"clients {agent.url}, admin {agent.admin}")
        return agent

    def send_traffic(self, url):
        """How many requests got which status, counted by those who sent them."""
        self.screen.step("sending traffic: the official Python client, in six threads")
        requirements = (self.root / "demo/traffic/requirements.txt").read_text().split()
        _, python = self.programs.run("venv", [self.root / "tests/e2e/clients/venv", *requirements])
        client = self.tally("traffic", [python.strip(), self.root / "demo/traffic"], url)
        self.screen.step("sending traffic: curl and bare sockets (Expect: 100-continue, chunks, gzip, HEAD, pipelining)")
        return client + self.tally("wire", [sys.executable, self.root / "demo/wire.py"], url)

    def tally(self, name, command, url):
        _, out = self.programs.run(name, [*command, "--url", url, "--seed", str(self.options.seed)])
        statuses = Counter({int(status): count for status, count in json.loads(out)["statuses"].items()})
        self.screen.detail(counted(statuses))
        return statuses

    def check_capture(self, agent, sent):
        """Holds the agent to its promise: every request is captured, and captured = delivered + held + lost."""
        self.screen.step("asking the agent what it captured")
        page = agent.settled(sent.total(), shipped=self.bootstrap is not None)
        for unit in ("requests", "records", "bytes"):
            captured, delivered, held, lost = (page[state][unit] for state in ("captured", "delivered", "held", "lost"))
            self.screen.detail(f"{captured} {unit} captured = {delivered} delivered to Kafka + {held} held in the capture log + {lost} lost")
            if captured != delivered + held + lost:
                raise Failure(f"the agent's {unit} don't add up", agent.log)
        if page["lost"]["records"] or page["gaps"]:
            raise Failure(f"the agent lost {page['lost']['records']} records: {json.dumps(page['gaps'])}", agent.log)
        self.screen.step("stopping the agent with SIGTERM, then: switchover capture stat")
        agent.stop()
        _, shown = self.programs.run("capture-stat", [self.binary("switchover"), "capture", "stat", self.log_dir])
        self.screen.detail(shown)
        if self.bootstrap:
            return  # the log may have let go of what Kafka has
        _, stat = self.programs.run("capture-stat", [self.binary("switchover"), "--json", "capture", "stat", self.log_dir])
        stat = json.loads(stat)
        found, expected = (stat["requests"], stat["records"]), (sent.total(), page["captured"]["records"])
        if found != expected:
            raise Failure(f"the capture log holds {found} requests and records, expected {expected}", agent.log)

    def replay(self, sent):
        """The replayer's report."""
        self.screen.step(f"replaying from {'Kafka' if self.bootstrap else 'the capture log'} to the target, as fast as the order allows")
        report_file, tuples = self.directory / "report.json", self.directory / "tuples"
        command = [self.binary("switchover-replayer"), "--targetUri", self.target, "--speedupFactor", "max", "--tupleDir", tuples, "--deadLetterDir", tuples.parent / "dead-letters", "--reportFile", report_file]
        if self.bootstrap:
            command += ["--kafkaConnection", self.bootstrap, "--kafkaTopic", TOPIC, "--kafkaGroupId", "demo", "--until", "end"]
        else:
            command += ["--captureLogDir", self.log_dir]
        code, text = self.programs.run("replayer", command, accepted=range(256), seconds=REPLAY_SECONDS)
        (self.directory / "report.txt").write_text(text)
        log = self.programs.log_dir / "replayer.log"
        # answers may differ, as two products do; the documents decide
        if code not in (0, EXIT_DIFFERENCES):
            self.screen.detail(text)
            raise Failure(f"the replayer ended with exit code {code}", log)
        report = json.loads(report_file.read_text())
        self.show_report(report)
        self.screen.detail(f"exit code {code}; each request with both answers in {tuples / 'tuples.log'}{'' if self.options.keep else ' (--keep keeps it)'}")
        if code and not report["differences"]:
            raise Failure(f"the replayer ended with exit code {code}, its report shows no difference", log)
        replayed = Counter()
        for pair in report["statuses"]:
            replayed[pair["source"]] += pair["count"]
        if replayed != sent:
            raise Failure(f"the clients counted {counted(sent)}; the replayer reports {counted(replayed)}", log)
        return report

    def show_report(self, report):
        requests = report["requests"]
        self.screen.detail(f"{requests['replayed']} requests in {report['durationSeconds']:.1f} s: {requests['same']} answers same, {requests['expectedDifference']} differ as the products do, {requests['different']} different, {requests['notComparable']} not comparable")
        self.screen.detail(f"{report['autoIds']['taken']} ids that the source had made, {report['scrollIdsReplaced']} scroll ids replaced, {report['retries']} retries")
        self.screen.detail("status source -> target: " + ", ".join(f"{pair['source']} -> {pair['target']}: {pair['count']}" for pair in report["statuses"]))
        groups = sorted(report["differences"], key=lambda group: -group["count"])
        for group in groups[:MAX_SHOWN_DIFFERENCES]:
            self.screen.detail(f"{group['count']} x {group['endpoint']}: {group['kind']} {group['path'] or 'answer'}, such as {group['examples'][0]['request']}")
            self.screen.detail(f"    source {group['examples'][0]['source']}\n    target {group['examples'][0]['target']}")
        if len(groups) > MAX_SHOWN_DIFFERENCES:
            self.screen.detail(f"{len(groups) - MAX_SHOWN_DIFFERENCES} more kinds of differences in {self.directory / 'report.txt'} (--keep keeps it)")

    def show_clusters(self):
        self.screen.step("switchover clusters cat-indices --refresh")
        services = self.directory / "services.yaml"
        services.write_text("".join(f"{key}_cluster:\n  endpoint: {url}\n  no_auth:\n" for key, url in (("source", self.source), ("target", self.target))))
        _, out = self.programs.run("console", [self.binary("switchover"), "--config", services, "clusters", "cat-indices", "--refresh"])
        self.screen.detail(out.strip())

    def compare(self, report):
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
        requests = report["requests"]
        replayed = f"{requests['replayed']} requests replayed, {requests['different']} answered differently" + (" (shown above)" if requests["different"] else "")
        if differences:
            return True, ", ".join(f"{count} differences in {name}" for name, count in differences.items()) + f"; {replayed}"
        return False, f"{documents} documents in {indices} indices, {replayed}"


def counted(statuses):
    return f"{statuses.total()} requests, answered " + ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items(), key=str))
