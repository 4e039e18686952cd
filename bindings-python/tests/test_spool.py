"""The spool, in processes as people run them: left at an exit, looked into, purged, delivered by the next one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import Collector
from test_cli import command

import scrubjay

#: Nobody listens there.
DEAD = "http://127.0.0.1:1"
#: Seconds: far above what anything here takes.
PATIENCE = 60.0

PROGRAM = """
import json, os, signal, sys
import scrubjay
tracker = scrubjay.Tracker(json.loads(sys.argv[1]), exit_timeout=float(sys.argv[2]))
for n in range(30):
    tracker.track("app", f"e{n}", {"to": "canary@example.com"})
print("tracked", flush=True)
{end}
"""


def config(folder: Path, endpoint: str, **client: Any) -> dict[str, Any]:
    return {"client": {"enabled": True, "endpoint": endpoint, "spool": {"dir": str(folder)}, **client}}


def run(end: str, configuration: dict[str, Any], exit_timeout: float = PATIENCE / 2) -> tuple[int, float]:
    """The exit code of a program that tracks 30 records and ends so, and how long that end took.

    Half of the exit's timeout is for the disk, which others keep busy here: more than the second of the default.
    """
    line = [sys.executable, "-c", PROGRAM.replace("{end}", end), json.dumps(configuration), str(exit_timeout)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "tracked\n"
        started = time.monotonic()
        return program.wait(PATIENCE), time.monotonic() - started


def waiting(folder: Path) -> list[str]:
    done = command("spool", "inspect", "--records", str(folder))
    assert done.returncode == 0, done.stderr
    assert "canary" not in done.stdout
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]


EVENTS = [f"e{n}" for n in range(30)]


@pytest.mark.parametrize("end", ["pass", "sys.exit(3)", "raise ValueError"])
def test_what_an_ending_program_cannot_send_stays_in_the_spool(tmp_path: Path, end: str) -> None:
    _, seconds = run(end, config(tmp_path / "spool", DEAD))
    assert waiting(tmp_path / "spool") == EVENTS
    assert seconds < 10


def test_a_collector_that_never_answers_holds_an_exit_up_for_its_timeout_and_costs_nothing(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        _, seconds = run("pass", config(tmp_path / "spool", f"http://127.0.0.1:{silent.getsockname()[1]}"), 4.0)
    assert waiting(tmp_path / "spool") == EVENTS
    assert seconds < 10


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_killed_program_loses_nothing_in_durable_mode(tmp_path: Path, name: str) -> None:
    code, _ = run(f"os.kill(os.getpid(), signal.{name})", config(tmp_path / "spool", DEAD, durable=True))
    assert code == -getattr(signal, name)
    assert waiting(tmp_path / "spool") == EVENTS


def test_the_next_program_delivers_what_an_earlier_one_left(tmp_path: Path, collector: Collector) -> None:
    run("pass", config(tmp_path / "spool", DEAD))
    tracker = scrubjay.Tracker(config(tmp_path / "spool", collector.url))
    assert tracker.flush(PATIENCE)
    stats = tracker.stats()
    assert (stats["recovered"], stats["delivered"], stats["pending"]) == (30, 30, 0)
    assert tracker.shutdown()
    assert waiting(tmp_path / "spool") == []


def test_inspect_says_what_waits_and_purge_removes_it(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    run("pass", config(folder, DEAD))
    seen = json.loads(command("spool", "inspect", "--json", str(folder)).stdout)
    assert (seen["waiting"], seen["slots"][0]["owner"]) == (30, None)
    assert command("spool", "inspect", str(folder)).stdout.startswith("30 records waiting, ")
    asked = command("spool", "purge", str(folder))
    assert (asked.returncode, "--yes" in asked.stderr) == (2, True)
    assert command("spool", "purge", "--older-than", "1h", "--yes", str(folder)).stdout.startswith("removed 0 records")
    assert command("spool", "purge", "--yes", str(folder)).stdout.startswith("removed 30 records")
    assert waiting(folder) == []


def test_a_spool_that_is_not_there_or_not_named_is_told(tmp_path: Path) -> None:
    assert "no such folder" in command("spool", "inspect", str(tmp_path / "absent")).stderr
    assert "which spool" in command("spool", "inspect").stderr
    assert "12h" in command("spool", "purge", "--older-than", "soon", str(tmp_path)).stderr


#: Leaves records on the disk, and a process that lives on and has no business with them.
LEAVING = """
import json, os, sys
import scrubjay
tracker = scrubjay.Tracker(json.loads(sys.argv[1]))
for n in range(30):
    assert tracker.track("app", f"e{n}", {"to": "canary@example.com"})
