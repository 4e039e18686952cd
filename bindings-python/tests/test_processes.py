"""How processes begin and end: real ones of each kind, and every record counted at a collector (fault group P)."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import pytest
from conftest import PATIENCE, Collector
from programs import END, HEAD, ended, events, program

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked and signalled here")


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("raise RuntimeError('over')", 1),
        ("import atexit; atexit.register(lambda: 1 / 0)", 0),
        ("import threading; threading.Thread(target=lambda: tracker.track('app', 'thread')).start()", 0),
    ],
    ids=["returns", "exits in the middle", "raises", "raises at exit", "leaves a thread"],
)
def test_what_was_tracked_before_the_end_arrives(tmp_path: Path, collector: Collector, end: str, code: int) -> None:
    begun = time.monotonic()
    process = program(tmp_path, collector, f"for n in range(10): tracker.track('app', 'step')\n{end}\n")
    assert ended(process)[0] == code
    assert events(collector)["step"] == 10
    assert events(collector)["thread"] == ("thread" in end)
    assert time.monotonic() - begun < END


def test_an_exit_does_not_wait_for_a_collector_that_does_not_answer(tmp_path: Path, collector: Collector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        collector_of = {"COLLECTOR": f"http://127.0.0.1:{deaf.getsockname()[1]}"}
        path = tmp_path / "program.py"
        source = "tracker.track('app', 'x'); began = time.monotonic(); import atexit\n"
        # Registered before the package's own, so called after it.
        path.write_text(
            "import atexit, time\natexit.register(lambda: print(time.monotonic() - began))\n" + HEAD + source,
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, str(path)],
            env=os.environ | collector_of,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
    assert float(done.stdout) < 3
    assert collector.requests.empty()


def test_sigterm_delivers_where_the_host_asked_for_it(tmp_path: Path, collector: Collector) -> None:
    source = """
        from scrubjay import install_shutdown_hooks
        signal.signal(signal.SIGTERM, lambda *_: os.write(1, b"mine\\n") and os._exit(5))
        install_shutdown_hooks()
        tracker.track("app", "step")
        print("ready", flush=True)
        signal.pause()
    """
    process = program(tmp_path, collector, source)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=PATIENCE)
    # The host's own handler had its say, after.
    assert (process.returncode, output, errors) == (5, b"mine\n", b"")
    assert events(collector) == {"step": 1}


def test_sigterm_without_a_handler_still_ends_the_process_by_it(tmp_path: Path, collector: Collector) -> None:
    source = """
        from scrubjay import install_shutdown_hooks
        install_shutdown_hooks()
        tracker.track("app", "step")
        print("ready", flush=True)
        signal.pause()
    """
    process = program(tmp_path, collector, source)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == -signal.SIGTERM
    assert events(collector) == {"step": 1}


def test_forked_children_send_their_own_and_nothing_of_the_parent_s(tmp_path: Path, collector: Collector) -> None:
    source = """
        tracker.track("app", "parent")
        children = []
        for n in range(20):
            pid = os.fork()
            if pid == 0:
                tracker.track("app", "child")
                tracker.shutdown(30)
                os._exit(0)
            children.append(pid)
        for pid in children:
            os.waitpid(pid, 0)
        tracker.track("app", "parent")
    """
    assert ended(program(tmp_path, collector, source)) == (0, "")
    assert events(collector) == {"parent": 2, "child": 20}


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_deliver_at_their_end(tmp_path: Path, collector: Collector, method: str) -> None:
    source = f"""
        import multiprocessing

        def work(n):
            tracker.track("app", "child")

        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            tracker.track("app", "parent")
            workers = [context.Process(target=work, args=(n,)) for n in range(3)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
    """
    code, errors = ended(program(tmp_path, collector, source))
    assert code == 0, errors
    assert events(collector) == {"parent": 1, "child": 3}


def test_a_pool_of_executors_delivers_what_its_workers_track(tmp_path: Path, collector: Collector) -> None:
    source = """
        from concurrent.futures import ProcessPoolExecutor

        def work(n):
            tracker.track("app", "child")

        if __name__ == "__main__":
            with ProcessPoolExecutor(2) as pool:
                list(pool.map(work, range(10)))
    """
    code, errors = ended(program(tmp_path, collector, source))
    assert code == 0, errors
    assert events(collector) == {"child": 10}


def test_asyncio_goes_on_while_a_tracker_flushes_and_gets_no_thread(tmp_path: Path, collector: Collector) -> None:
    source = """
        import asyncio, threading

        async def main():
            ticks = 0
            async def tick():
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0)
            task = asyncio.create_task(tick())
            for n in range(50):
                tracker.track("app", "step")
            assert await tracker.aflush(10)
            assert await tracker.ashutdown(10)
            task.cancel()
            assert ticks > 10, ticks
            # The worker is no thread of Python's; nothing was put into the loop's pool.
            assert threading.active_count() == 1, threading.enumerate()

        asyncio.run(main())
    """
    assert ended(program(tmp_path, collector, source)) == (0, "")
    assert events(collector) == {"step": 50}


def test_gevent_s_greenlets_track_and_have_spans_of_their_own(tmp_path: Path, collector: Collector) -> None:
    source = """
        import gevent

        def work(n):
            with tracker.span(f"span {n % 2}") as span:
                gevent.sleep(0)
                tracker.track("app", "step", {"n": n}, context={"expected": span.span_id})

        gevent.joinall([gevent.spawn(work, n) for n in range(20)], raise_error=True)
    """
    path = tmp_path / "patched.py"
    path.write_text(
        "from gevent import monkey\nmonkey.patch_all()\n" + HEAD + textwrap.dedent(source), encoding="utf-8"
    )
    environment = os.environ | {"COLLECTOR": collector.url}
    subprocess.run([sys.executable, "-W", "error", str(path)], env=environment, timeout=PATIENCE, check=True)
    records = [record for request in list(collector.requests.queue) for record in request.records]
    steps = [record for record in records if record["schema"] == "telemetry_event_v1"]
    assert len(steps) == 20
    assert all(step["context"]["span_id"] == step["context"]["expected"] for step in steps)


#: Any user but root and the one who runs this.
SOMEBODY_ELSE = 65_534


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can act as another user")
def test_nobody_else_reads_or_writes_what_a_process_with_an_open_umask_keeps(
    tmp_path: Path, collector: Collector
) -> None:
    source = """
        os.umask(0)
        config = {"client": {"enabled": True, "endpoint": os.environ["COLLECTOR"], "durable": True,
                             "upload_enabled": False, "spool": {"dir": "kept/spool"}}}
        os.environ["XDG_STATE_HOME"] = os.path.abspath("kept/state")
        kept = Tracker(config)
        kept.opt_in(source="test")
        assert kept.track("app", "step")
        kept.shutdown()
    """
    assert ended(program(tmp_path, collector, source)) == (0, "")
    kept = tmp_path / "kept"
    for folder in [kept, *kept.parents]:
        # Else the folders above would hide what is asked about.
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o001)
    files = [path for path in kept.rglob("*") if path.is_file()]
    assert {path.parent.parent.name for path in files} >= {"spool", "state"}
    places = [*files, *(path.parent for path in files)]
    found = subprocess.run(
        [shutil.which("find") or "", *places, "(", "-readable", "-o", "-writable", ")", "-print"],
        user=SOMEBODY_ELSE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == ""
    assert "Permission denied" in found.stderr


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs util-linux's unshare")
@pytest.mark.parametrize(
    "endpoint", ["http://collector.example:4000", "http://192.0.2.1:4000"], ids=["name", "address"]
)
def test_a_process_without_any_network_ends_in_time_and_says_what_it_lost(tmp_path: Path, endpoint: str) -> None:
    alone = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this system gives no network namespace")
    path = tmp_path / "alone.py"
    path.write_text(HEAD + "assert tracker.track('app', 'step')\n", encoding="utf-8")
    begun = time.monotonic()
    process = subprocess.run(
        [*alone, sys.executable, str(path)],
        env=os.environ | {"COLLECTOR": endpoint},
        timeout=PATIENCE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "1 record dropped" in process.stderr
    assert time.monotonic() - begun < END


#: What a subinterpreter does.
INSIDE = """
import os
from scrubjay import Engine, ScrubjayError, Tracker
tracker = Tracker({"client": {"enabled": True, "endpoint": os.environ["COLLECTOR"]}})
assert tracker.track("app", "inside", {"values": [1, 2.5, None, "x"]})
outcome = tracker.track_checked("app", "checked", {"mail": "ann@example.com"})
assert outcome["record"]["payload"]["mail"] == "[email]"
try:
    Engine({"privacy": {"mode": "odd"}})
except ScrubjayError as error:
    assert error.code == "config_invalid"
assert tracker.shutdown(30)
"""


def test_subinterpreters_track_side_by_side_and_their_end_ends_nobody_else(
    tmp_path: Path, collector: Collector
) -> None:
    pytest.importorskip("_xxsubinterpreters", reason="this interpreter has them by another name")
    source = f"""
    import _xxsubinterpreters as interpreters
    tracker.track("app", "before")
    for _ in range(10):
        one = interpreters.create()
        interpreters.run_string(one, {INSIDE!r})
        interpreters.destroy(one)
    tracker.track("app", "after")
    """
    assert ended(program(tmp_path, collector, source)) == (0, "")
    assert events(collector) == Counter({"inside": 10, "checked": 10, "before": 1, "after": 1})
