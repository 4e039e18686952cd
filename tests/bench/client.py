"""What the installed Python package costs a caller, against packages from PyPI, for `make bench`: rows as JSON objects.

One event with six attributes, whose values differ from call to call. What is measured is CPU time of the calling
thread; all contenders are drained between rounds, outside of that, so that nobody takes the cheap way out of a full
queue. Ours sends to a server that accepts everything; the others' exporters do nothing at all.
"""

from __future__ import annotations

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from peers import ENVIRONMENT, installed

PEERS = {
    "opentelemetry": ["opentelemetry-sdk==1.45.2"],
    "posthog": ["posthog==7.91.1"],
    "structlog": ["structlog==26.1.0"],
}

ROUNDS = 101
EVENTS = 400
WARMING = 100
"""Before them, not measured: what the others left in the caches. Together below a batch of OpenTelemetry (512) and of
ours, at which workers wake and take the interpreter, or a lock, from the caller."""
LIMITS = {"batch_max_items": 1_000, "flush_interval_ms": 3_600_000}

Event = dict[str, Any]
Contender = tuple[Callable[[Event], Any], Callable[[], Any]]
"""What takes one event, and what drains."""


def main() -> int:
    """Installs what is missing, then measures in the environment that has it."""
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        python = installed(PEERS)
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    command = [sys.executable, str(pathlib.Path(__file__).with_name("discard.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin and server.stdout
        contenders = available(server.stdout.readline().strip())
        times = medians(contenders)
        server.stdin.close()
    for name, ours, theirs in (
        ("python_track_vs_otel", "track", "opentelemetry"),
        ("python_track_checked_vs_otel", "track_checked", "opentelemetry"),
        ("python_track_vs_posthog", "track", "posthog"),
        ("python_track_vs_structlog_json", "track", "structlog"),
    ):
        if theirs in times:
            ratio = times[theirs] / times[ours]
            row = {"name": name, "ratio": ratio, "ours": times[ours], "theirs": times[theirs], "unit": "ns/event"}
            print(json.dumps(row), flush=True)
    return 0


def available(endpoint: str) -> dict[str, Contender]:
    """Ours, and the peers that can be had; the others are named on standard error, with the reason."""
    from scrubjay import Tracker

    tracker = Tracker({"client": {"enabled": True, "endpoint": endpoint} | LIMITS})
    track, checked = tracker.track, tracker.track_checked
    contenders: dict[str, Contender] = {
        "track": (lambda event: track("web", "request", event), tracker.flush),
        "track_checked": (lambda event: checked("web", "request", event), tracker.flush),
    }
    for name, make in (("opentelemetry", opentelemetry), ("posthog", posthog), ("structlog", structlog)):
        try:
            contenders[name] = make()
            contenders[name][0](event_of(0))
        # What a peer lacks shows in many ways, and none of them may stop the other rows.
        except Exception as error:
            contenders.pop(name, None)
            print(f"{name} left out: {type(error).__name__}: {error}", file=sys.stderr)
    return contenders


def medians(contenders: dict[str, Contender]) -> dict[str, float]:
    """Nanoseconds of each contender for one event, over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    events = [event_of(n) for n in range(EVENTS)]
    loop = nothing(events)
    for _ in range(ROUNDS):
        for name, (take, drain) in contenders.items():
            for event in events[:WARMING]:
                take(event)
            begun = time.thread_time_ns()
            for event in events:
                take(event)
            times[name].append((time.thread_time_ns() - begun) / EVENTS - loop)
            drain()
    return {name: statistics.median(each) for name, each in times.items()}


def nothing(events: list[Event]) -> float:
    """Nanoseconds that the loop and the call of a function take, which are no contender's."""

    def take(event: Event) -> None:
        pass

    times = []
    for _ in range(ROUNDS):
        begun = time.thread_time_ns()
        for event in events:
            take(event)
        times.append((time.thread_time_ns() - begun) / EVENTS)
    return statistics.median(times)


def event_of(n: int) -> Event:
    """An event as a web server has it."""
    return {
        "http.request.method": "POST" if n % 3 else "GET",
        "http.route": "/api/v1/items/{id}",
        "http.response.status_code": 200 + n % 5,
        "duration_ms": n * 0.37,
        "cache.hit": n % 2 == 0,
        "cloud.region": "eu-west-1",
    }


def opentelemetry() -> Contender:
    """Its logs on the batch processor."""
    from opentelemetry._logs import LogRecord, SeverityNumber
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter, LogRecordExportResult

    class Nowhere(LogRecordExporter):
        def export(self, batch: Any) -> Any:
            return LogRecordExportResult.SUCCESS

        def shutdown(self) -> None:
            pass

        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(Nowhere()))
    emit, info, now = provider.get_logger("bench").emit, SeverityNumber.INFO, time.time_ns

    def take(event: Event) -> None:
        emit(LogRecord(timestamp=now(), severity_number=info, event_name="request", attributes=event))

    return take, provider.force_flush


def posthog() -> Contender:
    """Its client without the threads that send: capturing ends in its queue."""
    from posthog import Posthog

    client = Posthog("key", host="http://127.0.0.1:9", send=False, disable_geoip=False)
    capture, queue = client.capture, client.queue

    def drain() -> None:
        while not queue.empty():
            queue.get()
            queue.task_done()

    return lambda event: capture("request", distinct_id="u", properties=event), drain


def structlog() -> Contender:
    """JSON lines with level and time, into nothing."""
    import structlog as peer

    sink = pathlib.Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    processors = [peer.processors.add_log_level, peer.processors.TimeStamper(fmt="iso"), peer.processors.JSONRenderer()]
    peer.configure(processors=processors, logger_factory=peer.WriteLoggerFactory(file=sink))
    info = peer.get_logger().bind().info
    return lambda event: info("request", **event), sink.flush


if __name__ == "__main__":
    sys.exit(main())
