"""`scrubjay delete-user`, `retention` and `export` beside a real collector."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest
from collector import Collector, fetch
from scrubjay import TelemetryClient

#: Seconds: far above what any command here takes.
PATIENCE = 60
KEY = "the key of this test, which is long enough"


@pytest.fixture
def collector(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that knows users by pseudonyms; nothing of this machine decides whether clients are on."""
    for name in [name for name in os.environ if name.startswith(("TELEMETRY_", "OTEL_", "DO_NOT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TELEMETRY_PSEUDONYM_KEY", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    collector = Collector(tmp_path / "data", tmp_path / "log")
    yield collector
    collector.stop()


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, as people start it, with nobody to answer its questions."""
    line = [sys.executable, "-m", "scrubjay", *arguments]
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE)


def exported(collector: Collector) -> list[str]:
    """The events that the collector has, by their names."""
    # Waits for the index, which follows within a second.
    fetch(f"{collector.url}/api/v1/telemetry/metrics/aggregate?aggregation=count&consistency=now")
    done = command("export", "--from", collector.url, "--since", "1d")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]


def test_delete_user_erases_one_user_and_prints_the_receipt(collector: Collector) -> None:
    with TelemetryClient(enabled=True, endpoint=collector.url) as client:
        client.track_event("theirs", user_id="user 1/é")
        client.track_event("theirs", user_id="user 1/é")
        client.track_event("of another", user_id="user2")
        assert client.flush(10)
    asked = command("delete-user", "user 1/é", "--from", collector.url)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "--yes" in asked.stderr
    done = command("delete-user", "user 1/é", "--from", collector.url, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout)
    assert receipt["records"] == 2
    assert exported(collector) == ["of another"]
    again = command("delete-user", "user 1/é", "--from", collector.url, "--yes")
    assert again.returncode == 0, again.stderr
    assert "records: 0" in again.stdout


def test_delete_user_of_a_collector_that_is_gone_names_no_user(collector: Collector) -> None:
    collector.stop()
    done = command("delete-user", "user-1234", "--from", collector.url, "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"scrubjay: {collector.url}/api/v1/telemetry/data/…: ")
    assert "user-1234" not in done.stderr


def test_retention_removes_old_archives_and_leaves_the_collector_s_store_to_itself(
    collector: Collector, tmp_path: pathlib.Path
) -> None:
    with TelemetryClient(enabled=True, endpoint=collector.url) as client:
        client.track_event("stays")
        assert client.flush(10)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    archives = tmp_path / "archives"
    archives.mkdir()
    names = [f"app@{today - datetime.timedelta(days=days)}.0001.jsonl" for days in (40, 31, 30, 1)]
    for name in (*names, "app.jsonl"):
        (archives / name).write_text("{}\n", encoding="utf-8")
    tried = command("retention", str(archives), "--dry-run", "--json")
    assert json.loads(tried.stdout) == {
        "removed": [{"file": name, "bytes": 3} for name in sorted(names[:2])],
        "dry_run": True,
    }
    assert len(list(archives.iterdir())) == 5
    assert command("retention", str(archives)).returncode == 0
    assert sorted(path.name for path in archives.iterdir()) == sorted([*names[2:], "app.jsonl"])
    # The store's own files are none of its archives.
    assert command("retention", str(tmp_path / "data")).stdout.startswith("0 archives")
    assert exported(collector) == ["stays"]
