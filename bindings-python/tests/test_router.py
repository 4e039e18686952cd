"""The router on a real folder."""

from __future__ import annotations

import datetime
import gc
import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE, Collector

from scrubjay import ScrubjayError, TelemetryRouter, Tracker, etl, replay
from scrubjay.router import BUFFER_BYTES


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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a kill as POSIX has it")
def test_a_kill_loses_no_line_of_a_track_that_returned(tmp_path: Path) -> None:
    source = (
        "import os, signal, sys, threading\n"
        "from scrubjay import TelemetryRouter\n"
        "router = TelemetryRouter(sys.argv[1])\n"
        "def work(n):\n"
        "    for i in range(n): router.track('app', 'step', {'i': i})\n"
        "thread = threading.Thread(target=work, args=(200,))\n"
        "thread.start(); work(300); thread.join()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", source, str(tmp_path)], check=False, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(records(tmp_path / "app.jsonl")) == 500


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


@pytest.mark.skipif(os.name != "posix", reason="only here can an open file be deleted")
@pytest.mark.parametrize("end", ["track", "flush", "close", "evict"])
def test_no_line_is_lost_in_an_archive_that_is_deleted_while_it_is_written_to(tmp_path: Path, end: str) -> None:
    router = TelemetryRouter(tmp_path)
    archive, written = tmp_path / "app.jsonl", 0
    for _ in range(20):
        # The last of these are younger than the router's latest look at the file.
        for _ in range(5):
            assert router.track("app", "before")
        archive.unlink()
        for i in range(5):
            assert router.track("app", "after", {"i": i})
        if end == "track":
            deadline = time.monotonic() + PATIENCE
            while not archive.exists() and time.monotonic() < deadline:
                assert router.track("app", "more")
                written += 1
        elif end == "flush":
            router.flush()
        elif end == "close":
            router.close()
        else:
            for number in range(65):
                router.track(f"other{number}", "step")
                written += 1
        found = records(archive)
        assert [record["payload"]["i"] for record in found if record["event"] == "after"] == list(range(5))
        assert len({record["id"] for record in found}) == len(found)
        # Each deletion takes lines that count as written: they were.
        written += 10
        assert router.stats()["accepted"] == written
        if end == "close":
            router, written = TelemetryRouter(tmp_path), 0
    assert router.stats()["write_failed"] == 0
    router.close()


@pytest.mark.skipif(os.name != "posix", reason="only here can an open file be deleted")
def test_lines_of_a_deleted_archive_that_cannot_be_written_again_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "root"
    router = TelemetryRouter(root)
    for _ in range(3):
        assert router.track("app", "before")
    (root / "app.jsonl").unlink()
    root.rmdir()
    root.write_text("no folder", encoding="utf-8")
    taken = sum(router.track("app", "after") for _ in range(5))
    router.close()
    stats = router.stats()
    assert stats["accepted"] + stats["write_failed"] == 8
    assert stats["write_failed"] >= max(taken, 1)


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


def test_a_full_archive_is_rotated_before_the_line_that_would_not_fit(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, max_bytes=1_000) as router:
        for n in range(20):
            assert router.track("app", "step", {"n": n})
        found = [record["payload"]["n"] for record in router.replay("app")]
    names = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert names[0] == "app.jsonl"
    assert names[1:] == [f"app@{today}.{number:04}.jsonl" for number in range(1, len(names))]
    assert all(path.stat().st_size <= 1_000 for path in tmp_path.glob("*.jsonl"))
    assert found == list(range(20))


def test_an_archive_of_another_day_is_rotated_before_the_first_line_of_today(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "yesterday")
    yesterday = time.time() - 86_400
    os.utime(tmp_path / "app.jsonl", (yesterday, yesterday))
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "today")
        assert [record["event"] for record in router.replay()] == ["yesterday", "today"]
    day = datetime.datetime.fromtimestamp(yesterday, datetime.timezone.utc).date()
    assert [record["event"] for record in records(tmp_path / f"app@{day}.0001.jsonl")] == ["yesterday"]
    assert [record["event"] for record in records(tmp_path / "app.jsonl")] == ["today"]


