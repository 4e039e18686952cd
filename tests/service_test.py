"""R1's `TelemetryService` over the address of a real collector."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import pytest
from collector import Collector
from scrubjay import TelemetryClient, TelemetryService


@pytest.fixture
def collector(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector; nothing of this machine decides whether clients are on."""
    for name in ("DO_NOT_TRACK", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    collector = Collector(tmp_path / "data", tmp_path / "log")
    yield collector
    collector.stop()


def test_what_a_client_sent_is_what_the_service_tells(collector: Collector) -> None:
    with TelemetryClient(enabled=True, endpoint=collector.url) as client:
        client.track_event("checkout", {"value": 99.99}, user_id="user123")
        for value in (3, 4, 5):
            client.track_record(
                {
                    "schema": "telemetry_metric_v1",
                    "name": "api_requests",
                    "type": "gauge",
                    "unit": "1",
                    "value": value,
                    "attributes": {"endpoint": "/api/users"},
                }
            )
        assert client.flush(10)
    with TelemetryService(collector.url) as service:
        # The collector shows what it has within a second; this asks for it now.
        (event,) = service.records(consistency="now")
        metrics = service.get_metrics(["api_requests"])
        (figures,) = service.get_aggregated_metrics("api_requests", "sum", "endpoint")
    assert (event["event"], event["payload"]) == ("checkout", {"value": 99.99})
    assert sorted(metric["value"] for metric in metrics) == [3, 4, 5]
    assert (figures["endpoint"], figures["sum"]) == ("/api/users", 12)
