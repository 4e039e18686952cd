"""Prometheus: a tracker's books for `prometheus_client`, so that whoever scrapes the host sees what telemetry loses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector


class TelemetryCollector(Collector):
    """`scrubjay_records_accepted_total`, `…_delivered_total`, `…_dropped_total{reason}`, `…_pending` and others.

    Registers itself; `close` takes it out again. Labels are the engine's own words: nothing that a user wrote.
    """

    def __init__(self, tracker: Any, registry: Any = REGISTRY) -> None:
        self._tracker = tracker
        self._registry = registry
        registry.register(self)

    def close(self) -> None:
        """Takes it out of the registry."""
        self._registry.unregister(self)

    def collect(self) -> Iterator[Any]:
        """The books at this moment."""
        stats = self._tracker.stats()
        yield GaugeMetricFamily("scrubjay_enabled", "Whether telemetry is collected.", int(stats["enabled"]))
        yield GaugeMetricFamily("scrubjay_records_pending", "Records that wait to be sent.", stats["pending"])
        yield CounterMetricFamily("scrubjay_records_accepted", "Records that were captured.", stats["accepted"])
        yield CounterMetricFamily("scrubjay_records_delivered", "Records that were delivered.", stats["delivered"])
        yield CounterMetricFamily("scrubjay_requests", "Requests that were made.", stats["requests"])
        yield CounterMetricFamily("scrubjay_retries", "Requests that were made again.", stats["retries"])
        for name, label, what in (
            ("dropped", "reason", "Records that were dropped."),
            ("redactions", "rule", "Values that scrubbing changed."),
            ("violations", "code", "Ways in which records broke their schema."),
        ):
            prefix = "scrubjay_records_" if name == "dropped" else "scrubjay_"
            family = CounterMetricFamily(prefix + name, what, labels=[label])
            for word, count in stats[name].items():
                family.add_metric([word], count)
            yield family
