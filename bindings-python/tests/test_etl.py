"""Archives in; the report, records and a quarantine out."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE

import scrubjay
from scrubjay import ScrubjayError, TelemetryRouter, etl

GOOD = b'{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"login","payload":{}}\n'
LATER = b'{"timestamp":"2026-01-03T03:04:05Z","channel":"app","event":"logout","payload":{"m":"a@b.io","ms":7}}\n'
BAD = b'{"timestamp":"2026-01-02T03:04:05Z","channel":"app","event":"","payload":{}}\n'

linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and locks as Linux has them")


def archive(folder: Path, name: str, *lines: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def report_of(summary: etl.Summary) -> Any:
    return json.loads(Path(summary["report"]).read_text(encoding="utf-8"))


def in_process(code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program that is told its paths in `sys.argv`."""
    command = [
        sys.executable,
        "-c",
        f"import sys\nfrom scrubjay import ScrubjayError, etl\n{code}",
        *map(str, arguments),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE * 4)


def test_records_are_counted_by_what_they_are(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, BAD, b"\n", LATER)
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["read"], summary["accepted"], summary["rejected"], summary["dropped"]) == (3, 2, 1, 0)
    report = report_of(summary)
    assert report["by_event"] == {"app.login": 1, "app.logout": 1}
    assert report["by_day"] == {"2026-01-02": 1, "2026-01-03": 1}
    assert report["redactions"] == {"email": 1}
    assert report["violations"] != {}


def test_the_results_have_the_names_that_the_documents_give_them(tmp_path: Path) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD, BAD)
    out = tmp_path / "a" / "b"
    summary = etl.run(tmp_path / "in", out, records="jsonl")
    assert Path(summary["report"]) == out / "telemetry_report.json"
    assert Path(summary["page"]) == out / "telemetry_report.html"
    assert summary["quarantine"] == str(out / "quarantine" / "rejected-000001.jsonl")
    assert [str(path.parent.relative_to(out)) for path in out.rglob("part-*")] == ["records/day=2026-01-02/channel=app"]
    assert report_of(summary)["schema"] == "telemetry_report_v1"


def test_what_a_router_wrote_is_read_back(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path / "in") as router:
        for i in range(20):
            router.track(("app", "import")[i % 2], "step", {"i": i})
        router.track("app", "")
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert (summary["files"], summary["accepted"], summary["rejected"], summary["dead_letters"]) == (2, 20, 0, 1)
    assert report_of(summary)["by_channel"] == {"app": 10, "import": 10}


def test_a_run_that_is_repeated_changes_nothing_and_new_lines_are_added(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD, LATER[:40])
    summary = etl.run(path, tmp_path / "out", records="jsonl")
    assert (summary["accepted"], summary["torn"]) == (1, 1)
    again = etl.run(path, tmp_path / "out", records="jsonl")
    assert (again["read"], report_of(again)["accepted"]) == (0, 1)
    archive(tmp_path, "in/app.jsonl", GOOD, LATER)
    third = etl.run(path, tmp_path / "out", records="jsonl")
    assert (third["accepted"], report_of(third)["accepted"]) == (1, 2)
    lines = b"".join(sorted(part.read_bytes() for part in (tmp_path / "out").rglob("part-*")))
    assert lines.count(b"\n") == 2


def test_progress_tells_every_byte_once(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD * 50_000)
    told: list[int] = []
    summary = etl.run(path, tmp_path / "out", progress=told.append)
    assert (summary["accepted"], summary["rejected"], summary["torn"]) == (50_000, 0, 0)
    assert (summary["bytes"], sum(told)) == (50_000 * len(GOOD), 50_000 * len(GOOD))


def test_what_the_callback_raises_ends_the_run_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)

    def refuse(_: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        etl.run(path, tmp_path / "out", progress=refuse)
    assert not (tmp_path / "out" / etl.REPORT).exists()
    assert etl.run(path, tmp_path / "out")["accepted"] == 1


def test_folders_patterns_and_packed_archives_are_sources(tmp_path: Path) -> None:
    archive(tmp_path, "in/2026/app.jsonl", GOOD)
    archive(tmp_path, "in/b.ndjson.gz", gzip.compress(LATER))
    archive(tmp_path, "in/app.txt", GOOD * 5)
    assert etl.run(tmp_path / "in", tmp_path / "one")["read"] == 2
    assert etl.run(f"{tmp_path}/in/**/*.jsonl", tmp_path / "two")["read"] == 1
    assert etl.run([tmp_path / "in" / "app.txt", tmp_path / "in"], tmp_path / "three")["read"] == 7


def test_results_below_a_source_are_no_archives(tmp_path: Path) -> None:
    archive(tmp_path, "app.jsonl", GOOD, BAD)
    for _ in range(2):
        etl.run(tmp_path, tmp_path / "out", records="jsonl")
    assert report_of(etl.run(tmp_path, tmp_path / "out", records="jsonl"))["read"] == 2


def test_an_empty_folder_gives_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert report_of(etl.run(tmp_path / "in", tmp_path / "out"))["read"] == 0


def test_a_source_that_is_not_there_says_where_archives_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="reports/telemetry"):
        etl.run(tmp_path / "nowhere", tmp_path / "out")


