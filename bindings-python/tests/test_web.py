"""Web frameworks, each the real one: what is recorded of a request, and R2's layers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import fastapi
import flask
import pytest
import starlette.testclient
from conftest import Collector
from django.conf import settings

from scrubjay import Tracker, _native
from scrubjay.integrations.asgi import TelemetryMiddleware
from scrubjay.integrations.flask import Telemetry
from scrubjay.request import (
    RequestContext,
    TelemetryRecorder,
    TelemetryStorageException,
    TraceStorage,
    TrackerStorage,
    current_request,
    enter_request,
    leave_request,
)

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
HEADERS = {"traceparent": PARENT, "x-request-id": "req-1", "user-agent": "probe/1.0"}

Call = Callable[[str], tuple[int, dict[str, str]]]
"""A GET of a path with `HEADERS`: status and headers of the response."""


@pytest.fixture
def tracker(collector: Collector) -> Iterator[Tracker]:
    with Tracker(collector.config()) as made:
        yield made


def answered(response: Any) -> tuple[int, dict[str, str]]:
    """What every framework's test client knows of a response."""
    return response.status_code, {name.lower(): value for name, value in response.headers.items()}


def fastapi_app(tracker: Tracker) -> Call:
    app = fastapi.FastAPI()
    app.add_middleware(TelemetryMiddleware, tracker=tracker)

    @app.get("/items/{item}")
    async def item(item: str) -> dict[str, str]:
        await asyncio.sleep(0)
        tracker.track("shop", "looked", {"item": item})
        return {"item": item}

    @app.get("/broken")
    def broken() -> None:
        raise LookupError("nobody called ann@example.com")

    client = starlette.testclient.TestClient(app, raise_server_exceptions=False, client=("203.0.113.77", 5))
    return lambda path: answered(client.get(path, headers=HEADERS))


def flask_app(tracker: Tracker) -> Call:
    app = flask.Flask("shop")
    Telemetry(app, tracker)

    @app.get("/items/<item>")
    def item(item: str) -> dict[str, str]:
        tracker.track("shop", "looked", {"item": item})
        return {"item": item}

    @app.get("/broken")
    def broken() -> str:
        raise LookupError("nobody called ann@example.com")

    client = app.test_client()
    environ = {"REMOTE_ADDR": "203.0.113.77"}
    return lambda path: answered(client.get(path, headers=HEADERS, environ_overrides=environ))


def django_settings(tracker: Tracker, urls: Any) -> None:
    if not settings.configured:
        settings.configure(
            DEBUG=False,
            ALLOWED_HOSTS=["*"],
            SECRET_KEY="of no other test",  # noqa: S106
            MIDDLEWARE=["scrubjay.integrations.django.TelemetryMiddleware"],
            LOGGING_CONFIG=None,
        )
        django.setup()
    settings.ROOT_URLCONF = urls
    settings.SCRUBJAY_TRACKER = tracker


def django_app(tracker: Tracker) -> Call:
    from django.http import HttpResponse
    from django.test import Client
    from django.urls import path as route

    def item(_request: Any, item: str) -> HttpResponse:
        tracker.track("shop", "looked", {"item": item})
        return HttpResponse(item)

    def broken(_request: Any) -> HttpResponse:
        raise LookupError("nobody called ann@example.com")

    django_settings(tracker, (route("items/<str:item>", item), route("broken", broken)))
    client = Client(raise_request_exception=False, REMOTE_ADDR="203.0.113.77")
    return lambda path: answered(client.get(path, headers=HEADERS))


def async_django_app(tracker: Tracker) -> Call:
    from django.http import HttpResponse
    from django.test import AsyncClient
    from django.urls import path as route

    async def item(_request: Any, item: str) -> HttpResponse:
        await asyncio.sleep(0)
        tracker.track("shop", "looked", {"item": item})
        return HttpResponse(item)

    async def broken(_request: Any) -> HttpResponse:
        raise LookupError("nobody called ann@example.com")

    django_settings(tracker, (route("items/<str:item>", item), route("broken", broken)))
    # A request of Django's client has no peer but the server's own.
    client = AsyncClient(raise_request_exception=False)

    def call(path: str) -> tuple[int, dict[str, str]]:
        return answered(asyncio.run(client.get(path, headers=HEADERS)))

    return call


FRAMEWORKS = {
    "fastapi": (fastapi_app, "/items/{item}"),
    "flask": (flask_app, "/items/<item>"),
    "django": (django_app, "/items/<str:item>"),
    "async django": (async_django_app, "/items/<str:item>"),
}


