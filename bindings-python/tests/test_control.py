"""Consent, another configuration and listeners, with real processes where processes matter."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, Collector

from scrubjay import Consent, ScrubjayError, Tracker, doctor, profile
from scrubjay._types import Change

#: Seconds within which another process has to obey.
A_SECOND = 1.0

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def folder() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "scrubjay"


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", program, *arguments]
    return subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def tell(child: subprocess.Popen[str], word: str) -> None:
    assert child.stdin is not None
    child.stdin.write(word + "\n")
    child.stdin.flush()


def end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


#: Tracks as fast as every millisecond until it is killed; says when the first record was captured.
_SENDER = """
import json, sys, time
from scrubjay import Tracker
tracker = Tracker(json.loads(sys.argv[1]))
assert tracker.track("app", "first")
print("on", flush=True)
while True:
    tracker.track("app", "more")
    time.sleep(0.001)
"""


def test_an_opt_out_in_one_process_silences_another_within_a_second(collector: Collector) -> None:
    config = collector.config(batch_max_items=1)
    child = start(_SENDER, json.dumps(config))
    try:
        assert said(child) == "on"
        collector.next()
        with Tracker(config) as tracker:
            tracker.opt_out(source="test")
        out = time.monotonic()
        last = out
        # Requests end within the second, and for good.
        while time.monotonic() < out + 2 * A_SECOND:
            try:
                collector.requests.get(timeout=0.05)
                last = time.monotonic()
            except queue.Empty:
                pass
        assert last - out < A_SECOND
        # It lives, and follows when the user agrees again.
        assert child.poll() is None
        Consent().grant(source="test")
        collector.next()
    finally:
        end(child)


_ERASER = """
import json, sys
from scrubjay import Tracker
tracker = Tracker(json.loads(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print("begins", flush=True)
tracker.opt_out(source="test")
print("erased", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_a_kill_while_erasing_leaves_nothing_to_be_sent(collector: Collector, tmp_path: Path) -> None:
    # As a process that died left it: so many segments that a kill comes while they are removed.
    slot = tmp_path / "spool" / "slot-007"
    config = collector.config(spool={"dir": str(slot.parent)})
    state = folder() / "consent.json"
    interrupted = 0
    at_request: list[bool] = []
    verdict = collector.verdict

    def look(records: list[dict[str, Any]]) -> dict[str, Any]:
        at_request.append(any(slot.glob("*.segment")))
        return verdict(records)

    collector.verdict = look  # type: ignore[method-assign]
    for attempt in range(5):
        slot.parent.mkdir(mode=0o700, exist_ok=True)
        slot.mkdir(mode=0o700, exist_ok=True)
        for number in range(1_000):
            (slot / f"{number:020}.segment").write_bytes(b"records of the time before")
        child = start(_ERASER, json.dumps(config))
        assert said(child) == "ready"
        before = state.read_bytes() if state.exists() else b""
        tell(child, "go")
        deadline = time.monotonic() + PATIENCE
        while (not state.exists() or state.read_bytes() == before) and time.monotonic() < deadline:
            pass
        time.sleep(0.002 * attempt)
        child.send_signal(signal.SIGKILL)
        interrupted += any(slot.glob("*.segment"))
        child.communicate()
        # Whoever agrees again sends nothing before the rest is erased.
        Consent().grant(source="test")
        with Tracker(config, exit_timeout=PATIENCE) as tracker:
            assert tracker.track("app", "after")
        assert collector.next().records[0]["event"] == "after"
    assert at_request == [False] * 5
    assert interrupted > 0, "no kill came while files were left"
    assert Consent().verify()["broken_at"] is None


_WATCHED = """
import json, os, sys
from pathlib import Path
from scrubjay import Tracker

def open_things():
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    files = sorted(os.readlink(link) for link in links if os.path.islink(link))
    return [name for name in files if "/proc/" not in name], sorted(os.listdir("/proc/self/task"))

before = open_things()
tracker = Tracker(json.loads(sys.argv[1]))
answers = [tracker.track("app", "login", {"n": n}) for n in range(1_000)]
tracker.track_checked("app", "login")
tracker.flush(0.1)
tracker.stats(), tracker.status()
same = before == open_things()
tracker.shutdown()
print(json.dumps([any(answers), same, tracker.stats()["disabled_by"]]))
"""


@linux
@pytest.mark.parametrize(
    ("client", "by"),
    [
        ({"require_consent": True, "enabled": True}, "consent"),
        ({}, "configuration"),
        ({"enabled": False}, "configuration"),
    ],
)
def test_a_client_without_consent_opens_starts_and_makes_nothing(
    collector: Collector, client: dict[str, Any], by: str
) -> None:
    child = start(_WATCHED, json.dumps({"client": {"endpoint": collector.url} | client}))
    text, _ = child.communicate(timeout=PATIENCE)
    assert json.loads(text) == [False, True, by]
    assert not folder().exists()
    assert collector.requests.empty()


def test_who_agrees_again_sends_nothing_of_the_time_between(collector: Collector) -> None:
    with Tracker(collector.config(flush_interval_ms=3_600_000), exit_timeout=PATIENCE) as tracker:
        assert tracker.track("app", "before")
        tracker.opt_out(source="settings")
        assert not tracker.track("app", "between")
        assert tracker.opt_in("analytics", source="settings")
        assert tracker.track("app", "after")
        assert tracker.flush(PATIENCE)
        assert tracker.stats()["dropped"]["consent"] == 1
    assert [record["event"] for record in collector.next().records] == ["after"]
    said = [entry["event"] for entry in Consent().history() if entry["event"] != "enabled_by_operator"]
    assert said == ["withdrawn", "erased", "granted"]


def test_a_deletion_survives_the_opt_out_and_is_confirmed(collector: Collector) -> None:
    config = collector.config(flush_interval_ms=3_600_000)
    with Tracker(config | {"privacy": {"hash_identifiers": False}}, exit_timeout=PATIENCE) as tracker:
        assert tracker.track("app", "before", user_id="ann")
        tracker.request_deletion("ann", source="settings")
        tracker.opt_out(source="settings")
        asked = collector.next()
        tracker.shutdown(PATIENCE)
        assert tracker.status()["deletions"] == {"pending": 0, "last_error": None}
    assert (asked.path, asked.records) == ("/api/v1/telemetry/data/ann", [])
    assert collector.requests.empty()
    said = {entry["event"]: entry["source"] for entry in Consent().history()}
    assert (said["deletion_requested"], said["deletion_confirmed"]) == ("settings", "receipt-1")


def test_a_deletion_of_somebody_who_cannot_be_found_is_an_error(collector: Collector) -> None:
    with Tracker(collector.config()) as tracker, pytest.raises(ScrubjayError) as caught:
        tracker.request_deletion("user-17", source="settings")
    assert (caught.value.code, caught.value.path) == ("argument_invalid", "/user_id")
    assert "user-17" not in caught.value.message


@linux
def test_a_word_that_cannot_be_kept_is_an_error_and_the_tracker_silent(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where not even root can make a folder.
    monkeypatch.setenv("TELEMETRY_STATE_DIR", "/proc/scrubjay")
    with Tracker(collector.config(flush_interval_ms=3_600_000)) as tracker:
        assert tracker.track("app", "login")
        with pytest.raises(ScrubjayError) as caught:
            tracker.opt_out(source="settings")
        assert caught.value.code == "consent_unavailable"
        assert not tracker.track("app", "login")
        with pytest.raises(ScrubjayError):
            tracker.opt_in(source="settings")
    assert collector.requests.empty()


def test_another_configuration_takes_what_is_queued_along(collector: Collector) -> None:
    with Tracker(collector.config(endpoint="http://127.0.0.1:1", flush_interval_ms=3_600_000)) as tracker:
        assert tracker.track("app", "login")
        changed = tracker.reconfigure(collector.config())
        assert {change["key"] for change in changed} == {"/client/endpoint", "/client/flush_interval_ms"}
        assert tracker.flush(PATIENCE)
        with pytest.raises(ScrubjayError):
            tracker.reconfigure({"client": {"endpont": "x"}})
    assert collector.next().records[0]["event"] == "login"


def test_listeners_are_told_what_this_and_other_processes_change(collector: Collector) -> None:
    told: queue.Queue[Change] = queue.Queue()
    with Tracker(collector.config()) as tracker:
        remove = tracker.add_listener(told.put)
        Consent().withdraw(source="test")
        change = told.get(timeout=PATIENCE)
        assert (change["kind"], change["enabled"], change["disabled_by"]) == ("consent", False, "consent")
        Consent().grant(source="test")
        assert told.get(timeout=PATIENCE)["enabled"]
        remove()
        tracker.reconfigure({"client": {"enabled": False}})
        remove()
    assert told.empty()


def test_the_status_names_who_decided(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEMETRY_API_KEY", "hunter2")
    with Tracker(collector.config()) as tracker:
        status = tracker.status()
    rows = {row["key"]: row for row in status["values"]}
    assert rows["/client/api_key"] == {
        "key": "/client/api_key",
        "is_set": True,
        "source": "environment",
        "variable": "TELEMETRY_API_KEY",
        "unit": "",
    }
    assert (rows["/client/enabled"]["value"], rows["/client/enabled"]["source"]) == (True, "code")
    assert "hunter2" not in json.dumps(status)


def test_a_configuration_file_is_found(collector: Collector, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "scrubjay.toml"
    file.write_text(f'[client]\nenabled = true\nendpoint = "{collector.url}"\n')
    file.chmod(0o644)
    with Tracker(exit_timeout=PATIENCE) as tracker:
        assert tracker.track("app", "login")
        assert tracker.status()["config_file"] == str(file)
    assert collector.next().records[0]["event"] == "login"


def test_profiles_are_configurations() -> None:
    with Tracker(profile("debug")) as tracker:
        assert tracker.track("app", "login")
        stats, status = tracker.stats(), tracker.status()
    assert (stats["pending"], status["enabled"], status["upload_enabled"]) == (1, True, False)
    with Tracker(profile("disabled")) as tracker:
        assert not tracker.track("app", "login")
    assert profile("production", endpoint="https://t.example")["client"]["endpoint"] == "https://t.example"


def test_the_doctor_says_what_to_do() -> None:
    report = doctor({"client": {"enabled": True, "endpoint": "http://127.0.0.1:1"}})
    checks = {check["name"]: check for check in report["checks"]}
    assert (report["ok"], checks["endpoint"]["state"]) == (False, "failed")
    assert "client.endpoint" in (checks["endpoint"]["advice"] or "")
