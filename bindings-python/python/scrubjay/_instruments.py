"""The part of a tracker that makes spans and takes measurements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from scrubjay import _native
from scrubjay.metrics import Counter, Gauge, Histogram, MetricType, Timed
from scrubjay.trace import Span, SpanKind

if TYPE_CHECKING:
    from scrubjay._types import Preview


class Instrumented:
    """Traces and metrics of a tracker. Nothing here blocks or raises."""

    _client: _native.Client

    def is_off(self) -> bool:
        """Whether nothing is captured, by anybody's word; `status` says by whose."""
        return self._client.is_off()

    def span(
        self,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        kind: SpanKind = "internal",
        parent: str | None = None,
    ) -> Span:
        """A unit of work: `with tracker.span("load") as span:`, `async with`, or `@tracker.span("load")`.

        It belongs to the span that is current where it is entered, or to the one whose `traceparent` is given as
        `parent`, as `scrubjay.trace.extract(headers)` finds it.
        """
        # Its methods are this tracker's own, in a class of which both parts are there.
        return Span(cast(Any, self), name, attributes, kind=kind, parent=parent)

    def timed(self, name: str, attributes: Mapping[str, Any] | None = None) -> Timed:
        """Adds the milliseconds that a block or, with `@`, each call of a function takes to the histogram `name`."""
        return Histogram(self, "histogram", name, "ms").timed(attributes)

    def counter(self, name: str, unit: str | None = None) -> Counter:
        """A sum that only grows."""
        return Counter(self, "counter", name, unit)

    def updowncounter(self, name: str, unit: str | None = None) -> Counter:
        """A sum that grows and shrinks, such as of open connections."""
        return Counter(self, "updowncounter", name, unit)

    def gauge(self, name: str, unit: str | None = None) -> Gauge:
        """A value of which the last one counts."""
        return Gauge(self, "gauge", name, unit)

    def histogram(self, name: str, unit: str | None = None) -> Histogram:
        """A distribution of values."""
        return Histogram(self, "histogram", name, unit)

    def measure(
        self,
        kind: MetricType,
        name: str,
        value: float,
        *,
        unit: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> bool:
        """Adds one measurement to the sum, value or distribution of `name` and `attributes`.

        Whether it was taken: not where collection is off, nor where it is no measurement. Beyond
        `client.metrics.cardinality_limit` sets of attributes, further ones are added up as one. Never raises.
        """
        return self._client.measure(kind, name, value, unit, attributes)

    def preview(self) -> list[Preview]:
        """What the next requests would carry: method, URL, headers (secrets unshown) and body. Sends nothing."""
        return cast("list[Preview]", json.loads(self._client.preview()))