@pytest.fixture(params=FRAMEWORKS)
def served(request: pytest.FixtureRequest, tracker: Tracker) -> tuple[Call, str]:
    make, route = FRAMEWORKS[request.param]
    return make(tracker), route


def records_of(tracker: Tracker, collector: Collector) -> dict[str, dict[str, Any]]:
    assert tracker.flush(30)
    records = [record for request in list(collector.requests.queue) for record in request.records]
    return {record["schema"].removeprefix("telemetry_").removesuffix("_v1"): record for record in records}


def test_a_request_is_a_span_and_the_context_of_its_records(
    tracker: Tracker, collector: Collector, served: tuple[Call, str]
) -> None:
    call, route = served
    status, headers = call("/items/ann@example.com")
    assert (status, headers["x-request-id"]) == (200, "req-1")
    found = records_of(tracker, collector)
    span, event = found["span"], found["event"]
    assert (span["name"], span["kind"], span["trace_id"]) == (f"GET {route}", "server", PARENT[3:35])
    assert span["parent_span_id"] == PARENT[36:52]
    assert span["attributes"] == {
        "http.request.method": "GET",
        "http.route": route,
        "http.response.status_code": 200,
    }
    context = event["context"]
    assert (context["request_id"], context["route_name"], context["span_id"]) == ("req-1", route, span["span_id"])
    assert context["user_agent"] == "probe/1.0"
    assert context["ip_address"] in ("203.0.113.0", "127.0.0.1")
    assert found["metric"]["name"] == "http.server.request.duration"
    assert "ann@" not in str(list(collector.requests.queue))
    assert current_request() is None


def test_a_view_that_raises_answers_as_ever_and_its_span_says_why(
    tracker: Tracker, collector: Collector, served: tuple[Call, str]
) -> None:
    call, _ = served
    assert call("/broken")[0] == 500
    span = records_of(tracker, collector)["span"]
    assert (span["name"], span["status"]["code"]) == ("GET /broken", "error")
    assert span["attributes"]["http.response.status_code"] == 500
    assert span["events"][0]["attributes"]["exception.type"] == "LookupError"
    assert "ann@" not in str(span)


def test_a_path_without_a_route_is_not_recorded(
    tracker: Tracker, collector: Collector, served: tuple[Call, str]
) -> None:
    call, _ = served
    assert call("/nobody/ann")[0] == 404
    span = records_of(tracker, collector)["span"]
    assert span["name"] == "GET"
    assert "ann" not in str(span)


def test_where_collection_is_off_requests_pass_untouched(served: tuple[Call, str], tracker: Tracker) -> None:
    call, _ = served
    tracker.opt_out(source="test")
    status, headers = call("/items/1")
    assert status == 200
    assert "x-request-id" not in headers


def test_the_recorder_adds_the_request_s_context_and_swallows_what_the_storage_raises(
    tracker: Tracker, collector: Collector
) -> None:
    recorder = TelemetryRecorder(TrackerStorage(tracker))
    token = enter_request(RequestContext(request_id="req-1", route_name="admin.show", ip_address="203.0.113.77"))
    recorder.record("admin.login.denied", "warning", actor_type="admin", actor_id=7, metadata={"why": "password"})
    leave_request(token)
    recorder.record("job.done")
    tracker.shutdown(30)
    inside, outside = [record for request in list(collector.requests.queue) for record in request.records]
    assert (inside["event_key"], inside["severity"], inside["request_id"]) == (
        "admin.login.denied",
        "warning",
        "req-1",
    )
    assert (inside["route_name"], inside["ip_address"]) == ("admin.show", "203.0.113.0")
    assert "request_id" not in outside


def test_traces_are_stored_in_a_folder_and_a_failure_stops_at_the_recorder(tmp_path: Path) -> None:
    storage = TraceStorage(tmp_path)
    recorder = TelemetryRecorder(storage)
    recorder.record("job.done", metadata={"mail": "ann@example.com"})
    store = _native.Store(str(tmp_path))
    assert "[email]" in store.query("default", json.dumps({"schema": "telemetry_trace_v1"}))
    store.close()
    storage.close()
    recorder.record("job.done")
    assert recorder.failed == 1
    with pytest.raises(TelemetryStorageException):
        storage.insert({"schema": "telemetry_trace_v1", "event_key": "job.done"})
