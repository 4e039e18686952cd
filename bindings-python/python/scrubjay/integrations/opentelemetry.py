"""OpenTelemetry's SDK as a source: its spans and log records go through the engine and out by our client.

    provider.add_span_processor(TelemetrySpanProcessor(tracker))
    logger_provider.add_log_record_processor(TelemetryLogRecordProcessor(tracker))

There are exporters, too, for programs that batch already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from opentelemetry.sdk._logs import LogRecordProcessor
from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from scrubjay.integrations._http import tracker_of
from scrubjay.integrations.logging import EVENT_TYPE

#: The record's words for ranges of OpenTelemetry's severity numbers, by the least of each.
_SEVERITIES: Final = ((21, "fatal"), (17, "error"), (13, "warning"), (9, "info"), (0, "debug"))
#: Seconds of its unit, milliseconds.
_MS: Final = 1_000


class TelemetrySpanProcessor(SpanProcessor):
    """Captures each span as it ends. Never raises."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Nothing: a span is recorded when it is known whole."""

    def on_end(self, span: Any) -> None:
        """Captures a span that is sampled."""
        if span.context.trace_flags.sampled:
            self._tracker.track_record(span_record(span))

    def shutdown(self) -> None:
        """The tracker is its owner's to shut down."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until all is delivered."""
        return bool(self._tracker.flush(timeout_millis / _MS))


class TelemetrySpanExporter(SpanExporter):
    """The same behind a processor of OpenTelemetry's."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)

    def export(self, spans: Sequence[Any]) -> Any:
        """Captures the spans; delivery is the tracker's own."""
        for span in spans:
            self._tracker.track_record(span_record(span))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """The tracker is its owner's to shut down."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until all is delivered."""
        return bool(self._tracker.flush(timeout_millis / _MS))


class TelemetryLogRecordProcessor(LogRecordProcessor):
    """Captures each log record as it is emitted. Never raises."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)

    def on_emit(self, log_record: Any) -> None:
        """Captures a log record."""
        self._tracker.track_record(log_record_of(log_record))

    def shutdown(self) -> None:
        """The tracker is its owner's to shut down."""
        self.force_flush()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until all is delivered."""
        return bool(self._tracker.flush(timeout_millis / _MS))


class TelemetryLogRecordExporter(LogRecordExporter):
    """The same behind a processor of OpenTelemetry's."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)

    def export(self, batch: Sequence[Any]) -> Any:
        """Captures the log records; delivery is the tracker's own."""
        for log_record in batch:
            self._tracker.track_record(log_record_of(log_record))
        return LogRecordExportResult.SUCCESS

    def shutdown(self) -> None:
        """The tracker is its owner's to shut down."""

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Waits until all is delivered."""
        return bool(self._tracker.flush(timeout_millis / _MS))


def span_record(span: Any) -> dict[str, Any]:
    """A finished span of the SDK as a record, before it is scrubbed."""
    record: dict[str, Any] = {
        "schema": "telemetry_span_v1",
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.name.lower(),
        "start_time_unix_nano": str(span.start_time),
        "end_time_unix_nano": str(span.end_time),
        "flags": int(span.context.trace_flags),
        "attributes": dict(span.attributes or {}),
        "status": {"code": span.status.status_code.name.lower()},
        "events": [
            {"time_unix_nano": str(event.timestamp), "name": event.name, "attributes": dict(event.attributes or {})}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                "attributes": dict(link.attributes or {}),
            }
            for link in span.links
        ],
    }
    if span.parent is not None:
        record["parent_span_id"] = f"{span.parent.span_id:016x}"
    if span.status.description:
        record["status"]["message"] = span.status.description
    counts = {
        "dropped_attributes_count": span.dropped_attributes,
        "dropped_events_count": span.dropped_events,
        "dropped_links_count": span.dropped_links,
    }
    record.update((name, count) for name, count in counts.items() if count)
    if span.context.trace_state:
        record["trace_state"] = span.context.trace_state.to_header()
    return record


def log_record_of(data: Any) -> dict[str, Any]:
    """A log record of the SDK as a record, before it is scrubbed."""
    log = data.log_record
    number = log.severity_number.value if log.severity_number is not None else 0
    record: dict[str, Any] = {
        "schema": "telemetry_log_v1",
        "component": data.instrumentation_scope.name if data.instrumentation_scope else "app",
        "level": next(word for least, word in _SEVERITIES if number >= least),
        "message": log.body if isinstance(log.body, str) else "" if log.body is None else repr(log.body),
        "event_type": getattr(log, "event_name", None) or EVENT_TYPE,
        "feature_flag_context": {},
        "metadata": dict(log.attributes or {}),
    }
    if log.trace_id:
        record["trace_id"] = f"{log.trace_id:032x}"
        record["context"] = {"trace_id": f"{log.trace_id:032x}", "span_id": f"{log.span_id or 0:016x}"}
    return record
