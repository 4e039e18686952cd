"""`TelemetryService` over a store's folder and over a collector's routes; R1's example with only the import changed."""

from __future__ import annotations

import http.server
import json
import os
import threading
import urllib.parse
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scrubjay import ScrubjayError, _native
from scrubjay.service import ServiceError, TelemetryService, stored_user

NOW = datetime.now(timezone.utc)


def fill(folder: Path) -> None:
    """Two metrics of two endpoints, an hour apart, and an event; another tenant's metric."""
    store, engine = _native.Store(str(folder)), _native.Engine()

    def put(tenant: str, *records: dict[str, Any]) -> None:
        lines = "\n".join(json.dumps(record) for record in records)
        verdict = json.loads(store.ingest(engine, tenant, "ndjson", lines))
        assert verdict["accepted"] == len(records), verdict

    def metric(name: str, value: float, endpoint: str, hours: float) -> dict[str, Any]:
        at = (NOW - timedelta(hours=hours)).isoformat()
        kind = {"schema": "telemetry_metric_v1", "type": "gauge", "unit": "1", "timestamp": at}
        return kind | {"name": name, "value": value, "attributes": {"endpoint": endpoint}}

    put(
        "tenant456",
        metric("api_requests", 3, "/users", 3.1),
        metric("api_requests", 4, "/users", 1.1),
        # A little later: where times are equal, ids decide the order, and those are random.
        metric("api_requests", 5, "/items", 1.099_999),
        metric("response_time", 12.5, "/users", 2.1),
    )
    put("other", metric("api_requests", 100, "/users", 1))
    event = {"channel": "shop", "event": "bought", "payload": {"n": 1, "at": {"x": 2}}, "timestamp": NOW.isoformat()}
    put("tenant456", event)
    store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store")
    fill(path)
    return path


class Routes(http.server.ThreadingHTTPServer):
    """The collector's routes that are asked, answered by the store; the tenant is the key's."""

    def __init__(self, folder: Path) -> None:
        self.store = _native.Store(str(folder))
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    server: Routes

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        route, _, words = self.path.partition("?")
        spec: dict[str, Any] = dict(urllib.parse.parse_qsl(words))
        status, answer = 200, ""
        if self.headers["authorization"] != "Bearer key":
            status, answer = 401, '{"error":{"code":"unauthorized","message":"who are you?"}}'
        elif route.endswith("/redirected"):
            status = 302
        elif route.endswith("/aggregate"):
            spec["aggregations"] = spec.pop("aggregation").split(",")
            if "group_by" in spec:
                spec["group_by"] = spec["group_by"].split(",")
            answer = self.server.store.aggregate("tenant456", json.dumps(spec))
        else:
            spec["limit"] = int(spec["limit"])
            answer = self.server.store.query("tenant456", json.dumps(spec))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: Any) -> None:
        """Keeps the test's output to itself."""


@pytest.fixture(params=["folder", "collector"])
def service(request: pytest.FixtureRequest, folder: Path) -> Iterator[TelemetryService]:
    if request.param == "folder":
        with TelemetryService(folder) as opened:
            yield opened
        return
    server = Routes(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with TelemetryService(f"http://127.0.0.1:{server.server_address[1]}", api_key="key") as opened:
        yield opened
    server.shutdown()
    thread.join()
    server.server_close()
    server.store.close()


def test_r1_s_example_of_queries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(folder))
    service = TelemetryService()

    # Get metrics for time range
    metrics = service.get_metrics(
        metric_names=["api_requests", "response_time"],
        start_time=datetime.now() - timedelta(hours=24),
        end_time=datetime.now(),
        tenant_id="tenant456",
    )

    # Get aggregated metrics
    aggregated = service.get_aggregated_metrics(
        metric_name="api_requests",
        aggregation="sum",
        group_by="endpoint",
        interval="1h",
    )

    assert [metric["value"] for metric in metrics] == [3, 12.5, 4, 5]
    # As R1 writes it, without a tenant: the default one has no metrics here.
    assert aggregated == []


