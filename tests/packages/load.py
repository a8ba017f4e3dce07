"""16 clients that write and read documents until told to stop (SIGTERM), each over a connection of its own that it keeps.
Prints how many requests there were and what failed, as one JSON object: a closed connection counts as a failure.

    load.py PORT
"""

import http.client
import json
import signal
import sys
import threading
import time

CLIENTS = 16
TIMEOUT_SECONDS = 20
PAUSE_SECONDS = 0.01
MAX_EXAMPLES = 5

stop = threading.Event()


class Client(threading.Thread):
    def __init__(self, number, port):
        super().__init__()
        self.number, self.port = number, port
        self.requests, self.failures, self.slowest = 0, [], 0.0

    def run(self):
        connection = None
        while not stop.is_set():
            document = f"/load/_doc/{self.number}-{self.requests % 50}"
            method, body = ("PUT", '{"n":1}') if self.requests % 2 == 0 else ("GET", None)
            began = time.monotonic()
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
                connection.request(method, document, body, {"content-type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status not in (200, 201, 404):
                    self.failures.append(f"{answer.status} to {method} {document}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{error!r} to {method} {document}")
                connection = None
            self.requests += 1
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(PAUSE_SECONDS)


def main():
    clients = [Client(number, int(sys.argv[1])) for number in range(CLIENTS)]
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    for client in clients:
        client.start()
    stop.wait()
    for client in clients:
        client.join()
    failures = [failure for client in clients for failure in client.failures]
    print(json.dumps({
        "requests": sum(client.requests for client in clients),
        "failed": len(failures),
        "examples": failures[:MAX_EXAMPLES],
        "slowestMs": round(max(client.slowest for client in clients) * 1000),
    }))


main()
