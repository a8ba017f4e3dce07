"""The official client, with every request that it sends counted by the status it got."""
import threading
from collections import Counter

from elasticsearch import Elasticsearch, TransportError, Urllib3HttpConnection

REQUEST_TIMEOUT_SECONDS = 60


class Tally:
    """How many requests were answered with which status, over all threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._statuses = Counter()

    def add(self, status):
        with self._lock:
            self._statuses[status] += 1

    def summary(self):
        with self._lock:
            return {"requests": sum(self._statuses.values()), "statuses": dict(sorted(self._statuses.items()))}


def client(url, tally, connections, compress):
    """A client with a pool of connections that its threads share, as applications have it."""

    class Counted(Urllib3HttpConnection):
        def perform_request(self, *args, **kwargs):
            try:
                answer = super().perform_request(*args, **kwargs)
            except TransportError as error:
                tally.add(error.status_code)
                raise
            tally.add(answer[0])
            return answer

    # no retries: a request sent twice would be counted twice, and hide a failure
    return Elasticsearch(
        [url], connection_class=Counted, maxsize=connections, http_compress=compress, max_retries=0, timeout=REQUEST_TIMEOUT_SECONDS
    )