def test_an_open_archive_is_rotated_when_its_day_is_over(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "before")
        # As if it had been opened yesterday: the native part is told again when the day ends.
        archive = router._archives["app.jsonl"]
        archive.day = datetime.date(2026, 1, 2)
        router._archiver.admit("app", archive.fd, 1 << 20, 0)
        router.track("app", "after")
    assert [record["event"] for record in records(tmp_path / "app@2026-01-02.0001.jsonl")] == ["before"]
    assert [record["event"] for record in records(tmp_path / "app.jsonl")] == ["after"]


def test_a_line_larger_than_an_archive_may_be_has_one_for_itself(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, max_bytes=10) as router:
        for n in range(3):
            assert router.track("app", "step", {"n": n})
        assert [record["payload"]["n"] for record in router.replay("app")] == [0, 1, 2]
    assert len(list(tmp_path.glob("app*.jsonl"))) == 3


def test_processes_that_share_a_folder_rotate_it_without_losing_a_line(tmp_path: Path) -> None:
    source = (
        "import sys; from scrubjay import TelemetryRouter\n"
        "with TelemetryRouter(sys.argv[1], max_bytes=20_000) as router:\n"
        "    for n in range(500): assert router.track('app', 'step', {'n': n, 'by': sys.argv[2]})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", source, str(tmp_path), str(n)]) for n in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    unreadable: list[int] = []
    found = list(replay(tmp_path, unreadable=lambda _path, line: unreadable.append(line)))
    assert (len(found), unreadable) == (1_500, [])
    assert len({record["id"] for record in found}) == 1_500
    assert len(list(tmp_path.glob("app@*.jsonl"))) > 3


