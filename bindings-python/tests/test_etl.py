"""Archives in, the aggregate report out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scrubjay import TelemetryRouter, etl

GOOD = b'{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{}}\n'
LATER = b'{"timestamp":"2026-01-03T03:04:05Z","channel":"app","event":"logout","payload":{"m":"a@b.io"}}\n'
BAD = b'{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"","payload":{}}\n'


def archive(folder: Path, name: str, *lines: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def report_of(summary: etl.Summary) -> Any:
    return json.loads(Path(summary["report"]).read_text(encoding="utf-8"))


def test_records_are_counted_by_what_they_are(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, BAD, b"\n", LATER)
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["read"], summary["accepted"], summary["rejected"], summary["dropped"]) == (3, 2, 1, 0)
    report = report_of(summary)
    assert report["by_event"] == {"app.login": 1, "app.logout": 1}
    assert report["by_day"] == {"2026-01-02": 1, "2026-01-03": 1}
    assert report["redactions"] == {"email": 1}
    assert report["violations"] != {}


def test_the_report_has_the_name_that_the_documents_give_it(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD)
    summary = etl.run(tmp_path / "in", tmp_path / "a" / "b")
    assert Path(summary["report"]) == tmp_path / "a" / "b" / "telemetry_report.json"
    assert report_of(summary)["schema"] == "telemetry_report_v1"


def test_what_a_router_wrote_is_read_back(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path / "in") as router:
        for i in range(20):
            router.track(("app", "import")[i % 2], "step", {"i": i})
        router.track("app", "")
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["files"], summary["accepted"], summary["rejected"], summary["dead_letters"]) == (2, 20, 0, 1)
    assert report_of(summary)["by_channel"] == {"app": 10, "import": 10}


def test_a_torn_last_line_is_counted_apart(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, LATER[:40])
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["read"], summary["torn"], summary["rejected"]) == (1, 1, 0)


def test_a_whole_last_line_without_its_newline_counts(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, LATER.rstrip())
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["accepted"], summary["torn"]) == (2, 0)


def test_a_bad_line_fails_no_other(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, b"\xff\xfe not json\n", LATER)
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["accepted"], summary["rejected"]) == (2, 1)


def test_an_archive_larger_than_a_chunk_is_read_whole(tmp_path: Path) -> None:
    lines = 20_000
    path = archive(tmp_path, "in/app.jsonl", GOOD * lines)
    told: list[int] = []
    summary = etl.run(path, tmp_path / "out", progress=told.append)
    assert (summary["accepted"], summary["rejected"], summary["torn"]) == (lines, 0, 0)
    assert (summary["bytes"], sum(told)) == (lines * len(GOOD), lines * len(GOOD))
    assert len(told) > 1


def test_a_line_beyond_every_limit_is_one_bad_line(tmp_path: Path) -> None:
    huge = b'{"x":"' + b"y" * 1_000_000 + b'"}\n'
    archive(tmp_path, "in/app.jsonl", GOOD, huge, LATER)
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["read"], summary["accepted"]) == (3, 2)


def test_folders_below_are_read_too_and_other_files_are_not(tmp_path: Path) -> None:
    archive(tmp_path, "in/2026/app.jsonl", GOOD)
    archive(tmp_path, "in/app.txt", GOOD)
    assert etl.run(tmp_path / "in", tmp_path / "out")["read"] == 1


def test_the_report_is_the_same_whatever_the_run(tmp_path: Path) -> None:
    archive(tmp_path, "in/b.jsonl", LATER)
    archive(tmp_path, "in/a.jsonl", GOOD, BAD)
    first = Path(etl.run(tmp_path / "in", tmp_path / "one")["report"]).read_bytes()
    assert first == Path(etl.run(tmp_path / "in", tmp_path / "two")["report"]).read_bytes()


def test_the_report_replaces_the_former_one_in_one_step(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)
    former = Path(etl.run(path, tmp_path / "out")["report"])
    with former.open(encoding="utf-8") as reader:
        archive(tmp_path, "in/app.jsonl", GOOD, LATER)
        etl.run(path, tmp_path / "out")
        assert json.loads(reader.read())["accepted"] == 1
    assert json.loads(former.read_text(encoding="utf-8"))["accepted"] == 2
    assert list(former.parent.iterdir()) == [former]


def test_a_failed_replacement_leaves_the_former_report_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)
    former = Path(etl.run(path, tmp_path / "out")["report"])
    content = former.read_bytes()

    def refuse(_: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="no space left"):
        etl.run(path, tmp_path / "out")
    assert former.read_bytes() == content
    assert list(former.parent.iterdir()) == [former]


def test_an_archive_that_cannot_be_read_is_named_and_fails_no_other(tmp_path: Path) -> None:
    archive(tmp_path, "in/good.jsonl", GOOD)
    broken = archive(tmp_path, "in/broken.jsonl", GOOD)
    real = Path.open

    def open_or_refuse(path: Path, *args: Any, **named: Any) -> Any:
        if path == broken:
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", open_or_refuse)
        summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["files"], summary["accepted"]) == (1, 1)
    assert summary["unreadable"] == [{"path": str(broken), "reason": "Permission denied"}]


def test_an_empty_folder_gives_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert report_of(etl.run(tmp_path / "in", tmp_path / "out"))["read"] == 0


def test_a_source_that_is_not_there_says_where_archives_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="reports/telemetry"):
        etl.run(tmp_path / "nowhere", tmp_path / "out")
