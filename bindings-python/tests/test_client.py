"""`TelemetryClient`: R1's examples with only the import line changed, and what the client adds to a tracker."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

import pytest
from conftest import Collector

import scrubjay
from scrubjay import ScrubjayError
from scrubjay.client import TelemetryClient


@pytest.fixture
def configured(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Collector:
    """R1's environment."""
    monkeypatch.setenv("TELEMETRY_ENABLED", "true")
    monkeypatch.setenv("TELEMETRY_API_KEY", "your-telemetry-key")
    monkeypatch.setenv("TELEMETRY_ENDPOINT", collector.url)
    monkeypatch.setenv("TELEMETRY_SAMPLE_RATE", "1.0")
    return collector


def sent(client: TelemetryClient, collector: Collector) -> list[dict[str, Any]]:
    assert client.shutdown(30)
    return [record for request in list(collector.requests.queue) for record in request.records]


def test_r1_s_example_of_custom_events(configured: Collector) -> None:
    telemetry = TelemetryClient()

    # Track a simple event
    telemetry.track_event(
        event_name="user_action",
        properties={
            "action": "checkout",
            "value": 99.99,
            "currency": "USD",
        },
        user_id="user123",
        tenant_id="tenant456",
    )

    # Track with custom context
    telemetry.track_event(
        event_name="api_call",
        properties={
            "endpoint": "/api/users",
            "method": "GET",
            "duration_ms": 125,
        },
        context={
            "ip": "192.168.1.1",
            "user_agent": "Mozilla/5.0",
            "session_id": "session789",
        },
    )

    action, call = sent(telemetry, configured)
    assert (action["event"], action["payload"]["value"], action["tenant_id"]) == ("user_action", 99.99, "tenant456")
    assert "user123" not in json.dumps(action)
    assert call["context"]["user_agent"] == "Mozilla/5.0"
    assert call["session_id"] == "[identifier]"
    assert configured.requests.queue[0].headers["authorization"] == "Bearer your-telemetry-key"


def test_r1_s_example_of_privacy(configured: Collector, caplog: pytest.LogCaptureFixture) -> None:
    telemetry = TelemetryClient()

    # Configure privacy settings
    telemetry.configure_privacy(
        mode="strict",
        pii_fields=["email", "phone", "ssn"],
        hash_identifiers=True,
        anonymize_ips=True,
    )

    # Events will automatically strip PII
    telemetry.track_event(
        event_name="user_profile_update",
        properties={
            "email": "user@example.com",  # Will be hashed or removed
            "changes": ["name", "avatar"],
            "timestamp": datetime.now(),
        },
    )

    # No key was configured: one was made, and said so.
    assert "no pseudonym key" in caplog.text
    telemetry.track_event("again", user_id="user123")
    telemetry.track_event("again", user_id="user123")
    update, one, other = sent(telemetry, configured)
    assert "user@example.com" not in json.dumps(update)
    assert one["user_id"].startswith("[hash:")
    assert one["user_id"] == other["user_id"]


@pytest.mark.usefixtures("configured")
def test_r1_s_debug_mode_says_verdicts_and_no_values(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("telemetry").setLevel(logging.DEBUG)
    try:
        telemetry = TelemetryClient(debug=True)
        telemetry.track_event("login", {"mail": "ann@example.com"})
        telemetry.track_event("", {"mail": "ann@example.com"})
        assert telemetry.shutdown(30)
    finally:
        logging.getLogger("telemetry").setLevel(logging.NOTSET)
    assert "accepted; scrubbed: /payload/mail email" in caplog.text
    assert "rejected: /event" in caplog.text
    assert "ann@" not in caplog.text


def test_configure_privacy_keeps_a_configured_key(configured: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_PSEUDONYM_KEY", "a key of more than 16 bytes")
    found = []
    for _ in range(2):
        telemetry = TelemetryClient()
        telemetry.configure_privacy(hash_identifiers=True)
        telemetry.track_event("login", user_id="user123")
        found.append(sent(telemetry, configured)[-1]["user_id"])
    assert found[0] == found[1]


def test_a_wrong_privacy_setting_changes_nothing(configured: Collector) -> None:
    telemetry = TelemetryClient()
    with pytest.raises(ScrubjayError) as caught:
        telemetry.configure_privacy(mode="lax")  # type: ignore[arg-type]
    assert caught.value.path == "/privacy/mode"
    telemetry.track_event("login", {"mail": "ann@example.com"})
    assert sent(telemetry, configured)[0]["payload"] == {"mail": "[email]"}


def test_keywords_stand_for_the_configuration_s_keys(collector: Collector) -> None:
    telemetry = TelemetryClient(
        {"client": {"endpoint": "http://127.0.0.1:9"}},
        enabled=True,
        endpoint=collector.url,
        service_name="shop",
        privacy_mode="strict",
        sample_rate=1.0,
    )
    values = {value["key"]: value for value in telemetry.status()["values"]}
    assert values["/client/service_name"]["value"] == "shop"
    assert values["/privacy/mode"]["value"] == "strict"
    assert telemetry.track_metric("queue.depth", 3, "items", {"queue": "a"})
    (metric,) = sent(telemetry, collector)
    assert (metric["name"], metric["type"], metric["value"]) == ("queue.depth", "gauge", 3)


def test_before_send_sees_records_changes_them_and_cannot_bring_back_personal_data(collector: Collector) -> None:
    def hook(record: dict[str, Any]) -> dict[str, Any] | None:
        if record["event"] == "secret":
            return None
        return record | {"payload": {"mail": "ann@example.com", "by": "hook"}}

    telemetry = TelemetryClient(collector.config(), before_send=hook)
    assert telemetry.track("app", "login", {"x": 1})
    assert not telemetry.track("app", "secret")
    (record,) = sent(telemetry, collector)
    assert record["payload"] == {"mail": "[email]", "by": "hook"}


def test_a_before_send_that_raises_or_tracks_costs_its_record_alone(collector: Collector) -> None:
    def hook(record: dict[str, Any]) -> dict[str, Any]:
        if record["event"] == "bad":
            raise ValueError("ann@example.com")
        if record["event"] == "nested":
            assert telemetry.track("app", "inner") is False
        return record

    telemetry = TelemetryClient(collector.config(), before_send=hook)
    assert [telemetry.track("app", event) for event in ("bad", "nested", "fine")] == [False, True, True]
    assert telemetry.stats()["not_captured"] == 2
    assert [record["event"] for record in sent(telemetry, collector)] == ["nested", "fine"]


def test_a_second_init_replaces_the_first_and_says_so(collector: Collector, caplog: pytest.LogCaptureFixture) -> None:
    first = scrubjay.init(collector.config())
    try:
        assert scrubjay.track("app", "one")
        second = scrubjay.init(collector.config())
        assert scrubjay.get_client() is second
        assert "again" in caplog.text
        assert first.track("app", "late") is False
        assert scrubjay.track("app", "two")
    finally:
        assert scrubjay.shutdown(30)
    assert [record["event"] for request in list(collector.requests.queue) for record in request.records] == [
        "one",
        "two",
    ]


def test_off_by_default_without_any_environment() -> None:
    telemetry = TelemetryClient()
    assert telemetry.is_off()
    assert telemetry.track_event("login") is False
    assert telemetry.track_metric("x", 1) is False
