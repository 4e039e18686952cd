"""Servers that fork workers and end them: real ones, and every record counted at a collector (fault row P2)."""

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
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PATIENCE, Collector
from programs import HEAD, ended, program, wait_for

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are forked and signalled here")


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


APPLICATION = """
tracker.track("app", "loaded")

def application(environ, start_response):
    tracker.track("app", "request")
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


def served(tmp_path: Path, collector: Collector, command: Callable[[str], list[str]], loaded: str = "") -> None:
    """Thirty requests to a server that forks after it loaded the application; `command` gets its address."""
    (tmp_path / "application.py").write_text(HEAD + APPLICATION + loaded, encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with running(command(address), collector, tmp_path):
        workers = {get(f"http://{address}/") for _ in range(30)}
    wait_for(collector, Counter({"loaded": 1, "request": 30}))
    assert len(workers) > 1


def test_gunicorn_with_preload_delivers_each_request_s_record_once(tmp_path: Path, collector: Collector) -> None:
    gunicorn = [sys.executable, "-m", "gunicorn", "--preload", "-w", "2", "--no-control-socket", "application"]
    # Workers are replaced while they serve.
    served(tmp_path, collector, lambda address: [*gunicorn, "-b", address, "--max-requests", "10"])


@pytest.mark.parametrize("threads", [[], ["--enable-threads"]], ids=["without threads", "with threads"])
def test_uwsgi_delivers_each_request_s_record_once(tmp_path: Path, collector: Collector, threads: list[str]) -> None:
    pytest.importorskip("pyuwsgi", reason="uWSGI is packaged for Linux and macOS")
    uwsgi = [sys.executable, "-c", "import pyuwsgi; pyuwsgi.run()", "--master", "--processes", "2", *threads]
    # Its workers end as it does with SIGTERM, which it takes as a reload unless told otherwise.
    uwsgi += ["--die-on-term", "--need-app", "--module", "application"]
    # Its first process loads the application, and ends without Python's exit.
    served(tmp_path, collector, lambda address: [*uwsgi, "--http-socket", address], loaded="tracker.flush()\n")


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
