"""A Dart program and a real collector: samples and reports arrive, and nothing after the opt-out does."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from collector import ROOT, Collector

RUN = [str(ROOT / "bindings-dart/tool/run.sh"), str(ROOT / "bindings-dart/example/perf_sample.dart")]
TIMEOUT_S = 300
"""Building the library for the Dart VM is part of it where nobody did before."""

NO_DART = 3
AFTER = b"after-opt-out"
"""Stands in every record of the example that must not arrive."""


def raw(folder: pathlib.Path) -> bytes:
    """Everything that is in the files of a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_what_the_user_agreed_to_arrives_and_nothing_after_they_did_not(tmp_path: pathlib.Path) -> None:
    collector = Collector(tmp_path / "data", tmp_path / "collector.log")
    try:
        done = subprocess.run([*RUN, collector.url], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S)
        if done.returncode == NO_DART:
            pytest.skip(done.stderr.strip())
        assert done.returncode == 0, done.stderr + done.stdout
    finally:
        collector.stop()
    said = json.loads(done.stdout.splitlines()[-1])
    kept = pathlib.Path(said["state_dir"])
    try:
        assert said["sent"] == "success" and said["after"] == "disabled" and said["waiting"] == 0
        assert said["trail"][-2:] == ["withdrawn", "erased"]
        assert said["delivered"] > 0
        stored, log, left = raw(tmp_path / "data"), (tmp_path / "collector.log").read_bytes(), raw(kept)
        # What has to be there, so that not finding the rest means something.
        assert b"before-opt-out" in stored and b"perf_sample_v1" in stored
        for place, found in {"store": stored, "log": log, "state folder": left}.items():
            assert AFTER not in found, place
        assert b"withdrawn" in left
    finally:
        shutil.rmtree(kept)
