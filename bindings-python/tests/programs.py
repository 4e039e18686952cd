"""Programs of their own that track, and what a collector got of them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

from conftest import PATIENCE, Collector

#: What each program begins with.
HEAD = """
import os, signal, sys, time
from scrubjay import Tracker
tracker = Tracker({"client": {"enabled": True, "endpoint": os.environ["COLLECTOR"]}})
"""
#: Seconds that the end of a program may take: the exit timeout, and what a loaded machine adds.
END = 10.0


def program(tmp_path: Path, collector: Collector, source: str, name: str = "program.py") -> subprocess.Popen[bytes]:
    """Starts a program that begins with a tracker."""
    path = tmp_path / name
    path.write_text(HEAD + textwrap.dedent(source), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, str(path)],
        env=os.environ | {"COLLECTOR": collector.url},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """The exit code and what went to standard error."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors.decode()


def events(collector: Collector) -> Counter[str]:
    """How often each event arrived."""
    return Counter(record["event"] for request in list(collector.requests.queue) for record in request.records)


def wait_for(collector: Collector, wanted: Counter[str]) -> None:
    """Returns when these events have arrived, each as often as wanted."""
    found: Counter[str] = Counter()
    deadline = time.monotonic() + PATIENCE
    while found != wanted and time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            found.update(record["event"] for record in collector.requests.get(timeout=1).records)
    assert found == wanted
