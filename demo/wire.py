"""Traffic by curl and by bare sockets: what the official client never puts on the wire.

Run as `python3 demo/wire.py --url URL`. Every step checks the status it expects. Prints one JSON object on stdout: how
many requests were sent, and how many got which status.
"""
import argparse
import gzip
import json
import socket
import subprocess
import sys
import urllib.parse
from collections import Counter
from random import Random

CURL_SECONDS = 60
SOCKET_SECONDS = 60
BIG_BULK_BYTES = 1_200_000  # curl asks with Expect: 100-continue above 1 MB
JSON = "Content-Type: application/json"
NDJSON = "Content-Type: application/x-ndjson"


class Wire:
    """Sends to one address and counts."""

    def __init__(self, url):
        self.url = url
        self.statuses = Counter()

    def curl(self, status, path, *options, data=None):
        """One request. `data` goes to curl's standard input."""
        command = ["curl", "-q", "-sS", "--noproxy", "*", "-m", str(CURL_SECONDS), "-o", "/dev/null", "-w", "%{http_code}", *options, self.url + path]
        done = subprocess.run(command, input=data, capture_output=True, check=False)
        if done.returncode or done.stdout.decode() != str(status):
            sys.exit(f"wire: {' '.join(command)}: expected {status}, got {done.stdout.decode()} (curl {done.returncode}) {done.stderr.decode().strip()}")
        self.statuses[status] += 1

    def pipelined(self, requests):
        """Requests on one connection, all sent before the first answer is read. Each is (status, bytes)."""
        where = urllib.parse.urlsplit(self.url)
        with socket.create_connection((where.hostname, where.port), SOCKET_SECONDS) as connection:
            connection.sendall(b"".join(request for _, request in requests))
            stream = connection.makefile("rb")
            for status, request in requests:
                got = read_answer(stream, head_only=request.startswith(b"HEAD "))
                if got != status:
                    sys.exit(f"wire: pipelined {request.splitlines()[0].decode()}: expected {status}, got {got}")
                self.statuses[status] += 1


def request(method, path, body=b""):
    return f"{method} {path} HTTP/1.1\r\nHost: cluster\r\n{JSON}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def read_answer(stream, head_only):
    """The status of one answer, read to its end."""
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    if not head_only and len(stream.read(length)) != length:
        sys.exit("wire: an answer ended early")
    return status


def bulk(random, count, action):
    lines = [json.dumps(line) for n in range(count) for line in (action(n), {"n": n, "text": "".join(random.choices("abcdef é", k=200))})]
    return ("\n".join(lines) + "\n").encode()


def send(wire, seed):
    random = Random(f"{seed} wire")
    settings = {"settings": {"number_of_shards": 2, "number_of_replicas": 0, "refresh_interval": "-1"}}
    wire.curl(200, "/wire", "-X", "PUT", "-H", JSON, "-d", json.dumps(settings))

    # more than a megabyte: curl waits for "100 Continue" before it sends the body; the cluster makes the ids
    big = bulk(random, BIG_BULK_BYTES // 240, lambda n: {"index": {}})
    assert len(big) > 1024 * 1024
    wire.curl(200, "/wire/_bulk", "-H", NDJSON, "-H", "Expect: 100-continue", "--data-binary", "@-", data=big)

    # chunked uploads, length unknown in advance
    wire.curl(201, "/wire/_doc/chunked", "-X", "PUT", "-H", JSON, "-T", "-", data=b'{"n": 1, "chunked": true}')
    wire.curl(201, "/wire/_doc?routing=r1", "-X", "POST", "-H", JSON, "-T", "-", data=b'{"n": 2, "chunked": true}')
    wire.curl(200, "/_bulk?refresh=true", "-X", "POST", "-H", NDJSON, "-T", "-", data=bulk(random, 300, lambda n: {"create": {"_index": "wire"}}))

    # gzip, both ways
    packed = gzip.compress(bulk(random, 200, lambda n: {"index": {"routing": f"r{n % 7}"}}))
    wire.curl(200, "/wire/_bulk", "--compressed", "-H", NDJSON, "-H", "Content-Encoding: gzip", "--data-binary", "@-", data=packed)
    wire.curl(201, "/wire/_doc/packed", "-X", "PUT", "-H", JSON, "-H", "Content-Encoding: gzip", "--data-binary", "@-", data=gzip.compress(b'{"packed": true}'))

    # ids that need escaping; a conflict; a client of the last century; GET with a body; HEAD
    for identifier in ("a/b c", "ü€😀", "50%", "a+b&c=d", "x" * 512):
        wire.curl(201, "/wire/_doc/" + urllib.parse.quote(identifier, safe=""), "-X", "PUT", "-H", JSON, "-d", json.dumps({"id": identifier}))
    wire.curl(409, "/wire/_create/chunked", "-X", "PUT", "-H", JSON, "-d", "{}")
    wire.curl(201, "/wire/_doc", "--http1.0", "-H", JSON, "-d", '{"http": 1.0}')
    wire.curl(201, "/wire/_doc", "-H", "Connection: close", "-H", JSON, "-d", '{"closed": true}')
    wire.curl(200, "/wire/_refresh", "-X", "POST")
    wire.curl(200, "/wire/_search", "--compressed", "-X", "GET", "-H", JSON, "-d", '{"size": 50, "sort": "n", "query": {"range": {"n": {"lt": 2}}}, "aggs": {"n": {"stats": {"field": "n"}}}}')
    wire.curl(200, "/wire/_doc/chunked", "-I")
    wire.curl(404, "/wire/_doc/nothing", "-I")
    wire.curl(200, "/wire", "-I")
    wire.curl(404, "/wire/_doc/nothing")
    wire.curl(400, "/wire/_doc/broken", "-X", "PUT", "-H", JSON, "-d", '{"cut": ')

    # One connection, ten requests under way at once. The cluster answers them in order but works on them side by side, so
    # none may depend on another.
    wire.pipelined([
        (201, request("PUT", "/wire/_doc/pipe", b'{"step": 1}')),
        (200, request("HEAD", "/wire/_doc/chunked")),
        (201, request("POST", "/wire/_doc", b'{"step": 2}')),
        (200, request("POST", "/wire/_update/a%2Fb%20c", b'{"script": {"source": "ctx._source.step = 10"}}')),
        (200, request("POST", "/wire/_bulk", b'{"index":{}}\n{"step":3}\n{"delete":{"_id":"packed"}}\n{"create":{"_id":"chunked"}}\n{"step":4}\n')),
        (404, request("HEAD", "/wire/_doc/nothing")),
        (200, request("GET", "/wire/_doc/50%25")),
        (409, request("PUT", "/wire/_create/chunked", b"{}")),
        (200, request("GET", "/wire/_count", b'{"query": {"exists": {"field": "chunked"}}}')),
        (201, request("POST", "/wire/_create/last", b'{"step": 5}')),
    ])
    wire.curl(200, "/wire/_refresh", "-X", "POST")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    wire = Wire(options.url)
    send(wire, options.seed)
    print(json.dumps({"requests": sum(wire.statuses.values()), "statuses": dict(sorted(wire.statuses.items()))}))


if __name__ == "__main__":
    main()