def test_a_replay_merges_archives_by_time_and_says_what_it_cannot_read(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        for second, channel in enumerate(("b", "a", "b", "a")):
            router.track(channel, f"step {second}", timestamp=f"2026-01-02T03:04:0{second}Z")
        router.track("a", "")
    with (tmp_path / "a.jsonl").open("ab") as stream:
        stream.write(b'{"torn')
    told: list[tuple[str, int]] = []
    found = list(replay(tmp_path, unreadable=lambda path, line: told.append((path.name, line))))
    assert [record["event"] for record in found] == ["step 0", "step 1", "step 2", "step 3"]
    assert told == [("a.jsonl", 3)]
    with pytest.raises(FileNotFoundError):
        replay(tmp_path / "c.jsonl")


def test_a_line_of_one_process_survives_the_death_of_another_in_the_middle_of_a_line(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        router.track("app", "before")
        before = (tmp_path / "app.jsonl").read_text(encoding="utf-8")
        with (tmp_path / "app.jsonl").open("a", encoding="utf-8") as dying:
            dying.write(before[: len(before) // 2])
        router.track("app", "after")
    unreadable: list[int] = []
    found = list(replay(tmp_path, unreadable=lambda _path, line: unreadable.append(line)))
    assert ([record["event"] for record in found], unreadable) == (["before", "after"], [2])
    summary = etl.run([tmp_path / "app.jsonl"], tmp_path / "out")
    assert (summary["accepted"], summary["rejected"]) == (2, 1)


def test_what_is_replayed_into_a_tracker_keeps_its_ids(tmp_path: Path, collector: Collector) -> None:
    with TelemetryRouter(tmp_path) as router, Tracker(collector.config()) as tracker:
        router.track("app", "login", {"mail": "ann@example.com"})
        (record,) = router.replay()
        assert tracker.track_record(record)
        assert tracker.flush(30)
    assert collector.next().records == [record]


def test_session_ids_tell_sessions_apart_and_nothing_else(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path / "one") as router:
        for session in ("alpha", "alpha", "beta"):
            router.track("app", "step", session_id=session)
        checked = router.track_checked("app", "step", session_id="alpha")
    first, second, third, fourth = [record["session_id"] for record in records(tmp_path / "one" / "app.jsonl")]
    assert first == second == fourth == (checked["record"] or {})["session_id"]
    assert first != third
    assert first.startswith("[hash:")
    with TelemetryRouter(tmp_path / "two") as router:
        router.track("app", "step", session_id="alpha")
    # Of another run nobody can say whether it was the same.
    assert records(tmp_path / "two" / "app.jsonl")[0]["session_id"] != first
    assert "alpha" not in everything(tmp_path)


def test_with_a_key_sessions_are_the_same_in_every_run(tmp_path: Path) -> None:
    config = {"privacy": {"pseudonym_key": "a key of more than 16 bytes"}}
    for run in ("one", "two"):
        with TelemetryRouter(tmp_path / run, config) as router:
            router.track("app", "step", session_id="alpha")
    one, two = (records(tmp_path / run / "app.jsonl")[0]["session_id"] for run in ("one", "two"))
    assert one == two


def test_buffered_lines_are_appended_in_order_by_flush_close_and_after_a_moment(tmp_path: Path) -> None:
    router = TelemetryRouter(tmp_path, buffer_bytes=BUFFER_BYTES)
    path = tmp_path / "app.jsonl"
    for n in range(100):
        assert router.track("app", "step", {"n": n})
    router.flush()
    assert len(records(path)) == 100
    router.track("app", "step", {"n": 100})
    deadline = time.monotonic() + 30
    while len(records(path)) < 101:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    # Checked records go another way, and stand behind what came before.
    router.track("app", "step", {"n": 101})
    router.track_checked("app", "step", {"n": 102})
    router.track("app", "step", {"n": 103})
    router.close()
    assert [record["payload"]["n"] for record in records(path)] == list(range(104))
    assert router.stats()["accepted"] == 104


def test_buffered_lines_are_written_at_the_end_of_the_process_and_not_twice_by_a_child(tmp_path: Path) -> None:
    source = (
        "import os, sys; from scrubjay import TelemetryRouter\n"
        "router = TelemetryRouter(sys.argv[1], buffer_bytes=65536)\n"
        "for n in range(50): router.track('app', 'parent')\n"
        "pid = os.fork() if hasattr(os, 'fork') else 1\n"
        "if pid == 0: router.track('app', 'child'); router.close(); os._exit(0)\n"
        "if hasattr(os, 'fork'): os.waitpid(pid, 0)\n"
    )
    subprocess.run([sys.executable, "-c", source, str(tmp_path)], check=True, timeout=60)
    found = [record["event"] for record in records(tmp_path / "app.jsonl")]
    assert found.count("parent") == 50
    assert found.count("child") == (1 if hasattr(os, "fork") else 0)


def test_a_buffered_router_keeps_times_dead_letters_and_books(tmp_path: Path) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    with TelemetryRouter(tmp_path, buffer_bytes=BUFFER_BYTES) as router:
        assert router.track("app", "login", {"mail": "ann@example.com"})
        after = datetime.datetime.now(datetime.timezone.utc)
        time.sleep(0.01)
        # What becomes of it is known later.
        assert router.track("app", "")
        assert router.track("…", "odd")
        assert not router.track("app", "unwritable", {"x": {1}})
        router.flush()
        stats = router.stats()
    assert (stats["accepted"], stats["rejected"], stats["not_captured"]) == (2, 1, 1)
    (record,) = records(tmp_path / "app.jsonl")
    assert before <= datetime.datetime.fromisoformat(record["timestamp"][:-1] + "+00:00") <= after
    assert "ann@" not in everything(tmp_path)
    assert not router.track("app", "late")


def test_a_buffered_router_that_is_off_keeps_nothing(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, {"client": {"enabled": False}}, buffer_bytes=BUFFER_BYTES) as router:
        assert not router.track("app", "login")
    assert list(tmp_path.iterdir()) == []


def test_a_buffer_that_is_filled_faster_than_it_is_emptied_loses_nothing(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, buffer_bytes=256) as router:
        for n in range(3_000):
            assert router.track("app", "step", {"n": n})
    assert [record["payload"]["n"] for record in records(tmp_path / "app.jsonl")] == list(range(3_000))


def test_a_buffered_archive_is_rotated_in_order(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path, max_bytes=2_000, buffer_bytes=BUFFER_BYTES) as router:
        for n in range(50):
            router.track("app", "step", {"n": n})
        router.flush()
        assert [record["payload"]["n"] for record in router.replay("app")] == list(range(50))
    assert all(path.stat().st_size <= 2_000 for path in tmp_path.glob("*.jsonl"))


def test_a_router_to_which_nobody_refers_lets_its_files_go(tmp_path: Path) -> None:
    router = TelemetryRouter(tmp_path)
    router.track("app", "login")
    gone = weakref.ref(router)
    del router
    gc.collect()
    assert gone() is None
