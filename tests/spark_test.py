"""PySpark over the ETL's Parquet, in local mode, beside the ETL's own report.

`make test-spark` installs PySpark and runs this; `make test` runs it where both PySpark and Java are there, and says so
where one is missing. PySpark is no wheel but 456 MB of source: on two busy cores it took 85 s to download, 38 s to
install when its wheel was cached, and this test 93 s, which is a seventh of a cold CI run for one example.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
import random
import shutil
import subprocess
import sys

import pytest
from scrubjay import etl

ROOT = pathlib.Path(__file__).resolve().parents[1]
TIMEOUT_S = 300


def test_spark_counts_what_the_report_counts(tmp_path: pathlib.Path) -> None:
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: make test-spark does it")
    if shutil.which("java") is None:
        pytest.skip("there is no Java on the PATH, which Spark runs on: apt-get install openjdk-17-jre-headless")
    chance = random.Random(6)
    channels = ["app", "2026", "a/b=c 50%", "é", "_other", "x" * 250]
    with (tmp_path / "app.jsonl").open("w", encoding="utf-8") as archive:
        for _ in range(3_000):
            record = {
                "timestamp": f"2026-01-0{chance.randint(1, 5)}T03:04:05Z",
                "channel": chance.choice(channels),
                "event": chance.choice(["login", "logout"]),
                "payload": {"duration_ms": chance.randint(1, 10_000)},
            }
            archive.write(json.dumps(record) + "\n")
    out = tmp_path / "out"
    summary = etl.run(tmp_path / "app.jsonl", out, records="parquet")
    assert summary["accepted"] == 3_000
    command = [sys.executable, str(ROOT / "examples/spark/aggregate.py"), str(out / "records")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    spark = json.loads(done.stdout.splitlines()[-1])
    report = json.loads((out / etl.REPORT).read_text(encoding="utf-8"))
    for table in ("by_channel", "by_event", "by_day", "by_schema"):
        assert spark[table] == report[table]
    for event in report["events"]:
        exact = spark["duration_ms_p95"][f"{event['channel']}.{event['event']}"]
        sketched = event["fields"][0]["quantiles"]["p95"]
        # The stated error, and one rank: Spark interpolates between neighbours.
        assert abs(sketched - exact) <= exact * (report["quantile_relative_error"] + 0.01)