def test_a_source_that_vanished_is_named_and_costs_the_others_nothing(tmp_path: Path) -> None:
    good, gone = archive(tmp_path, "app.jsonl", GOOD), tmp_path / "gone"
    summary = etl.run([gone, good, f"{tmp_path}/old/*.jsonl"], tmp_path / "out")
    assert summary["accepted"] == 1
    assert [each["path"] for each in summary["unreadable"]] == [str(gone), f"{tmp_path}/old/*.jsonl"]


def test_a_folder_that_may_not_be_listed_is_named_and_costs_the_others_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive(tmp_path, "in/app.jsonl", GOOD)
    archive(tmp_path, "in/locked/app.jsonl", GOOD)
    listed = os.scandir

    def refusing(path: str) -> Any:
        # The superuser, who may run this, may list everything.
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refusing)
    summary = etl.run(tmp_path / "in", tmp_path / "out")
    assert summary["accepted"] == 1
    assert [each["path"] for each in summary["unreadable"]] == [str(tmp_path / "in/locked")]
    with pytest.raises(PermissionError, match="may not be listed"):
        etl.run(tmp_path / "in/locked", tmp_path / "out")


def test_other_rules_are_not_mixed_with_what_was_made_by_former_ones(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)
    etl.run(path, tmp_path / "out")
    with pytest.raises(ScrubjayError, match="rebuild") as caught:
        etl.run(path, tmp_path / "out", {"privacy": {"mode": "strict"}})
    assert caught.value.code == "store_unavailable"
    assert report_of(etl.run(path, tmp_path / "out", {"privacy": {"mode": "strict"}}, rebuild=True))["read"] == 1


@linux
def test_a_full_disk_is_one_message_and_the_next_run_has_every_record(tmp_path: Path) -> None:
    lines = b"".join(GOOD.replace(b"{}", b'{"n":"%x"}' % (i * 2654435761 % 2**32)) for i in range(60_000))
    path = archive(tmp_path, "in/app.jsonl", lines)
    # A file may have so many bytes: what a full disk does to a write, without filling one.
    code = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n    etl.run(sys.argv[1], sys.argv[2], records='jsonl')\n"
        "except ScrubjayError as error:\n    print(error.code, error.message)\n"
    )
    done = in_process(code, path, tmp_path / "out")
    assert done.stderr == ""
    assert done.stdout.startswith("store_unavailable cannot write ")
    assert "File too large" in done.stdout
    assert not list((tmp_path / "out").rglob("part-*"))
    assert report_of(etl.run(path, tmp_path / "out", records="jsonl"))["accepted"] == 60_000


@linux
def test_an_etl_that_is_killed_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    lines = [GOOD.replace(b"{}", b'{"n":%d}' % i) for i in range(40_000)]
    path = archive(tmp_path, "in/app.jsonl", *lines)
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-c",
        "import sys\nfrom scrubjay import etl\netl.run(sys.argv[1], sys.argv[2], records='jsonl')",
    ]
    for round_ in range(6):
        with subprocess.Popen([*command, path, out]) as running:
            until = time.monotonic() + PATIENCE
            # At a different moment each time, from the first staged file on.
            while running.poll() is None and not list(out.glob(".etl/staging/*/records")) and time.monotonic() < until:
                pass
            # There is no event to wait for: the point is another moment each time.
            time.sleep(0.003 * round_)
            running.kill()
    assert report_of(etl.run(path, out, records="jsonl"))["accepted"] == len(lines)
    kept = b"".join(part.read_bytes() for part in out.rglob("records/**/part-*")).splitlines()
    assert sorted(json.loads(line)["payload"]["n"] for line in kept) == list(range(len(lines)))


