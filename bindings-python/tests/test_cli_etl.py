"""`scrubjay etl` and `scrubjay report`, as processes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PATIENCE

GOOD = '{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{"ms":7}}\n'
BAD = '{"channel":1}\n'


def command(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def etl(folder: Path, *more: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    return command("etl", "--in", str(folder / "in"), "--out", str(folder / "out"), *more, given=given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "app.jsonl").write_text(GOOD + BAD, encoding="utf-8")
    return tmp_path


def test_a_run_prints_where_its_results_are_and_the_next_that_nothing_is_new(folder: Path) -> None:
    done = etl(folder, "--records", "parquet")
    assert (done.returncode, done.stderr) == (0, "")
    out = folder / "out"
    assert done.stdout.splitlines() == [
        "2 records in 1 archive: 1 accepted, 1 rejected, 0 dropped",
        f"quarantine: {out}/quarantine/rejected-000001.jsonl",
        f"report: {out}/telemetry_report.json",
        f"page: {out}/telemetry_report.html",
    ]
    assert len(list(out.rglob("*.parquet"))) == 1
    again = etl(folder, "--records", "parquet")
    assert again.stdout.startswith(
        "0 records in 0 archives: 0 accepted, 0 rejected, 0 dropped\n1 archive had nothing new\n"
    )


def test_standard_input_is_a_source(tmp_path: Path) -> None:
    done = command("etl", "--in", "-", "--out", str(tmp_path / "out"), "--json", given=GOOD * 3)
    assert json.loads(done.stdout)["accepted"] == 3


def test_a_line_that_is_cut_short_on_standard_input_is_rejected_since_there_is_no_next_run(tmp_path: Path) -> None:
    done = command("etl", "--in", "-", "--out", str(tmp_path / "out"), "--json", given=GOOD + GOOD[:20])
    summary = json.loads(done.stdout)
    assert (summary["accepted"], summary["rejected"], summary["torn"]) == (1, 1, 0)
    assert Path(summary["quarantine"]).read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize("option", ["--in", "--out"])
def test_a_path_that_is_empty_is_one_line_and_stands_for_no_folder(
    folder: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    done = command("etl", option, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"scrubjay: {option}: expected a path, not an empty text\n"
    assert sorted(folder.rglob("*")) == before


def test_an_archive_that_cannot_be_read_is_one_line_and_exit_code_1(folder: Path) -> None:
    (folder / "in" / "broken.jsonl").write_bytes(b"\x1f\x8b\x08nonsense")
    done = etl(folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"scrubjay: {folder}/in/broken.jsonl: ")
    assert done.stderr.count("\n") == 1
    assert "1 accepted" in done.stdout


def test_a_target_that_is_no_folder_is_one_line_and_exit_code_2(folder: Path) -> None:
    (folder / "out").write_text("a file", encoding="utf-8")
    done = etl(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot make" in done.stderr
    assert done.stderr.count("\n") == 1


def test_other_rules_than_before_are_refused_until_a_rebuild(folder: Path) -> None:
    etl(folder)
    refused = etl(folder, "--mode", "strict")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "rebuild" in refused.stderr
    assert etl(folder, "--mode", "strict", "--rebuild").returncode == 0


def test_on_a_terminal_there_is_a_bar_and_in_a_pipe_there_is_none(folder: Path) -> None:
    leader, follower = pty.openpty()
    (folder / "in" / "app.jsonl").write_text(GOOD * 200_000, encoding="utf-8")
    arguments = [sys.executable, "-m", "scrubjay", "etl", "--in", str(folder / "in"), "--out", str(folder / "out")]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=follower, env=os.environ | {"TERM": "xterm"}
    ) as run:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 65_536)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert run.wait(PATIENCE) == 0
    os.close(leader)
    assert b"reading archives" in shown
    assert etl(folder, "--rebuild").stderr == ""


def test_every_runs_again_with_what_is_new_until_it_is_told_to_end(folder: Path) -> None:
    arguments = ["etl", "--in", str(folder / "in"), "--out", str(folder / "out"), "--every", "1s", "--json"]
    with subprocess.Popen([sys.executable, "-m", "scrubjay", *arguments], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert json.loads(run.stdout.readline())["accepted"] == 1
        with (folder / "in" / "app.jsonl").open("a", encoding="utf-8") as archive:
            archive.write(GOOD)
        until = time.monotonic() + PATIENCE
        while json.loads(run.stdout.readline())["accepted"] == 0:
            assert time.monotonic() < until
        run.terminate()
        assert run.wait(PATIENCE) == 0


def test_a_round_that_fails_is_said_and_tried_again(tmp_path: Path) -> None:
    arguments = ["etl", "--in", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--every", "1s", "--json"]
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-m", "scrubjay", *arguments], stdout=pipe, stderr=pipe, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert "no such file or folder" in run.stderr.readline()
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "app.jsonl").write_text(GOOD, encoding="utf-8")
        assert json.loads(run.stdout.readline())["accepted"] == 1
        run.terminate()
        assert run.wait(PATIENCE) == 0


@pytest.mark.parametrize("interval", ["", "5", "0s", "1w", "-5m", "5m5"])
def test_an_interval_that_is_none_is_one_line(folder: Path, interval: str) -> None:
    done = etl(folder, f"--every={interval}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("scrubjay: --every: ")


def test_report_shows_what_the_etl_counted(folder: Path) -> None:
    etl(folder)
    done = command("report", "--in", str(folder / "out"))
    assert done.returncode == 0
    assert done.stdout.startswith("2 records: 1 accepted, 1 rejected, 0 dropped; 2026-01-02T03:04:05.000000Z to ")
    for word in ("login", "/ms", "type"):
        assert word in done.stdout
    assert json.loads(command("report", "--in", str(folder / "out"), "--json").stdout)["read"] == 2
    page = folder / "page.html"
    assert command("report", "--in", str(folder / "out"), "--html", str(page)).returncode == 0
    assert page.read_bytes() == (folder / "out" / "telemetry_report.html").read_bytes()


def test_report_writes_no_control_sequence_of_a_name(folder: Path) -> None:
    name = json.dumps("[bold]\x9b31m\u202e[/x]")
    (folder / "in" / "app.jsonl").write_text(GOOD.replace('"ms"', name), encoding="utf-8")
    etl(folder)
    shown = command("report", "--in", str(folder / "out")).stdout
    assert "[bold]" in shown
    assert "\x9b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("content", [None, "{", "[]", '{"schema":"other"}'])
def test_a_report_that_is_none_is_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "telemetry_report.json").write_text(content, encoding="utf-8")
    done = command("report", "--in", str(tmp_path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
