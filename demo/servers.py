"""The real servers, by the lab, under names that hold this run's process id: two demos don't touch each other's."""
import json
import os
import re
import shutil

SOURCE, TARGET, KAFKA = (f"demo-{role}-{os.getpid()}" for role in ("source", "target", "kafka"))


class Servers:
    def __init__(self, programs, lab):
        self._programs, self._lab = programs, str(lab)

    def setup(self):
        """Installs what the lab lacks on this machine."""
        self._programs.run("lab-setup", [self._lab, "setup"], stdout_log=True)

    def remove_abandoned(self):
        """Removes the servers of a demo that was killed: they would keep the source's port."""
        for server in self._listed():
            owner = re.fullmatch(r"demo-(?:source|target|kafka)-(\d+)", server["name"])
            if owner and not os.path.exists(f"/proc/{owner[1]}"):
                self._remove(server)

    def up(self, name, product, version, *options):
        """Starts a server; its record: url or bootstrap, port, log."""
        _, record = self._programs.run(f"lab-{name}", [self._lab, "up", product, version, "--name", name, *options])
        return json.loads(record)

    def create_topic(self, topic, partitions):
        command = [self._lab, "kafka-topics", KAFKA, "--create", "--topic", topic, "--partitions", str(partitions)]
        self._programs.run("lab-topic", command, stdout_log=True)

    def down(self, keep_logs):
        """Ends and removes this run's servers, also one whose start was interrupted."""
        for server in self._listed():
            if server["name"] not in (SOURCE, TARGET, KAFKA):
                continue
            if keep_logs and os.path.exists(server["log"]):
                shutil.copyfile(server["log"], self._programs.log_dir / f"{server['name']}.log")
            self._remove(server)

    def _listed(self):
        _, listed = self._programs.run("lab-status", [self._lab, "status", "--json"])
        return json.loads(listed)

    def _remove(self, server):
        self._programs.run("lab-down", [self._lab, "down", server["name"], "--purge"], stdout_log=True)
