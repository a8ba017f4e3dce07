"""The agent's own account after a load: a benchmark of a capture proxy that did not capture is void."""

import json
import time
import urllib.request

from .processes import BenchError

# What connections have pending is appended when they end, at the latest within this.
APPEND_DEADLINE_SECONDS = 5.0
# Kafka may be slower than the load was; the rest is shipped from the log.
DELIVERY_DEADLINE_SECONDS = 180.0
POLL_SECONDS = 0.02
PAGE_DEADLINE_SECONDS = 5.0


def void(admin: str, made: int, in_flight: int, bytes_each: int, kafka: bool) -> str | None:
    """Why the capture is not whole, if it is not.

    `made` requests were answered; up to `in_flight` more were on their way when the load stopped. Each brought at least
    `bytes_each` bytes of bodies, its response's included.
    """
    page = _settled(admin, lambda page: page["connections"]["open"] == 0 and _captured(page) >= made)
    reason = judge(page, made, in_flight, bytes_each)
    if reason is None and kafka:
        page = _settled(admin, lambda page: page["held"]["requests"] == 0, DELIVERY_DEADLINE_SECONDS)
        reason = judge(page, made, in_flight, bytes_each) or undelivered(page)
    return reason


def judge(page: dict, made: int, in_flight: int, bytes_each: int) -> str | None:
    """What the status page says against the load."""
    if page["state"] != "capturing":
        return f"the agent is {page['state']}: {page['reason']}"
    if page["gaps"]:
        return f"{len(page['gaps'])} gaps in the capture, the first: {page['gaps'][0]['reason']}"
    if page["lost"]["records"]:
        return f"{page['lost']['records']} records lost"
    captured = _captured(page)
    if not made <= captured <= made + in_flight:
        return f"{captured} requests captured, but {made} answered and at most {in_flight} in flight"
    if page["captured"]["bytes"] < made * bytes_each:
        return f"{page['captured']['bytes']} bytes captured, but the bodies alone were {made * bytes_each}"
    return None


def undelivered(page: dict) -> str | None:
    """What Kafka lacks."""
    missing = _captured(page) - page["delivered"]["requests"]
    return f"{missing} requests not delivered within {DELIVERY_DEADLINE_SECONDS:.0f} s" if missing else None


def _captured(page: dict) -> int:
    return page["captured"]["requests"]


def _settled(admin: str, settled, deadline_seconds: float = APPEND_DEADLINE_SECONDS) -> dict:
    """The status page once it is settled, or as it is when time is up."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        page = _page(admin)
        if settled(page) or time.monotonic() > deadline:
            return page
        time.sleep(POLL_SECONDS)


def _page(admin: str) -> dict:
    try:
        with urllib.request.urlopen(f"http://{admin}/status", timeout=PAGE_DEADLINE_SECONDS) as response:
            return json.load(response)
    except (OSError, ValueError) as error:
        raise BenchError(f"the agent's status page at {admin} can't be read: {error}") from error
