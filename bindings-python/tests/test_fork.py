"""A forked child begins anew: it neither hangs on the parent's locks nor sends the parent's records."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE, Collector

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")

TRACKER = """
import json, os, sys, scrubjay
tracker = scrubjay.Tracker(json.loads(sys.argv[1]), exit_timeout=%s)
tracker.track("app", "parent")
assert tracker.flush(%s)
tracker.track("app", "parent, pending")
child = os.fork()
tracker.track("app", "child" if child == 0 else "parent, later")
assert tracker.flush(%s), tracker.stats()
if child == 0:
    stats = tracker.stats()
    assert (stats["accepted"], stats["delivered"]) == (1, 1), stats
    tracker.shutdown()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
""" % ((PATIENCE,) * 3)

ROUTER = """
import os, sys, threading, scrubjay
router = scrubjay.TelemetryRouter(sys.argv[1])
router.track("app", "parent")
held, done = threading.Event(), threading.Event()
def hold():
    with router._lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    import faulthandler
    faulthandler.dump_traceback_later(float(sys.argv[2]), exit=True)
    os._exit(0 if router.track("app", "child") and router.stats()["accepted"] == 1 else 1)
status = os.waitpid(child, 0)[1]
done.set()
thread.join()
assert status == 0, status
assert router.track("app", "parent")
"""

COMPLAINT = """
import logging, os, sys, threading, scrubjay
logging.getLogger("telemetry").addHandler(logging.NullHandler())
tracker = scrubjay.Tracker({"client": {"enabled": True, "endpoint": "http://127.0.0.1:9"}})
tracker.track("app", "odd", {"a": {1}})
held, done = threading.Event(), threading.Event()
def hold():
    with tracker._unwritable._lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    import faulthandler
    faulthandler.dump_traceback_later(float(sys.argv[1]), exit=True)
    tracker.track("app", "odd", {"a": {1}})
    os._exit(0 if tracker.stats()["not_captured"] == 1 else 1)
status = os.waitpid(child, 0)[1]
done.set()
thread.join()
assert status == 0, status
"""


def run(program: str, *arguments: str) -> None:
    # 3.12 warns of fork in a process with threads, which is what is tested here.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=3 * PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")


def test_parent_and_child_each_send_what_they_captured_and_nothing_twice(collector: Collector) -> None:
    run(TRACKER, json.dumps(collector.config(flush_interval_ms=60_000)))
    sent = [record["event"] for _ in range(collector.requests.qsize()) for record in collector.next().records]
    assert sorted(sent) == ["child", "parent", "parent, later", "parent, pending"]


def test_a_router_s_child_writes_and_counts_anew_though_another_thread_held_the_lock(tmp_path: Path) -> None:
    run(ROUTER, str(tmp_path), str(PATIENCE))
    lines = (tmp_path / "app.jsonl").read_text(encoding="utf-8").splitlines()
    assert [line.count('"event":"child"') for line in lines] == [0, 1, 0]


def test_a_tracker_s_child_counts_anew_though_another_thread_was_counting() -> None:
    run(COMPLAINT, str(PATIENCE))
