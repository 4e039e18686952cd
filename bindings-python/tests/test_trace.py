"""Spans and the traceparent, and which records belong to them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Collector

import scrubjay
from scrubjay import Tracker, current_span
from scrubjay.trace import extract, inject

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


LOG = {"event_type": "e", "feature_flag_context": {}}


def delivered(tracker: Tracker, collector: Collector) -> list[dict[str, Any]]:
    """What arrives, in order."""
    assert tracker.flush(30)
    found: list[dict[str, Any]] = []
    while not collector.requests.empty():
        found += collector.requests.get().records
    return found


def spans(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["name"]: record for record in records if record["schema"] == "telemetry_span_v1"}


@pytest.fixture
def tracker(collector: Collector) -> Iterator[Tracker]:
    with Tracker(collector.config()) as made:
        yield made


def test_a_span_is_delivered_with_its_attributes_events_and_duration(tracker: Tracker, collector: Collector) -> None:
    with tracker.span("load", {"rows": 3}, kind="client") as span:
        span.set_attribute("cached", True).add_event("half", {"at": 1}).set_status("ok")
    (record,) = delivered(tracker, collector)
    assert (record["name"], record["kind"], record["status"]) == ("load", "client", {"code": "ok"})
    assert record["attributes"] == {"rows": 3, "cached": True}
    assert [(event["name"], event["attributes"]) for event in record["events"]] == [("half", {"at": 1})]
    assert int(record["end_time_unix_nano"]) >= int(record["start_time_unix_nano"]) > 0
    assert span.traceparent == f"00-{record['trace_id']}-{record['span_id']}-{record['flags']:02x}"
    assert "parent_span_id" not in record


def test_records_and_spans_inside_a_span_belong_to_it(tracker: Tracker, collector: Collector) -> None:
    with tracker.span("outer"):
        tracker.track("app", "inside")
        tracker.track("app", "own", context={"trace_id": "f" * 32})
        with tracker.span("inner"):
            tracker.track_record(
                {"schema": "telemetry_log_v1", "component": "c", "level": "info", "message": "m", **LOG}
            )
    tracker.track("app", "outside")
    records = delivered(tracker, collector)
    found = spans(records)
    outer, inner = found["outer"], found["inner"]
    assert (inner["trace_id"], inner["parent_span_id"]) == (outer["trace_id"], outer["span_id"])
    events = {record["event"]: record for record in records if record["schema"] == "telemetry_event_v1"}
    assert events["inside"]["context"] == {"trace_id": outer["trace_id"], "span_id": outer["span_id"]}
    assert events["own"]["context"]["trace_id"] == "f" * 32
    assert "context" not in events["outside"]
    (log,) = (record for record in records if record["schema"] == "telemetry_log_v1")
    assert log["context"] == {"trace_id": inner["trace_id"], "span_id": inner["span_id"]}


def test_an_exception_is_recorded_without_its_personal_data_and_goes_on(tracker: Tracker, collector: Collector) -> None:
    with pytest.raises(LookupError), tracker.span("find"):
        raise LookupError("no user ann@example.com")
    (record,) = delivered(tracker, collector)
    assert record["status"] == {"code": "error", "message": "LookupError"}
    assert record["events"][0]["attributes"] == {
        "exception.type": "LookupError",
        "exception.message": "no user [email]",
    }


def test_a_caller_s_traceparent_is_continued_and_a_wrong_one_begins_a_new_trace(
    tracker: Tracker, collector: Collector
) -> None:
    headers: dict[str, str] = {}
    with tracker.span("served", parent=extract({"TraceParent": PARENT})):
        inject(headers)
    with tracker.span("foreign", parent="nonsense"):
        pass
    found = spans(delivered(tracker, collector))
    assert (found["served"]["trace_id"], found["served"]["parent_span_id"]) == (PARENT[3:35], PARENT[36:52])
    assert headers["traceparent"] == f"00-{PARENT[3:35]}-{found['served']['span_id']}-01"
    assert found["foreign"]["trace_id"] != PARENT[3:35]
    assert "parent_span_id" not in found["foreign"]


@pytest.mark.parametrize("header", ["", "nonsense", PARENT[:-1], PARENT.replace("00-", "ff-", 1)])
def test_what_is_no_traceparent_is_not_extracted(header: str) -> None:
    assert extract({"traceparent": header}) is None


def test_a_decorated_function_of_any_kind_is_a_span_each_call(tracker: Tracker, collector: Collector) -> None:
    @tracker.span("plain")
    def plain(number: int) -> int:
        return number + 1

    @tracker.span("coroutine")
    async def coroutine(number: int) -> int:
        await asyncio.sleep(0)
        assert current_span() is not None
        return number + 1

    @tracker.span("generator")
    def generator() -> Iterator[int]:
        yield 1

    @tracker.span("async generator")
    async def async_generator() -> AsyncIterator[int]:
        yield 1

    async def run() -> None:
        assert await coroutine(1) == 2
        assert [item async for item in async_generator()] == [1]

    assert (plain(1), plain(2), list(generator())) == (2, 3, [1])
    asyncio.run(run())
    names = [record["name"] for record in delivered(tracker, collector)]
    assert names == ["plain", "plain", "generator", "coroutine", "async generator"]
    assert current_span() is None


def test_tasks_and_threads_have_spans_of_their_own(tracker: Tracker, collector: Collector) -> None:
    async def task(name: str) -> None:
        async with tracker.span(name):
            await asyncio.sleep(0)
            tracker.track("app", name)

    async def run() -> None:
        async with tracker.span("root"):
            await asyncio.gather(task("one"), task("two"))

    asyncio.run(run())
    thread = threading.Thread(target=lambda: tracker.span("thread").begin().end())
    with tracker.span("main"):
        thread.start()
        thread.join()
    records = delivered(tracker, collector)
    found = spans(records)
    assert {found[name]["parent_span_id"] for name in ("one", "two")} == {found["root"]["span_id"]}
    for record in records:
        if record["schema"] == "telemetry_event_v1":
            assert record["context"]["span_id"] == found[record["event"]]["span_id"]
    # A thread begins with nothing.
    assert found["thread"]["trace_id"] != found["main"]["trace_id"]


def test_a_span_that_is_left_elsewhere_spoils_nothing(tracker: Tracker, collector: Collector) -> None:
    import contextvars

    span = tracker.span("odd")
    contextvars.copy_context().run(span.begin)
    span.end()
    assert current_span() is None
    assert [record["name"] for record in delivered(tracker, collector)] == ["odd"]


def test_without_collection_a_span_makes_no_ids_and_costs_no_context() -> None:
    headers: dict[str, str] = {}
    with Tracker() as off, off.span("nothing") as span:
        inject(headers)
        assert (span.traceparent, current_span(), headers) == ("", None, {})


def test_measurements_are_added_up_and_delivered_as_metrics(tracker: Tracker, collector: Collector) -> None:
    counter = tracker.counter("api_requests")
    for _ in range(3):
        assert counter.add(attributes={"endpoint": "/users"})
    assert tracker.gauge("queue.depth", "items").set(7)
    assert tracker.measure("histogram", "response_time", 12.5, unit="ms")

    @tracker.timed("work.duration")
    def work() -> int:
        return 1

    assert work() == 1
    with tracker.timed("work.duration"):
        pass
    metrics = {record["name"]: record for record in delivered(tracker, collector)}
    assert (metrics["api_requests"]["value"], metrics["api_requests"]["attributes"]["endpoint"]) == (3, "/users")
    assert (metrics["queue.depth"]["value"], metrics["queue.depth"]["unit"]) == (7, "items")
    assert metrics["work.duration"]["type"] == "histogram"
    assert set(metrics) == {"api_requests", "queue.depth", "response_time", "work.duration"}


@pytest.mark.parametrize(("name", "value"), [("x", float("nan")), ("x", "much"), ("x", {1}), (None, 1), ("x", 10**400)])
def test_what_is_no_measurement_is_answered_with_no(tracker: Tracker, name: Any, value: Any) -> None:
    assert tracker.measure("counter", name, value) is False
    assert tracker.measure("sundial", "x", 1) is False  # type: ignore[arg-type]


def test_preview_shows_what_the_next_request_would_carry_and_sends_nothing(collector: Collector) -> None:
    with Tracker(collector.config(upload_enabled=False)) as tracker:
        tracker.track("app", "login", {"mail": "ann@example.com"})
        (request,) = tracker.preview()
        assert request["to"].startswith(collector.url)
        assert "[email]" in request["body"]
        assert "ann@" not in request["body"]
    assert collector.requests.empty()


def test_the_readme_s_example_runs_as_it_stands(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    source = readme.partition("## Traces and metrics")[2].partition("```python\n")[2].partition("```")[0]
    monkeypatch.setenv("TELEMETRY_ENABLED", "true")
    monkeypatch.setenv("TELEMETRY_ENDPOINT", collector.url)
    exec(compile(source, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - our own page
    records = [record for request in list(collector.requests.queue) for record in request.records]
    names = {record.get("name") or record.get("event") for record in records}
    assert names == {"load", "loaded", "import.duration", "api_requests", "queue.depth"}


def test_the_program_s_client_serves_decorators_that_came_before_it(collector: Collector) -> None:
    @scrubjay.span("early")
    def early() -> None:
        scrubjay.track("app", "inside")

    early()
    assert scrubjay.track("app", "nobody listens") is False
    client = scrubjay.init(collector.config())
    try:
        early()
        assert scrubjay.get_client() is client
        assert scrubjay.flush(30)
    finally:
        scrubjay.shutdown()
    records = collector.next().records
    assert [record.get("event", record.get("name")) for record in records] == ["inside", "early"]
    assert scrubjay.get_client() is None
