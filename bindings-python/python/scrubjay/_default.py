"""The client of a program that needs only one: `scrubjay.init(…)`, then `scrubjay.track(…)` from anywhere."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from scrubjay._complaint import logger
from scrubjay._recorder import declared_by, event_of
from scrubjay.client import TelemetryClient
from scrubjay.metrics import Histogram, MetricType, Timed
from scrubjay.trace import Span, SpanKind
from scrubjay.tracker import EXIT_TIMEOUT

_lock = threading.Lock()
_client: TelemetryClient | None = None


def init(*args: Any, **kwargs: Any) -> TelemetryClient:
    """Makes the program's client, with the arguments of `TelemetryClient`, and returns it.

    A second call replaces the first one's client, which delivers what it has, and says so through the logger
    `telemetry`. Raises `ScrubjayError` for a wrong configuration, and then nothing changes.
    """
    global _client
    made = TelemetryClient(*args, **kwargs)
    with _lock:
        former, _client = _client, made
    if former is not None:
        logger().warning("scrubjay.init was called again: the former client is shut down")
        former.shutdown()
    return made


def get_client() -> TelemetryClient | None:
    """The client that `init` made, if any."""
    return _client


@declared_by(event_of)
def track(*args: Any, **kwargs: Any) -> bool:
    """`Tracker.track` of the program's client; `False` before `init`. Never raises."""
    if _client is None:
        # A wrong call is one before `init`, too.
        event_of(*args, **kwargs)
        return False
    return _client.track(*args, **kwargs)


def flush(timeout: float = 5.0) -> bool:
    """`Tracker.flush` of the program's client."""
    return True if _client is None else _client.flush(timeout)


def shutdown(timeout: float = EXIT_TIMEOUT) -> bool:
    """`Tracker.shutdown` of the program's client, after which there is none until the next `init`."""
    global _client
    with _lock:
        former, _client = _client, None
    return True if former is None else former.shutdown(timeout)


class _Present:
    """The program's client at the time of each call: decorators are applied before `init` is called."""

    def is_off(self) -> bool:
        return _client is None or _client.is_off()

    def flush(self, timeout: float) -> bool:
        return flush(timeout)

    def track_record(self, record: Mapping[str, Any]) -> bool:
        return _client is not None and _client.track_record(record)

    def measure(
        self,
        kind: MetricType,
        name: str,
        value: float,
        *,
        unit: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> bool:
        return _client is not None and _client.measure(kind, name, value, unit=unit, attributes=attributes)


PRESENT = _Present()


def span(
    name: str, attributes: Mapping[str, Any] | None = None, *, kind: SpanKind = "internal", parent: str | None = None
) -> Span:
    """`Tracker.span` of the program's client, also as a decorator of functions that are defined before `init`."""
    return Span(PRESENT, name, attributes, kind=kind, parent=parent)


def timed(name: str, attributes: Mapping[str, Any] | None = None) -> Timed:
    """`Tracker.timed` of the program's client, also as a decorator of functions that are defined before `init`."""
    return Histogram(PRESENT, "histogram", name, "ms").timed(attributes)
