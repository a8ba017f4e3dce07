#!/usr/bin/env python3
"""Sixteen clients of a search node, until SIGTERM; then one JSON line of what they saw.

Half of them open a connection for each request, half keep theirs for some hundred. A request on a kept connection that is
closed before the first byte of its answer is sent again on a new one, once, as clients of all languages do.
usage: attach-load.py URL SECONDS_PER_REQUEST"""
import http.client
import json
import signal
import sys
import threading
import time
import urllib.parse

CLIENTS = 16
REQUESTS_PER_CONNECTION = 100
PAUSE_SECONDS = 0.02
url = urllib.parse.urlsplit(sys.argv[1])
timeout = float(sys.argv[2])
stop = threading.Event()
lock = threading.Lock()
done = {"requests": 0, "failed": 0, "resent": 0, "errors": {}}
failures = []  # seconds since 1970
longest = 0.0


def client(number):
    keeps = number % 2 == 0
    connection, used = None, 0
    sent = 0
    while not stop.is_set():
        sent += 1
        if connection is None or not keeps or used >= REQUESTS_PER_CONNECTION:
            if connection:
                connection.close()
            connection, used = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout), 0
        for attempt in (0, 1):
            try:
                if sent % 2:
                    body = json.dumps({"client": number, "n": sent})
                    connection.request("PUT", f"/load/_doc/{number}-{sent}", body, {"Content-Type": "application/json"})
                else:
                    connection.request("GET", "/load/_search?q=n:1&ignore_unavailable=true")
                answer = connection.getresponse()
                answer.read()
                failure = None if answer.status < 300 else f"status {answer.status}"
                used += 1
                if answer.will_close:
                    connection = None
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
                connection.close()
                if attempt == 0 and used > 0:
                    with lock:
                        done["resent"] += 1
                    connection, used = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout), 0
                    continue
                failure, connection = repr(error), None
            except OSError as error:
                connection.close()
                failure, connection = repr(error), None
            break
        with lock:
            done["requests"] += 1
            if failure:
                done["failed"] += 1
                done["errors"][failure] = done["errors"].get(failure, 0) + 1
                failures.append(time.time())
        time.sleep(PAUSE_SECONDS)


signal.signal(signal.SIGTERM, lambda *_: stop.set())
clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
for thread in clients:
    thread.start()
while not stop.is_set():
    stop.wait(0.1)
for thread in clients:
    thread.join()
done["firstFailure"] = min(failures, default=None)
done["lastFailure"] = max(failures, default=None)
print(json.dumps(done))