@linux
def test_a_line_of_two_gigabytes_is_one_dropped_line_in_bounded_memory(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)
    with path.open("r+b") as file:
        # A hole, which takes no room.
        file.truncate(len(GOOD) + (2 << 30))
        file.seek(0, io.SEEK_END)
        file.write(b"\n" + LATER)
    code = (
        "import resource\nsummary = etl.run(sys.argv[1], sys.argv[2])\n"
        "print(summary['read'], summary['accepted'], summary['dropped'] + summary['rejected'])\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    done = in_process(code, path, tmp_path / "out")
    counts, peak_mb = done.stdout.splitlines()
    assert counts == "3 2 1"
    assert int(peak_mb) < 256


@linux
def test_of_two_etls_at_once_the_second_says_so(tmp_path: Path) -> None:
    path = archive(tmp_path, "in/app.jsonl", GOOD)
    seen: list[str] = []

    def second(_: int) -> None:
        done = in_process(
            "try:\n    etl.run(sys.argv[1], sys.argv[2])\nexcept ScrubjayError as error:\n    print(error.message)\n",
            path,
            tmp_path / "out",
        )
        seen.append(done.stdout)

    summary = etl.run(path, tmp_path / "out", progress=second)
    assert all("another ETL" in said for said in seen), seen
    assert seen
    assert report_of(summary)["accepted"] == 1


@linux
def test_an_interrupt_ends_a_run_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)
    code = "try:\n    etl.run(sys.argv[1], sys.argv[2])\nexcept KeyboardInterrupt:\n    print('interrupted')\n"
    command = [sys.executable, "-c", f"import sys\nfrom scrubjay import etl\n{code}", str(fifo), str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        with fifo.open("wb") as lines:
            lines.write(GOOD)
            lines.flush()
            running.send_signal(2)
            # The worker that waits for more lines is let go when the writer ends.
        assert running.communicate(timeout=PATIENCE)[0] == "interrupted\n"


def test_lines_become_one_parquet_file() -> None:
    parquet = etl.to_parquet(GOOD + BAD + LATER)
    assert parquet[:4] == parquet[-4:] == b"PAR1"


def test_records_are_arrow_tables_and_frames(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    archive(tmp_path, "a.jsonl", GOOD, BAD)
    archive(tmp_path, "b.jsonl.gz", gzip.compress(LATER))
    records = etl.Records(tmp_path)
    table = records.to_arrow()
    assert table.num_rows == 2
    assert table.schema.field("timestamp").type == pyarrow.timestamp("us", "UTC")
    assert table["event"].to_pylist() == ["login", "logout"]
    assert json.loads(table["payload"][1].as_py())["m"] == "[email]"
    assert table["user_id"].null_count == 2
    # From the beginning each time.
    assert records.to_arrow().equals(table)


def test_records_are_polars_frames(tmp_path: Path) -> None:
    pytest.importorskip("polars", reason="polars is not installed")
    archive(tmp_path, "a.jsonl", GOOD * 3_000)
    frame = etl.Records(tmp_path).to_polars()
    assert frame.shape == (3_000, 11)
    assert frame["channel"].unique().to_list() == ["app"]


def test_records_are_pandas_frames(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    archive(tmp_path, "a.jsonl", GOOD, LATER)
    assert list(etl.Records(tmp_path).to_pandas()["event"]) == ["login", "logout"]


def test_duckdb_reads_the_parquet_with_day_and_channel(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="duckdb is not installed")
    odd = GOOD.replace(b'"app"', '"50% a/b é"'.encode())
    number = GOOD.replace(b'"app"', b'"2026"')
    archive(tmp_path, "a.jsonl", GOOD, LATER, odd, number)
    with pytest.raises(FileNotFoundError, match="--records parquet"):
        etl.open_duckdb(tmp_path / "out")
    etl.run(tmp_path / "a.jsonl", tmp_path / "out", records="parquet")
    query = "select channel, cast(day as varchar), count(*) from records group by all order by all"
    assert etl.open_duckdb(tmp_path / "out").sql(query).fetchall() == [
        ("2026", "2026-01-02", 1),
        ("50% a/b é", "2026-01-02", 1),
        ("app", "2026-01-02", 1),
        ("app", "2026-01-03", 1),
    ]


def test_polars_reads_the_parquet_with_day_and_channel(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    odd = GOOD.replace(b'"app"', '"50% a/b é"'.encode())
    etl.run(archive(tmp_path, "a.jsonl", LATER, odd), tmp_path / "out", records="parquet")
    frame = polars.read_parquet(tmp_path / "out" / "records" / "**" / "*.parquet", hive_partitioning=True)
    assert sorted(frame["channel"].to_list()) == ["50% a/b é", "app"]


def test_a_stream_is_read_once_and_a_wrong_configuration_is_refused_before(tmp_path: Path) -> None:
    with pytest.raises(ScrubjayError, match="/privacy/mod"):
        etl.Records(archive(tmp_path, "a.jsonl", GOOD), {"privacy": {"mod": 1}})
    stream = scrubjay._native.ArrowStream("{}", [str(tmp_path / "a.jsonl")])
    stream.__arrow_c_stream__()
    with pytest.raises(ValueError, match="read already"):
        stream.__arrow_c_stream__()


def test_the_page_is_drawn_by_a_browser_without_network(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on the PATH: the page was not drawn (Debian: apt-get install chromium)")
    hostile = LATER.replace(b'"logout"', b'"<script>document.title=1</script><img src=x onerror=document.title=2>"')
    page = etl.run(archive(tmp_path, "a.jsonl", GOOD, BAD, LATER * 9, hostile), tmp_path / "out")["page"]
    switches = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    dump = subprocess.run(
        [browser, *switches, "--dump-dom", Path(page).as_uri()], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "<title>Telemetry report</title>" in dump
    assert dump.count('<rect class="c0"') >= 5
    assert "<img" not in dump
    assert "<script" not in dump