def test_metrics_of_a_range_come_by_rising_time_and_of_one_tenant(service: TelemetryService) -> None:
    rows = service.get_metrics(["api_requests"], NOW - timedelta(hours=2), NOW, "tenant456")
    assert [(row["name"], row["value"], row["attributes.endpoint"]) for row in rows] == [
        ("api_requests", 4, "/users"),
        ("api_requests", 5, "/items"),
    ]
    assert len(service.get_metrics(tenant_id="tenant456")) == 4
    assert len(service.get_metrics(tenant_id="tenant456", limit=1)) == 1


def test_figures_are_grouped_by_attribute_and_hour(service: TelemetryService) -> None:
    figures = service.get_aggregated_metrics("api_requests", "sum", "endpoint", tenant_id="tenant456")
    assert {(row["endpoint"], row["sum"]) for row in figures} == {("/users", 7), ("/items", 5)}
    hourly = service.get_aggregated_metrics("api_requests", ["count", "max"], None, "1h", tenant_id="tenant456")
    assert sum(row["count"] for row in hourly) == 3
    assert all(row["start"].endswith(":00:00.000000Z") for row in hourly)


def test_events_are_rows_with_a_column_for_each_member(service: TelemetryService) -> None:
    (row,) = service.get_events("shop", tenant_id="tenant456", end_time=NOW + timedelta(minutes=1))
    assert (row["event"], row["payload.n"], row["payload.at.x"]) == ("bought", 1, 2)


def test_a_wrong_question_says_which_part(folder: Path) -> None:
    with TelemetryService(folder) as service, pytest.raises(ScrubjayError) as caught:
        service.get_aggregated_metrics("api_requests", interval="2h", tenant_id="tenant456")
    assert (caught.value.code, caught.value.path) == ("argument_invalid", "/interval")


def test_a_collector_that_refuses_redirects_or_is_not_there_is_a_service_error(folder: Path) -> None:
    server = Routes(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    with pytest.raises(ServiceError, match="401 who are you") as caught:
        TelemetryService(address, api_key="secret-key").get_metrics()
    assert caught.value.status == 401
    assert "secret-key" not in str(caught.value)
    server.shutdown()
    thread.join()
    server.server_close()
    with pytest.raises(ServiceError, match="refused"):
        TelemetryService(address).get_metrics()


def test_nothing_to_ask_and_a_folder_that_is_not_there_are_bad_calls(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="TELEMETRY_ENDPOINT"):
        TelemetryService()
    with pytest.raises(ValueError, match="no such folder"):
        TelemetryService(tmp_path / "missing")
    assert list(tmp_path.iterdir()) == []


def test_a_user_is_found_by_the_pseudonym_that_records_hold() -> None:
    config = {"privacy": {"pseudonym_key": "a key of more than 16 bytes"}}
    assert stored_user("user123", config).startswith("[hash:")
    assert stored_user("user123", config) != stored_user("user1234", config)
    with pytest.raises(ValueError, match="pseudonym_key"):
        stored_user("user123")


KEY = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="


def can_encrypt(folder: Path) -> bool:
    """Whether this wheel was built with it; what make was told must be so."""
    try:
        _native.Store(str(folder), json.dumps({"ingest_log": False, "encryption_key": KEY})).close()
    except ScrubjayError as error:
        assert (error.code, error.path) == ("argument_invalid", "/encryption_key")
        assert "ENCRYPTION=1" in error.message and not os.environ.get("ENCRYPTION")
        return False
    return True


def test_an_encrypted_folder_is_read_with_its_key_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not can_encrypt(tmp_path):
        # What a wheel without it does was seen in finding that out.
        assert not list(tmp_path.iterdir())
        return
    options = json.dumps({"ingest_log": False, "encryption_key": KEY})
    store, engine = _native.Store(str(tmp_path), options), _native.Engine()
    store.ingest(engine, "default", "record", '{"channel":"app","event":"a","payload":{"note":"quokkaquartz"}}')
    store.close()
    assert not any(b"quokkaquartz" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    monkeypatch.setenv("STORE_ENCRYPTION_KEY", KEY)
    with TelemetryService(tmp_path) as service:
        assert [row["payload.note"] for row in service.get_events()] == ["quokkaquartz"]
    for wrong in ("", KEY.replace("B", "C")):
        monkeypatch.setenv("STORE_ENCRYPTION_KEY", wrong)
        with pytest.raises(ScrubjayError) as caught:
            TelemetryService(tmp_path)
        assert caught.value.code == "store_unavailable"
        assert "key" in caught.value.message and KEY not in caught.value.message
