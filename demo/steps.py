"""The steps of the demo, in order. Each says what it did, and checks it."""
import json
from collections import Counter

import compare
import ports
import venv_cache
from agent import Agent
from failure import Failure
from servers import KAFKA, SOURCE, TARGET

TOPIC = "logging-traffic-topic"
PARTITIONS = 4
PROGRAMS = ("switchover-agent", "switchover-replayer", "switchover")
REPLAY_SECONDS = 1800
MAX_SHOWN_DIFFERENCES = 10


class Demo:
    def __init__(self, options, screen, programs, servers, work, here):
        self.options, self.screen, self.programs, self.servers = options, screen, programs, servers
        self.work, self.here = work, here
        self.log_dir, self.tuples = work / "capture-log", work / "tuples"
        self.bootstrap = None

    def run(self):
        """True if the clusters agree."""
        self.check()
        self.start_servers()
        agent = Agent.start(self.programs, self.program("switchover-agent"), self.options.listen_port, self.source, self.log_dir, self.bootstrap)
        to = f"the capture log and Kafka topic {TOPIC}" if self.bootstrap else "the capture log"
        self.screen.step(f"switchover-agent on 127.0.0.1:{self.options.listen_port} -> {self.source}, capturing to {to}")
        sent = self.traffic(agent.url)
        self.capture(agent, sent)
        report = self.replay(sent)
        self.cat_indices()
        return self.verdict(report, *self.compare())

    def program(self, name):
        return self.options.bin_dir / name

    def check(self):
        for name in PROGRAMS:
            if not self.program(name).is_file():
                raise Failure(f"no program {self.program(name)}; run `make demo`, which builds it, or give --bin-dir")
        self.screen.step("checking what the demo needs (a first run installs and downloads it)")
        self.servers.setup()
        self.servers.down()  # of a demo that was killed
        ports.need_free(self.options.listen_port, "for the agent", "--listen-port")
        ports.need_free(self.options.source_port, "for the source node", "--source-port")
        self.python = venv_cache.ensure(self.programs, self.here / "traffic" / "requirements.txt")

    def start_servers(self):
        self.screen.step("starting Elasticsearch 7.10.2, the source")
        self.source = self.servers.up(SOURCE, "elasticsearch", "7.10.2", "--port", str(self.options.source_port))["url"]
        self.screen.step("starting OpenSearch 2.19, the target")
        self.target = self.servers.up(TARGET, "opensearch", "2.19")["url"]
        self.screen.detail(f"source {self.source}, target {self.target}")
        if self.options.kafka:
            self.screen.step("starting Kafka")
            self.bootstrap = self.servers.up(KAFKA, "kafka", "4.1.0")["bootstrap"]
            self.servers.create_topic(TOPIC, PARTITIONS)
            self.screen.detail(f"{self.bootstrap}, topic {TOPIC} with {PARTITIONS} partitions")

    def traffic(self, url):
        """The status of every request that was sent, counted by those who sent them."""
        self.screen.step("traffic: the official Python client, six threads, then curl and bare sockets")
        total = Counter()
        seed = str(self.options.seed)
        for name, command in (
            ("client", [self.python, self.here / "traffic", "--rounds", str(self.options.rounds)]),
            ("wire", [self.python, self.here / "wire.py"]),
        ):
            _, out = self.programs.run(name, [*command, "--url", url, "--seed", seed])
            statuses = {int(status): count for status, count in json.loads(out)["statuses"].items()}
            total.update(statuses)
            self.screen.detail(f"{name:<6} {counted(statuses)}")
        return total

    def capture(self, agent, sent):
        self.screen.step("the capture")
        status = agent.settled(sum(sent.values()), shipped=self.bootstrap is not None)
        for what in ("requests", "records", "bytes"):
            captured, delivered, held, lost = (status[state][what] for state in ("captured", "delivered", "held", "lost"))
            if captured != delivered + held + lost or lost:
                raise Failure(f"agent: {what}: captured {captured} is not delivered {delivered} + held {held} with nothing lost (lost {lost})", agent.log)
            self.screen.detail(f"agent: {what} captured {captured} = delivered {delivered} + held {held} + lost {lost}")
        if status["gaps"]:
            raise Failure(f"agent: gaps in the capture: {status['gaps']}", agent.log)
        agent.stop()
        _, shown = self.programs.run("capture-stat", [self.program("switchover"), "capture", "stat", self.log_dir])
        self.screen.detail(shown)
        if not self.bootstrap:  # else the log may have let go of what Kafka has
            _, found = self.programs.run("capture-stat", [self.program("switchover"), "--json", "capture", "stat", self.log_dir])
            found = json.loads(found)
            if (found["requests"], found["records"]) != (sum(sent.values()), status["captured"]["records"]):
                raise Failure(f"capture log: {found['requests']} requests in {found['records']} records; the clients sent {sum(sent.values())}, the agent counted {status['captured']['records']} records")

    def replay(self, sent):
        source = ["--kafkaConnection", self.bootstrap, "--kafkaTopic", TOPIC, "--until", "end"] if self.bootstrap else ["--captureLogDir", self.log_dir]
        self.screen.step(f"switchover-replayer: {'Kafka' if self.bootstrap else 'the capture log'} -> {self.target}, speed {self.options.speedup}")
        report_file = self.work / "report.json"
        command = [self.program("switchover-replayer"), *source, "--targetUri", self.target, "--speedupFactor", self.options.speedup,
                   "--tupleDir", self.tuples, "--reportFile", report_file]
        code, text = self.programs.run("replayer", command, accepted=(0, 1, 3, 4), seconds=REPLAY_SECONDS)
        (self.work / "report.txt").write_text(text)
        if code not in (0, 3):
            self.screen.detail(text)
            raise Failure(f"switchover-replayer ended with exit code {code}", self.programs.log_dir / "replayer.log")
        report = json.loads(report_file.read_text())
        requests = report["requests"]
        self.screen.detail(f"{requests['replayed']} requests in {report['durationSeconds']:.1f} s: {requests['same']} answers same, {requests['different']} different, {requests['notComparable']} not comparable")
        self.screen.detail("status source -> target: " + ", ".join(f"{pair['source']} -> {pair['target']}: {pair['count']}" for pair in report["statuses"]))
        self.show_differences(report)
        self.screen.detail(f"each request with both answers: {self.tuples}/tuples.log{'' if self.options.keep else ' (--keep keeps it)'}")
        replayed = Counter()
        for pair in report["statuses"]:
            replayed[pair["source"]] += pair["count"]
        if replayed != sent:
            raise Failure(f"the clients counted {counted(sent)}; the replayer's report has {counted(replayed)}")
        return report

    def show_differences(self, report):
        groups = sorted(report["differences"], key=lambda group: -group["count"])
        for group in groups[:MAX_SHOWN_DIFFERENCES]:
            self.screen.detail(f"difference: {group['count']} x {group['endpoint']} {group['kind']} {group['path'] or 'answer'}")
            for example in group["examples"][:1]:
                self.screen.detail(f"    {example['request']}\n      source {example['source']}\n      target {example['target']}")
        if len(groups) > MAX_SHOWN_DIFFERENCES:
            self.screen.detail(f"{len(groups) - MAX_SHOWN_DIFFERENCES} more kinds of differences in {self.work}/report.txt (--keep keeps it)")

    def cat_indices(self):
        services = self.work / "services.yaml"
        services.write_text(
            f"source_cluster:\n  endpoint: {self.source}\n  no_auth:\ntarget_cluster:\n  endpoint: {self.target}\n  no_auth:\n"
        )
        self.screen.step("switchover clusters cat-indices --refresh")
        _, table = self.programs.run("cat-indices", [self.program("switchover"), "--config", services, "clusters", "cat-indices", "--refresh"])
        self.screen.detail(table.strip())

    def compare(self):
        """Documents and indices, and whether anything differs."""
        self.screen.step("comparing the clusters document by document, apart from the programs above")
        self.screen.detail(f"{'index':<24} {'source':>8} {'target':>8}")
        documents = indices = 0
        agree = True
        try:
            for result in compare.compare(compare.Cluster(self.source), compare.Cluster(self.target)):
                documents += result.source
                indices += result.is_index
                agree &= not result.differences
                self.screen.detail("\n".join(compare.lines(result)))
        except compare.ClusterError as error:
            raise Failure(f"the clusters can't be compared: {error}") from None
        if not documents:
            raise Failure("there are no documents: nothing was compared")
        return documents, indices, agree

    def verdict(self, report, documents, indices, agree):
        requests = report["requests"]
        replayed = f"{requests['replayed']} requests replayed, {requests['different']} answers differ" + (" (shown above)" if requests["different"] else "")
        if agree:
            self.screen.verdict(f"VERDICT: the clusters agree: {documents} documents in {indices} indices, {replayed}", good=True)
        else:
            self.screen.verdict(f"VERDICT: NOT the same: see the differences above; {replayed}", good=False)
        return agree


def counted(statuses):
    return f"{sum(statuses.values())} requests (" + ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items(), key=str)) + ")"
