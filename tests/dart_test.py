"""A Dart program and a real collector: what goes by R4's routes arrives, and nothing after the opt-out does."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "demo"))

import editor
from collector import ROOT, Collector

TIMEOUT_S = 300
"""Building the library for the Dart VM is part of it where nobody did before."""

NO_DART = 3
PLANTED = {"email": "ada.dart@mailbox.example.org", "ipv4": "198.51.100.77"}


def test_what_the_user_agreed_to_arrives_and_nothing_after_they_did_not(tmp_path: pathlib.Path) -> None:
    planted = tmp_path / "planted.json"
    planted.write_text(json.dumps(PLANTED))
    # Whatever is written is below this folder: tables, the collector's log, the program's consent and spool.
    written = tmp_path / "written"
    written.mkdir()
    collector = Collector(written / "data", written / "collector.log")
    try:
        done = subprocess.run(
            [*editor.COMMAND, collector.url, str(planted), collector.metrics_url],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(written)},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        if done.returncode == NO_DART:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr + done.stdout
        said = json.loads(done.stdout.splitlines()[-1])
        faults = [*editor.check_stored(said, collector.url)]
        routes = (written / "collector.log").read_text()
        faults += editor.check_refusal(collector.url, collector.metrics_url)
        reports = editor.records(collector.url, editor.KINDS[1])
    finally:
        collector.stop()
    faults += editor.check_files(said, written)
    assert not faults
    assert said["delivered"] > len(said["samples"] + said["reports"]), "and metrics and logs in batches"
    # By R4's routes, so the collector knows each by the id of its request.
    assert all(f'"{each}"' in routes for each in said["samples"] + said["reports"])
    assert {report["metadata"]["note"] for report in reports} == {"reported by [email]"}
    texts = [path.read_bytes() for path in written.rglob("*") if path.is_file()]
    assert not [value for value in PLANTED.values() for text in texts if value.encode() in text]
    assert any(b"withdrawn" in text for text in texts)
