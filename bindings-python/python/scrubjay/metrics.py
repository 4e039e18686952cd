"""Counters, gauges and histograms: added up in the client, sent once an interval."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Protocol, TypeAlias

from scrubjay.trace import Function, wrapped

MetricType: TypeAlias = Literal["counter", "updowncounter", "gauge", "histogram"]

#: Milliseconds are what the metrics catalog measures durations in; here, nanoseconds of one.
_NS_A_MS: Final = 1_000_000


class Measures(Protocol):
    """What takes measurements."""

    def measure(
        self,
        kind: MetricType,
        name: str,
        value: float,
        *,
        unit: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> bool:
        """Takes one measurement."""
        ...


class Instrument:
    """One metric of one tracker, by name, type and unit."""

    def __init__(self, measures: Measures, kind: MetricType, name: str, unit: str | None) -> None:
        self._measures = measures
        self.kind: Final = kind
        self.name: Final = name
        self.unit: Final = unit

    def _measure(self, value: float, attributes: Mapping[str, Any] | None) -> bool:
        return self._measures.measure(self.kind, self.name, value, unit=self.unit, attributes=attributes)


class Counter(Instrument):
    """A sum that only grows; one that may shrink, too, where it was made as `updowncounter`."""

    def add(self, value: float = 1, attributes: Mapping[str, Any] | None = None) -> bool:
        """Adds to the sum of these attributes; whether it was taken. Never raises."""
        return self._measure(value, attributes)


class Gauge(Instrument):
    """A value of which the last one counts."""

    def set(self, value: float, attributes: Mapping[str, Any] | None = None) -> bool:
        """Says the value of these attributes; whether it was taken. Never raises."""
        return self._measure(value, attributes)


class Histogram(Instrument):
    """A distribution of values."""

    def record(self, value: float, attributes: Mapping[str, Any] | None = None) -> bool:
        """Adds a value to the distribution of these attributes; whether it was taken. Never raises."""
        return self._measure(value, attributes)

    def timed(self, attributes: Mapping[str, Any] | None = None) -> Timed:
        """A block, or with `@` a function, whose milliseconds are recorded."""
        return Timed(self.record, attributes)


class Timed:
    """A `with` or `async with` block, or with `@` a function, whose duration is measured."""

    def __init__(
        self, record: Callable[[float, Mapping[str, Any] | None], object], attributes: Mapping[str, Any] | None
    ) -> None:
        self._record = record
        self._attributes = attributes
        self._began = 0

    def __enter__(self) -> Timed:
        self._began = time.perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record((time.perf_counter_ns() - self._began) / _NS_A_MS, self._attributes)

    async def __aenter__(self) -> Timed:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Function) -> Function:
        """A function of which each call is measured."""
        return wrapped(function, lambda: Timed(self._record, self._attributes))
