"""The router on a real folder."""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from scrubjay import ScrubjayError, TelemetryRouter


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def everything(root: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file())


def test_an_accepted_record_is_one_line_of_its_channel_s_archive(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        assert router.track("app", "login", {"ms": 12})
        (record,) = records(tmp_path / "app.jsonl")
    assert (record["schema"], record["event"], record["payload"]) == ("telemetry_event_v1", "login", {"ms": 12})


def test_channels_have_an_archive_each(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "login")
        router.track("import", "started")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app.jsonl", "import.jsonl"]


def test_a_record_is_scrubbed_before_it_touches_the_disk(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "failed", {"error": "no such user ann@example.com", "password": "hunter2"})
    written = everything(tmp_path)
    assert "[email]" in written
    assert "ann@example.com" not in written
    assert "hunter2" not in written


def test_a_rejected_record_goes_scrubbed_to_the_dead_letters_with_its_violations(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        assert not router.track("app", "", {"mail": "ann@example.com"})
        assert router.stats()["rejected"] == 1
    (outcome,) = records(tmp_path / "_rejected.jsonl")
    assert outcome["status"] == "rejected"
    assert [violation["path"] for violation in outcome["violations"]] == ["/event"]
    assert outcome["record"]["payload"] == {"mail": "[email]"}
    assert not (tmp_path / "app.jsonl").exists()


@pytest.mark.parametrize(
    "channel",
    ["../escape", "/etc/passwd", "..", ".", "a/b", "a\\b", "C:\\x", "_rejected", "con", "A", "a b", "…", "x" * 255],
)
def test_an_odd_channel_name_stays_inside_the_root(tmp_path: Path, channel: str) -> None:
    root = tmp_path / "root"
    with TelemetryRouter(root) as router:
        assert router.track(channel, "login")
        router.track("app", "")
    kept = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert kept == sorted([root / "_rejected.jsonl", router.path_of(channel)])
    assert router.path_of(channel).parent == root


def test_channels_that_differ_in_case_alone_stay_apart(tmp_path: Path) -> None:
    router = TelemetryRouter(tmp_path)
    names = {router.path_of(channel).name.lower() for channel in ("app", "App", "APP", "a/pp", "a-pp")}
    assert len(names) == 5


def test_personal_data_in_a_channel_s_name_reaches_no_file_name(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("ann@example.com", "login")
    assert [path.name for path in tmp_path.iterdir() if "ann" in path.name] == []
    assert "ann@" not in everything(tmp_path)


def test_lines_of_many_threads_are_each_whole(tmp_path: Path) -> None:
    threads, lines = 8, 500

    def write(number: int) -> None:
        for i in range(lines):
            assert router.track("app", "step", {"thread": number, "i": i, "pad": "x" * 200})

    with TelemetryRouter(tmp_path) as router:
        running = [threading.Thread(target=write, args=(number,)) for number in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        assert router.stats()["accepted"] == threads * lines
    found = [record["payload"] for record in records(tmp_path / "app.jsonl")]
    assert len(found) == threads * lines
    for number in range(threads):
        assert [payload["i"] for payload in found if payload["thread"] == number] == list(range(lines))


def test_a_line_stands_in_the_file_when_track_returns(tmp_path: Path) -> None:
    router = TelemetryRouter(tmp_path)
    for i in range(5):
        router.track("app", "step", {"i": i})
        assert len(records(tmp_path / "app.jsonl")) == i + 1
    router.close()


def test_a_torn_last_line_of_an_earlier_run_spoils_no_other(tmp_path: Path) -> None:
    (tmp_path / "app.jsonl").write_bytes(b'{"half')
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "login")
    first, second = (tmp_path / "app.jsonl").read_text(encoding="utf-8").splitlines()
    assert first == '{"half'
    assert json.loads(second)["event"] == "login"


def test_a_new_run_continues_the_archive(tmp_path: Path) -> None:
    for event in ("first", "second"):
        with TelemetryRouter(tmp_path) as router:
            router.track("app", event)
    assert [record["event"] for record in records(tmp_path / "app.jsonl")] == ["first", "second"]


@pytest.mark.skipif(os.name != "posix", reason="only here can an open file be deleted")
def test_an_archive_that_was_deleted_is_begun_again(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "first")
        (tmp_path / "app.jsonl").unlink()
        assert router.track("app", "second")
    assert [record["event"] for record in records(tmp_path / "app.jsonl")] == ["second"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_the_owner_may_read_an_archive(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with TelemetryRouter(root) as router:
        router.track("app", "login")
    assert stat.S_IMODE((root / "app.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="this platform opens links")
def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("", encoding="utf-8")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "app.jsonl").symlink_to(victim)
    with TelemetryRouter(tmp_path / "root") as router:
        assert not router.track("app", "login")
        assert router.stats()["write_failed"] == 1
    assert victim.read_text(encoding="utf-8") == ""


def test_a_file_system_that_refuses_is_counted_and_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with TelemetryRouter(tmp_path / "file") as router, caplog.at_level(logging.WARNING, "telemetry"):
        assert not router.track("app", "login")
        assert not router.track("app", "login")
        assert router.stats()["write_failed"] == 2
    assert len(caplog.records) == 1


def test_more_channels_than_files_held_open_are_all_written(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        for _ in range(2):
            for i in range(100):
                assert router.track(f"channel-{i}", "step")
        assert len(router._archives) <= 64
    assert {len(records(path)) for path in tmp_path.iterdir()} == {2}


def test_a_value_that_json_cannot_hold_costs_its_record_alone(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        assert not router.track("app", "odd", {"a": {1, 2}})
        assert router.track("app", "login")
        assert router.stats()["not_captured"] == 1


def test_track_checked_returns_the_outcome_and_writes_the_record(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        outcome = router.track_checked("app", "login", {"mail": "ann@example.com"})
    assert outcome["status"] == "accepted"
    assert [outcome["record"]] == records(tmp_path / "app.jsonl")


def test_a_record_beyond_a_budget_leaves_nothing_behind(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        outcome = router.track_checked("app", "huge", {"text": "x" * 100_000})
        assert outcome["status"] != "accepted"
    assert "xxxx" not in everything(tmp_path)


@pytest.mark.parametrize("name", ["record", "channel", ',"record":', '"channel":"x"', "é\\"])
def test_names_that_look_like_the_outcome_s_own_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    # The context stands before the channel, and redactions, whose paths are names, before the record.
    with TelemetryRouter(tmp_path) as router:
        assert router.track("app", "login", {name: "ann@example.com"}, context={name: "bob@example.com"})
        assert not router.track("app", "", {name: "ann@example.com"})
    (record,) = records(tmp_path / "app.jsonl")
    assert (record["payload"], record["context"]) == ({name: "[email]"}, {name: "[email]"})
    (outcome,) = records(tmp_path / "_rejected.jsonl")
    assert outcome["record"]["payload"] == {name: "[email]"}


@pytest.mark.parametrize(
    ("name", "value"), [("DO_NOT_TRACK", "1"), ("OTEL_SDK_DISABLED", "true"), ("TELEMETRY_ENABLED", "false")]
)
def test_a_switch_of_the_environment_beats_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with TelemetryRouter(tmp_path, {"client": {"enabled": True}}) as router:
        assert not router.track("app", "login")
        stats = router.stats()
    assert (stats["enabled"], stats["disabled_by"], stats["not_captured"]) == (False, name, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_can_turn_the_router_off(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, {"client": {"enabled": False}}) as router:
        assert not router.track("app", "login")
    assert router.stats()["disabled_by"] == "configuration"


def test_a_closed_router_takes_nothing(tmp_path: Path) -> None:
    router = TelemetryRouter(tmp_path)
    router.close()
    router.close()
    assert not router.track("app", "login")
    assert router.stats()["not_captured"] == 1


def test_an_unknown_configuration_key_is_a_bad_call(tmp_path: Path) -> None:
    with pytest.raises(ScrubjayError) as caught:
        TelemetryRouter(tmp_path, {"privcy": {}})
    assert (caught.value.code, caught.value.path) == ("config_unknown_key", "/privcy")
    assert "privacy" in caught.value.message


def test_the_privacy_mode_holds_for_the_archives(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, {"privacy": {"mode": "strict"}}) as router:
        router.track("app", "login", context={"ip_address": "203.0.113.77"})
    assert "203.0.113" not in everything(tmp_path)
