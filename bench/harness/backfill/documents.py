"""The documents that are measured with: like a service's log, and large ones; the same in every run."""

import json
import random
from collections.abc import Iterator

SEED = 20
DOCUMENTS = 1_000_000
LARGE_DOCUMENTS = 2_000
LARGE_BYTES = 256 * 1024
WORDS = (
    "request accepted for customer order with payment pending while inventory reserved in warehouse retry scheduled after "
    "timeout upstream connection closed by peer cache miss for key session refreshed token expired user signed out queue "
    "depth above threshold worker started batch committed offset lag shard relocated index created mapping updated"
).split()
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "okhttp/4.12.0",
    "curl/8.5.0",
)
SERVICES = ("checkout", "catalogue", "payments", "search", "accounts", "shipping")
LEVELS = ("INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR")

# What a target indexes of them. The source of the snapshots only stores them: what is measured of it does not depend on it.
MAPPING = {
    "dynamic": False,
    "properties": {
        "@timestamp": {"type": "date"},
        "service": {"type": "keyword"},
        "level": {"type": "keyword"},
        "host": {"type": "keyword"},
        "trace": {"type": "keyword"},
        "status": {"type": "integer"},
        "took_ms": {"type": "float"},
        "path": {"type": "keyword"},
        "message": {"type": "text"},
    },
}


def small(count: int) -> Iterator[tuple[str, str]]:
    """Ids and sources, of about 600 bytes each."""
    draw = random.Random(SEED)
    number, pick, bits = draw.random, draw.choice, draw.getrandbits
    for serial in range(count):
        source = (
            f'{{"@timestamp":"2026-11-{1 + serial % 28:02}T{serial // 3600 % 24:02}:{serial // 60 % 60:02}:{serial % 60:02}'
            f'.{bits(30) % 1000:03}Z","service":"{pick(SERVICES)}","level":"{pick(LEVELS)}","host":"ip-10-{bits(4)}-'
            f'{bits(8)}-{bits(8)}.internal","trace":"{bits(128):032x}","span":"{bits(64):016x}","status":'
            f'{pick((200, 200, 200, 201, 304, 404, 500))},"took_ms":{number() * 900:.3f},"path":"/api/v2/{pick(WORDS)}/'
            f'{bits(24)}","client":{{"ip":"{bits(8)}.{bits(8)}.{bits(8)}.{bits(8)}","agent":"{pick(AGENTS)}"}},'
            f'"message":"{" ".join(draw.choices(WORDS, k=33))} {bits(40):x}"}}'
        )
        yield f"{serial:07}-{bits(48):012x}", source


def large(count: int) -> Iterator[tuple[str, str]]:
    """Ids and sources, of about 256 KiB each."""
    lines: list[str] = []
    size = 0
    serial = 0
    # Made of the small ones' texts, escaped as a text within JSON.
    for _, source in small(count * LARGE_BYTES // 500):
        line = json.dumps(source)[1:-1]
        lines.append(line)
        size += len(line) + 2
        if size >= LARGE_BYTES:
            text = "\\n".join(lines)
            yield f"large-{serial:05}", f'{{"lines":"{text}"}}'
            serial += 1
            if serial == count:
                return
            lines.clear()
            size = 0
