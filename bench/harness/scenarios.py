"""What is measured: which request, how large, over how many connections, in front of which backend."""

from dataclasses import dataclass

RESPONSE_BODY_BYTES = 1024
KIB = 1024


@dataclass(frozen=True)
class Backend:
    """A server behind the proxies."""

    key: str
    title: str
    cpu_micros: int


NULL = Backend("null", "Null backend", 0)
BUSY = Backend("1ms", "Backend that takes 1 ms of processor time a request", 1000)
BACKENDS = (NULL, BUSY)


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
        return (self.body_bytes or RESPONSE_BODY_BYTES) // KIB


def all_scenarios() -> list[Scenario]:
    """Every scenario, in the order of the report."""
    loads = [
        ("GET", 0, 1),
        ("GET", 0, 32),
        ("POST", KIB, 1),
        ("POST", KIB, 32),
        ("POST", 100 * KIB, 1),
        ("POST", 100 * KIB, 8),
    ]
    return [Scenario(backend, *load) for backend in BACKENDS for load in loads]


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
