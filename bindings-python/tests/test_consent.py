"""Off unless turned on, and any "off" wins."""

from __future__ import annotations

import pytest
from conftest import PATIENCE, Collector

from scrubjay import Tracker


def test_without_consent_nothing_is_captured() -> None:
    with Tracker() as tracker:
        assert not tracker.track("app", "login")
        stats = tracker.stats()
    assert (stats["enabled"], stats["disabled_by"]) == (False, "configuration")
    assert (stats["accepted"], stats["not_captured"]) == (0, 1)


@pytest.mark.parametrize(
    ("name", "value"), [("DO_NOT_TRACK", "1"), ("OTEL_SDK_DISABLED", "true"), ("TELEMETRY_ENABLED", "false")]
)
def test_a_switch_of_the_environment_beats_code(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with Tracker(collector.config()) as tracker:
        assert not tracker.track("app", "login")
        stats = tracker.stats()
    assert (stats["enabled"], stats["disabled_by"]) == (False, name)
    assert collector.requests.empty()


def test_the_environment_can_turn_collection_on(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_ENABLED", "true")
    monkeypatch.setenv("TELEMETRY_ENDPOINT", collector.url)
    with Tracker(exit_timeout=PATIENCE) as tracker:
        assert tracker.track("app", "login")
    assert collector.next().records[0]["event"] == "login"
