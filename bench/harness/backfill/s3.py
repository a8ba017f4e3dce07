"""Loading from a bucket: beside loading from the file system, and beside what the server gives to plain parallel GETs."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from ..processes import BenchError, Process, free_port
from .data import Snapshot
from .peers import python

MINIO = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
BUCKET = "snapshots"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "benchkey", "AWS_SECRET_ACCESS_KEY": "benchsecret"}
# As the worker reads: so many bytes at a time, so many readings at once for each of its workers.
GET_BYTES = 4 * 1024 * 1024
GETS_AT_ONCE = 12
UPLOAD = Path(__file__).with_name("upload.py")


def install(data: Path) -> None:
    """Builds the server, once: some minutes."""
    if (data / "bin" / "minio").exists():
        return
    if shutil.which("go") is None:
        raise BenchError("minio is built with Go, and there is none: install golang, or pass --no-s3")
    print("building minio, once", file=sys.stderr)
    environment = os.environ | {"GOBIN": str(data / "bin")}
    done = subprocess.run(["go", "install", MINIO], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"go install {MINIO}: {done.stderr.strip()[-600:]}")


class Store:
    """A server that holds the repository of a snapshot."""

    def __init__(self, port: int):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.repository = f"s3://{BUCKET}/"

    def get_all(self, snapshot: Snapshot, rounds: int) -> tuple[int, float]:
        """Bytes of all files of the repository, and the seconds it takes to get them by plain parallel range requests."""
        files = [path for path in snapshot.repository.rglob("*") if path.is_file()]
        pieces = [
            (path.relative_to(snapshot.repository), start, min(start + GET_BYTES, path.stat().st_size))
            for path in files
            for start in range(0, path.stat().st_size, GET_BYTES)
        ]
        taken = []
        for _ in range(rounds):
            begun = time.monotonic()
            with ThreadPoolExecutor(GETS_AT_ONCE) as pool:
                sizes = list(pool.map(self._get_some, [pieces[first::GETS_AT_ONCE] for first in range(GETS_AT_ONCE)]))
            taken.append(time.monotonic() - begun)
        return sum(sizes), median(taken)

    def _get_some(self, pieces: list[tuple[Path, int, int]]) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        buffer, total = memoryview(bytearray(GET_BYTES)), 0
        for path, start, end in pieces:
            # the bucket's objects are open to all, so that nothing is signed here
            name = urllib.parse.quote(f"/{BUCKET}/{path}")
            connection.request("GET", name, headers={"range": f"bytes={start}-{end - 1}"})
            answer = connection.getresponse()
            got = 0
            while read := answer.readinto(buffer[got:]):
                got += read
            if answer.status != 206 or got != end - start:
                raise BenchError(f"GET {name}: status {answer.status}, {got} of {end - start} bytes")
            total += got
        connection.close()
        return total


def stored_bytes(console: Path, snapshot: Snapshot) -> dict[str, int]:
    """Bytes of the files of each index in a snapshot: a little more than what is read of them."""
    command = [console, "snapshot", "ls", "--repo", snapshot.repository.as_uri(), "--snapshot", snapshot.name, "--json"]
    told = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True).stdout
    return {index["index"]: index["bytes"] for index in json.loads(told)["indices"]}


@contextmanager
def running(data: Path, snapshot: Snapshot) -> Iterator[Store]:
    """A server with the snapshot's repository in its bucket."""
    with tempfile.TemporaryDirectory(dir=data) as directory:
        port, console = free_port(), free_port()
        # its credentials by the environment, as the worker's
        settings = {"MINIO_ROOT_USER": CREDENTIALS["AWS_ACCESS_KEY_ID"],
                    "MINIO_ROOT_PASSWORD": CREDENTIALS["AWS_SECRET_ACCESS_KEY"]}
        command = ["env", *(f"{key}={value}" for key, value in settings.items()), str(data / "bin" / "minio"), "server",
                   f"{directory}/objects", "--address", f"127.0.0.1:{port}", "--console-address", f"127.0.0.1:{console}"]
        process = Process("minio", command, Path(directory))
        try:
            process.await_port(port)
            store = Store(port)
            upload = [str(python(data)), str(UPLOAD), store.url, BUCKET, str(snapshot.repository)]
            done = subprocess.run(upload, env=os.environ | CREDENTIALS, capture_output=True, text=True, check=False)
            if done.returncode:
                raise BenchError(f"the upload to minio: {done.stderr.strip()[-600:]}")
            yield store
        finally:
            process.stop()
