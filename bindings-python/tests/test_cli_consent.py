"""`status`, `enable`, `disable`, `doctor` and `consent`, as people start them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Collector
from test_cli import command


def folder() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "scrubjay"


def test_enable_and_disable_change_what_programs_may_do(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_ENDPOINT", collector.url)
    status = command("status")
    assert (status.returncode, status.stdout.splitlines()[0]) == (0, "telemetry is off, by configuration")
    assert not folder().exists(), "looking makes nothing"
    assert command("enable", "--notice-version", "2026-03").stdout == "granted: analytics, diagnostics, performance\n"
    assert command("status").stdout.startswith("telemetry is on\n")
    assert command("disable").stdout == "granted: nothing\n"
    assert command("status").stdout.startswith("telemetry is off, by consent\n")


def test_the_status_shows_sources_and_warnings_and_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "any.toml"
    file.write_text('client.endpoint = "https://t.example"\n')
    monkeypatch.setenv("TELEMETRY_API_KEY", "hunter2")
    monkeypatch.setenv("TELEMETRY_ENABELD", "true")
    done = command("status", "--config", str(file))
    assert '/client/endpoint = "https://t.example"  (file)' in done.stdout
    assert "/client/api_key = set  (TELEMETRY_API_KEY)" in done.stdout
    assert "did you mean TELEMETRY_ENABLED?" in done.stderr
    as_json = command("status", "--config", str(file), "--json")
    assert json.loads(as_json.stdout)["config_file"] == str(file)
    assert "hunter2" not in done.stdout + done.stderr + as_json.stdout


def test_consent_is_shown_by_purpose_and_kept_with_its_history() -> None:
    assert command("consent", "show").stdout.splitlines()[0] == "analytics: not asked"
    assert command("consent", "grant", "diagnostics", "--source", "installer").returncode == 0
    assert command("consent", "withdraw", "analytics").returncode == 0
    shown = command("consent", "show").stdout.splitlines()
    assert shown[0].startswith("analytics: withdrawn at ")
    assert shown[1].startswith("diagnostics: granted at ") and shown[1].endswith(" by installer")
    history = command("consent", "history").stdout.splitlines()
    assert history[0].endswith("granted: diagnostics; by installer")
    entries = json.loads(command("consent", "history", "--json").stdout)
    assert [entry["event"] for entry in entries] == ["granted", "withdrawn", "erased"]


def test_a_changed_trail_is_found() -> None:
    command("enable")
    assert command("consent", "verify").stdout == "1 entry, none changed or missing\n"
    trail = folder() / "consent.jsonl"
    trail.write_text(trail.read_text().replace("granted", "Granted"))
    done = command("consent", "verify")
    assert (done.returncode, done.stdout) == (1, "entry 1 is missing or not as it was written\n")
    as_json = command("consent", "verify", "--json")
    assert (as_json.returncode, json.loads(as_json.stdout)["broken_at"]) == (1, 1)


def test_wrong_words_are_usage_errors() -> None:
    for line in (["consent", "grant", "spying"], ["consent", "grant", "--source", ""], ["status", "--config", "/no"]):
        assert command(*line).returncode == 2, line
    assert not folder().exists()


def test_the_doctor_asks_the_endpoint_and_exits_with_what_it_found(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEMETRY_ENABLED", "true")
    monkeypatch.setenv("TELEMETRY_ENDPOINT", collector.url)
    healthy = command("doctor", "--json")
    report = json.loads(healthy.stdout)
    assert (healthy.returncode, report["ok"]) == (0, True), report
    assert {check["name"]: check["state"] for check in report["checks"]}["clock"] == "ok"
    monkeypatch.setenv("TELEMETRY_ENDPOINT", "http://127.0.0.1:1")
    dead = command("doctor")
    assert dead.returncode == 1
    assert "failed   endpoint: connect failed" in dead.stdout
    monkeypatch.setenv("TELEMETRY_BATCH_SIZE", "many")
    assert command("doctor").returncode == 2
