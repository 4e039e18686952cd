"""logging, structlog, OpenTelemetry and Prometheus, each with the real package."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import prometheus_client
import pytest
import structlog
from conftest import Collector
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from scrubjay import Tracker
from scrubjay.integrations.logging import TelemetryHandler
from scrubjay.integrations.opentelemetry import (
    TelemetryLogRecordExporter,
    TelemetryLogRecordProcessor,
    TelemetrySpanExporter,
    TelemetrySpanProcessor,
)
from scrubjay.integrations.prometheus import TelemetryCollector
from scrubjay.integrations.structlog import TelemetryProcessor


@pytest.fixture
def tracker(collector: Collector) -> Iterator[Tracker]:
    with Tracker(collector.config()) as made:
        yield made


def delivered(tracker: Tracker, collector: Collector) -> list[dict[str, Any]]:
    assert tracker.flush(30)
    assert tracker.stats()["dropped"] == {} or not any(tracker.stats()["dropped"].values()), tracker.stats()
    return [record for request in list(collector.requests.queue) for record in request.records]


@pytest.fixture
def logger(tracker: Tracker) -> Iterator[logging.Logger]:
    made = logging.getLogger("shop.checkout")
    handler = TelemetryHandler(tracker)
    made.addHandler(handler)
    made.setLevel(logging.DEBUG)
    # The test's own handlers look at records, too.
    made.propagate = False
    yield made
    made.removeHandler(handler)


def test_what_is_logged_arrives_scrubbed_with_extra_and_exception(
    tracker: Tracker, collector: Collector, logger: logging.Logger
) -> None:
    try:
        raise ValueError("bad card 4111 1111 1111 1111")
    except ValueError:
        logger.exception("order of %s failed", "ann@example.com", extra={"order": 7, "socket": object()})
    logger.debug("fine")
    failed, fine = delivered(tracker, collector)
    assert (failed["component"], failed["level"], failed["message"]) == (
        "shop.checkout",
        "error",
        "order of [email] failed",
    )
    assert failed["metadata"]["order"] == 7
    assert "socket" not in failed["metadata"]
    assert failed["metadata"]["exception.type"] == "ValueError"
    assert "4111" not in failed["metadata"]["exception.message"]
    assert fine["level"] == "debug"


def test_a_handler_on_the_root_logger_does_not_recurse(
    tracker: Tracker, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loud:
        def __str__(self) -> str:
            logging.getLogger("loud").warning("somebody looks at me")
            return "loud"

    # The test's own handlers look at records, too.
    monkeypatch.setattr(logging.getLogger(), "handlers", [TelemetryHandler(tracker)])
    # Both log while a record is captured: the value's own code, and the tracker about what it cannot write.
    logging.getLogger("app").warning("it is %s", Loud())
    logging.getLogger("app").warning("odd", extra={"values": [object()]})
    assert [record["message"] for record in delivered(tracker, collector)] == ["it is loud"]
    assert tracker.stats()["not_captured"] == 1


def test_a_log_record_inside_a_span_belongs_to_it(
    tracker: Tracker, collector: Collector, logger: logging.Logger
) -> None:
    with tracker.span("work") as span:
        logger.info("inside")
    log, _ = delivered(tracker, collector)
    assert log["context"]["span_id"] == span.span_id


def test_a_message_that_cannot_be_formatted_does_not_reach_the_host(
    tracker: Tracker, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    record = logging.makeLogRecord({"name": "app", "msg": "%d", "args": ("no number",), "levelno": logging.INFO})
    TelemetryHandler(tracker).handle(record)
    assert "Logging error" in capsys.readouterr().err
    assert delivered(tracker, collector) == []


def test_structlog_events_arrive_and_are_passed_on_unchanged(tracker: Tracker, collector: Collector) -> None:
    lines: list[dict[str, Any]] = []

    def keep(_logger: Any, _name: str, event: Any) -> str:
        lines.append(dict(event))
        raise structlog.DropEvent

    processors = [structlog.processors.add_log_level, TelemetryProcessor(tracker, "shop"), keep]
    log = structlog.wrap_logger(structlog.PrintLogger(), processors=processors)
    log.warning("paid", user="ann@example.com", amount=3)
    try:
        raise KeyError("x")
    except KeyError:
        log.critical("failed", exc_info=True)
    paid, failed = delivered(tracker, collector)
    assert (paid["component"], paid["level"], paid["message"]) == ("shop", "warning", "paid")
    assert paid["metadata"] == {"user": "[email]", "amount": 3}
    assert (failed["level"], failed["metadata"]["exception.type"]) == ("fatal", "KeyError")
    assert lines[0] == {"event": "paid", "user": "ann@example.com", "amount": 3, "level": "warning"}


@pytest.mark.parametrize("kind", ["processor", "exporter"])
def test_opentelemetry_s_spans_arrive(tracker: Tracker, collector: Collector, kind: str) -> None:
    provider = TracerProvider()
    exporter = SimpleSpanProcessor(TelemetrySpanExporter(tracker))
    provider.add_span_processor(TelemetrySpanProcessor(tracker) if kind == "processor" else exporter)
    tracer = provider.get_tracer("shop")
    with (
        tracer.start_as_current_span("outer") as outer,
        tracer.start_as_current_span("pay", kind=SpanKind.CLIENT, attributes={"n": 1}) as span,
    ):
        span.add_event("retried", {"mail": "ann@example.com"})
        span.set_status(StatusCode.ERROR, "card refused")
    pay, root = delivered(tracker, collector)
    assert (pay["name"], pay["kind"], pay["attributes"]) == ("pay", "client", {"n": 1})
    assert pay["trace_id"] == f"{outer.get_span_context().trace_id:032x}"
    assert (pay["parent_span_id"], root["name"]) == (root["span_id"], "outer")
    assert pay["status"] == {"code": "error", "message": "card refused"}
    assert pay["events"][0]["attributes"] == {"mail": "[email]"}
    provider.shutdown()


@pytest.mark.parametrize("kind", ["processor", "exporter"])
def test_opentelemetry_s_log_records_arrive(tracker: Tracker, collector: Collector, kind: str) -> None:
    from opentelemetry._logs import LogRecord, SeverityNumber

    provider = LoggerProvider()
    exporter = SimpleLogRecordProcessor(TelemetryLogRecordExporter(tracker))
    provider.add_log_record_processor(TelemetryLogRecordProcessor(tracker) if kind == "processor" else exporter)
    tracer = TracerProvider().get_tracer("shop")
    with tracer.start_as_current_span("work") as span:
        provider.get_logger("shop").emit(
            LogRecord(
                severity_number=SeverityNumber.WARN2,
                body="mail to ann@example.com",
                event_name="mailed",
                attributes={"n": 1},
            )
        )
    (record,) = delivered(tracker, collector)
    assert (record["component"], record["level"], record["message"]) == ("shop", "warning", "mail to [email]")
    assert (record["event_type"], record["metadata"]) == ("mailed", {"n": 1})
    assert record["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()


def test_prometheus_shows_the_books(tracker: Tracker, collector: Collector) -> None:
    registry = prometheus_client.CollectorRegistry()
    shown = TelemetryCollector(tracker, registry)
    tracker.track("app", "login", {"mail": "ann@example.com"})
    tracker.track("app", "")
    tracker.flush(30)
    assert registry.get_sample_value("scrubjay_records_accepted_total") == 2
    assert registry.get_sample_value("scrubjay_records_delivered_total") == len(collector.next().records) == 1
    assert registry.get_sample_value("scrubjay_records_dropped_total", {"reason": "invalid"}) == 1
    assert registry.get_sample_value("scrubjay_redactions_total", {"rule": "email"}) >= 1
    text = prometheus_client.generate_latest(registry).decode()
    assert "ann@" not in text
    shown.close()
    assert registry.get_sample_value("scrubjay_records_accepted_total") is None