LEAVE
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="fork and signals of POSIX")
@pytest.mark.parametrize(
    ("leave", "client"),
    [
        # A daemon: its parent ends, and it never makes a call.
        ("if os.fork() != 0:\n    os._exit(0)", {}),
        # Shut down, and alive: it had no worker that could have left the folder.
        ("tracker.shutdown()", {"upload_enabled": False}),
    ],
    ids=["a forked child", "a client without a worker"],
)
def test_who_lives_on_without_a_worker_leaves_the_spool_to_others(
    tmp_path: Path, collector: Collector, leave: str, client: dict[str, Any]
) -> None:
    left = config(tmp_path / "spool", DEAD, durable=True, **client)
    line = [sys.executable, "-c", LEAVING.replace("LEAVE", leave), json.dumps(left)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None and program.stdin is not None
        assert program.stdout.readline() == "ready\n"
        tracker = scrubjay.Tracker(config(tmp_path / "spool", collector.url))
        assert tracker.flush(PATIENCE)
        assert tracker.stats()["delivered"] == 30
        assert tracker.shutdown()
        # Both were there all the time.
        program.stdin.close()
        assert program.stdout.read() == ""


def test_coroutines_go_on_while_their_records_reach_the_disk(tmp_path: Path) -> None:
    tracker = scrubjay.Tracker(config(tmp_path / "spool", DEAD, durable=True, upload_enabled=False))

    async def main() -> tuple[list[bool], int]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        turning = asyncio.create_task(turn())
        kept = await asyncio.gather(*(tracker.atrack("app", event, {"to": "canary@example.com"}) for event in EVENTS))
        turning.cancel()
        return kept, turns

    kept, turns = asyncio.run(main())
    assert kept == [True] * 30
    assert turns > 1
    assert tracker.stats()["spooled"] == 30
    assert sorted(waiting(tmp_path / "spool")) == sorted(EVENTS)
    # Another loop, and what can be said at once.
    assert asyncio.run(tracker.atrack("app", "e30")) is True
    assert asyncio.run(tracker.atrack("app", "unwritable", {"bad": object()})) is False
    tracker.shutdown()
    assert asyncio.run(tracker.atrack("app", "late")) is False


def test_a_coroutine_that_is_cancelled_leaves_its_record_on_the_disk(tmp_path: Path) -> None:
    tracker = scrubjay.Tracker(config(tmp_path / "spool", DEAD, durable=True, upload_enabled=False))

    async def main() -> None:
        task = asyncio.create_task(tracker.atrack("app", "cancelled"))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        # Whoever waits next hears of its own record alone.
        assert await tracker.atrack("app", "next") is True

    asyncio.run(main())
    assert waiting(tmp_path / "spool") == ["cancelled", "next"]
    tracker.shutdown()


def test_a_tracker_without_a_disk_answers_a_coroutine_at_once(collector: Collector) -> None:
    with scrubjay.Tracker(collector.config()) as tracker:
        assert asyncio.run(tracker.atrack("app", "login")) is True
    assert asyncio.run(scrubjay.Tracker().atrack("app", "off")) is False
