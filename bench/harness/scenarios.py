"""What is measured: which request, how large, over how many connections, in front of which backend."""

from dataclasses import dataclass

RESPONSE_BODY_BYTES = 1024
KIB = 1024


@dataclass(frozen=True)
class Backend:
    """A server behind the proxies."""

    key: str
    title: str
    cpu_micros: int = 0
    delay_micros: int = 0
    answer_bytes: int = RESPONSE_BODY_BYTES


NULL = Backend("null", "Null backend")
LARGE = Backend("large", "Null backend with answers of 100 KB", answer_bytes=100 * KIB)
BUSY = Backend("1ms", "Backend that takes 1 ms of processor time a request", cpu_micros=1000)
DISTANT = Backend("10ms", "Backend that answers after 10 ms", delay_micros=10_000)
BACKENDS = (NULL, LARGE, BUSY, DISTANT)


@dataclass(frozen=True)
class Scenario:
    """One kind of load."""

    backend: Backend
    method: str
    body_bytes: int
    connections: int

    @property
    def key(self) -> str:
        return f"{self.backend.key}-{self.method.lower()}-{self._kib}k-c{self.connections}"

    @property
    def title(self) -> str:
        plural = "" if self.connections == 1 else "s"
        return f"{self.method} {self._kib} KB, {self.connections} connection{plural}"

    @property
    def path(self) -> str:
        """The agent holds the response to a `_bulk` back until its record is durable; a `GET` passes at once."""
        return "/_bulk" if self.method == "POST" else "/bench/_doc/1"

    @property
    def _kib(self) -> int:
        return (self.body_bytes or self.backend.answer_bytes) // KIB


def all_scenarios() -> list[Scenario]:
    """Every scenario, in the order of the report."""
    return [
        Scenario(NULL, "GET", 0, 1),
        Scenario(NULL, "GET", 0, 32),
        Scenario(NULL, "POST", KIB, 1),
        Scenario(NULL, "POST", KIB, 32),
        Scenario(NULL, "POST", 100 * KIB, 1),
        Scenario(NULL, "POST", 100 * KIB, 8),
        Scenario(LARGE, "GET", 0, 8),
        Scenario(BUSY, "GET", 0, 1),
        Scenario(BUSY, "GET", 0, 32),
        Scenario(BUSY, "POST", 100 * KIB, 8),
        Scenario(DISTANT, "POST", KIB, 1),
    ]


def bulk_body(size: int) -> bytes:
    """A `_bulk` body of exactly `size` bytes: index actions with documents of some 200 bytes."""
    action = b'{"index":{"_index":"bench"}}\n'
    start, end = b'{"message":"', b'"}\n'
    overhead = len(action) + len(start) + len(end)
    if size < overhead:
        raise ValueError(f"a bulk body has at least {overhead} bytes, not {size}")
    documents, left = [], size
    while left:
        # The last document takes what is left, because a rest may be too small for one of its own.
        length = left if left < 2 * (overhead + 200) else overhead + 200
        documents.append(action + start + b"m" * (length - overhead) + end)
        left -= length
    return b"".join(documents)
