"""The real servers, by the lab, under names that hold this run's process id: two demos don't touch each other's."""
import json
import os
import shutil

SOURCE, TARGET, KAFKA = (f"demo-{role}-{os.getpid()}" for role in ("source", "target", "kafka"))


class Servers:
    def __init__(self, programs, lab):
        self._programs, self._lab = programs, str(lab)

    def up(self, name, product, version, *options):
        """Starts a server; its record: url or bootstrap, port, log."""
        _, record = self._programs.run(f"lab-{name}", [self._lab, "up", product, version, "--name", name, *options])
        return json.loads(record)

    def create_topic(self, topic, partitions):
        command = [self._lab, "kafka-topics", KAFKA, "--create", "--topic", topic, "--partitions", str(partitions)]
        self._programs.run("lab-topic", command, stdout_log=True)

    def down(self, keep_logs):
        """Ends and removes this run's servers, also one whose start was interrupted."""
        _, listed = self._programs.run("lab-status", [self._lab, "status", "--json"])
        for server in json.loads(listed):
            if server["name"] not in (SOURCE, TARGET, KAFKA):
                continue
            if keep_logs and os.path.exists(server["log"]):
                shutil.copyfile(server["log"], self._programs.log_dir / f"{server['name']}.log")
            self._programs.run("lab-down", [self._lab, "down", server["name"], "--purge"], stdout_log=True)
