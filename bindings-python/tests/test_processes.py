"""How processes begin and end: real ones of each kind, and every record counted at a collector (fault group P)."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import PATIENCE, Collector

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked and signalled here")

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
                tracker.shutdown(5)
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


@contextlib.contextmanager
def running(command: list[str], collector: Collector, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server until the block is left, ended by SIGTERM as its supervisor would."""
    log = (cwd / "server.log").open("wb")
    environment = os.environ | {"COLLECTOR": collector.url, "PYTHONPATH": str(cwd)}
    process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def test_gunicorn_with_preload_delivers_each_request_s_record_once(tmp_path: Path, collector: Collector) -> None:
    application = """
        tracker.track("app", "loaded")

        def app(environ, start_response):
            tracker.track("app", "request")
            start_response("200 OK", [])
            return [str(os.getpid()).encode()]
    """
    (tmp_path / "application.py").write_text(HEAD + textwrap.dedent(application), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--preload", "-w", "2", "-b", f"127.0.0.1:{port}"]
    # Workers are replaced while they serve.
    command += ["--max-requests", "10", "--no-control-socket", "application:app"]
    with running(command, collector, tmp_path):
        workers = set()
        for _ in range(30):
            workers.add(get(f"http://127.0.0.1:{port}/"))
    wait_for(collector, Counter({"loaded": 1, "request": 30}))
    assert len(workers) > 1


def get(url: str) -> bytes:
    """The body at `url`, as soon as somebody serves it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE) as response:  # noqa: S310 - our own server's
                return bytes(response.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            threading.Event().wait(0.05)


def test_celery_delivers_from_workers_that_end_after_each_task(tmp_path: Path, collector: Collector) -> None:
    tasks = """
        from celery import Celery
        from scrubjay.integrations.celery import CeleryTelemetry

        app = Celery("tasks")
        app.conf.update(
            broker_url="filesystem://",
            broker_transport_options={"data_folder_in": "queue", "data_folder_out": "queue"},
            worker_max_tasks_per_child=1,
            task_ignore_result=True,
            broker_connection_retry_on_startup=False,
        )
        CeleryTelemetry(tracker)

        @app.task
        def work(n):
            tracker.track("app", "task")
            if n == 0:
                raise ValueError("the first fails")
    """
    (tmp_path / "tasks.py").write_text(HEAD + textwrap.dedent(tasks), encoding="utf-8")
    (tmp_path / "queue").mkdir()
    send = """
        import tasks
        with tracker.span("sender") as span:
            for n in range(4):
                tasks.work.delay(n)
    """
    sender = program(tmp_path, collector, send)
    code, errors = ended(sender)
    assert code == 0, errors
    (sent,) = collector.next().records
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "-c", "2", "--without-heartbeat"]
    command += ["--without-gossip", "--without-mingle", "-l", "WARNING"]
    found: list[dict[str, object]] = []
    with running(command, collector, tmp_path):
        deadline = time.monotonic() + PATIENCE
        while len(found) < 8 and time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                found += collector.requests.get(timeout=1).records
    names = Counter(str(record.get("event") or record.get("name")) for record in found)
    assert names == {"task": 4, "tasks.work": 4}, (tmp_path / "server.log").read_text()
    spans = [record for record in found if record.get("name") == "tasks.work"]
    assert {span["trace_id"] for span in spans} == {sent["trace_id"]}
    assert {span["parent_span_id"] for span in spans} == {sent["span_id"]}
    statuses = Counter(str((span.get("status") or {"code": "unset"})["code"]) for span in spans)  # type: ignore[index]
    assert statuses == {"unset": 3, "error": 1}


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
