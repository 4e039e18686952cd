"""What the installed package's `TelemetryRouter` costs a caller, against `logging` with a JSON formatter to a file.

Twice: with the least formatter that writes the record, and with the one that most programs install, python-json-logger.

One event with six attributes goes to one file, by thread time, in interleaved rounds. `logging` neither validates nor
scrubs. A router as it is by default keeps the promise that `logging` keeps, one write a line before the call returns;
nearly half of its time is the system's. With a buffer the caller only captures, and what the router's thread does is
not measured.
"""

from __future__ import annotations

import json
import logging
import os
import pathlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

from client import event_of
from peers import ENVIRONMENT, installed

PEERS = {"python-json-logger": ["python-json-logger==4.2.0"]}

ROUNDS = 51
EVENTS = 400

Take = Callable[[dict[str, object]], object]


class JsonFormatter(logging.Formatter):
    """As applications write it: a line is a JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": self.formatTime(record),
            "level": record.levelname,
            "channel": record.name,
            "event": record.getMessage(),
            "payload": record.payload,  # type: ignore[attr-defined]
        }
        return json.dumps(line)


def main() -> int:
    """Installs the wheel, then measures in the environment that has it."""
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        python = installed(PEERS)
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    from scrubjay import TelemetryRouter
    from scrubjay.router import BUFFER_BYTES

    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        logger = to_file("web", root / "logging.jsonl", JsonFormatter())
        with (
            TelemetryRouter(root / "buffered", buffer_bytes=BUFFER_BYTES) as buffered,
            TelemetryRouter(root / "default") as default,
        ):
            takes: dict[str, Take] = {
                "router": lambda event, track=default.track: track("web", "request", event),
                "router_buffered": lambda event, track=buffered.track: track("web", "request", event),
                "logging": lambda event: logger.info("request", extra={"payload": event}),
            }
            if (usual := usual_formatter()) is not None:
                other = to_file("api", root / "usual.jsonl", usual)
                takes["python_json_logger"] = lambda event: other.info("request", extra={"payload": event})
            times = medians(takes)
    for name, peer in (("router", "logging"), ("router", "python_json_logger"), ("router_buffered", "logging")):
        if peer in times:
            figures = {"ratio": times[peer] / times[name], "ours": times[name], "theirs": times[peer]}
            print(json.dumps({"name": f"{name}_vs_{peer}", **figures, "unit": "ns/event"}), flush=True)
    return 0


def to_file(name: str, path: pathlib.Path, formatter: logging.Formatter) -> logging.Logger:
    """A logger whose only handler appends to a file."""
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    handler = logging.FileHandler(path)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    return logger


def usual_formatter() -> logging.Formatter | None:
    """The formatter of python-json-logger, with the same members; nothing where it could not be installed."""
    try:
        from pythonjsonlogger.json import JsonFormatter as Usual
    except ImportError as error:
        print(f"router_vs_python_json_logger left out: {error}", file=sys.stderr)
        return None
    return Usual("{asctime}{levelname}{name}{message}", style="{")


def medians(takes: dict[str, Take]) -> dict[str, float]:
    """Nanoseconds of each contender for one event."""
    times: dict[str, list[float]] = {name: [] for name in takes}
    events = [event_of(n) for n in range(EVENTS)]
    for _ in range(ROUNDS):
        for name, take in takes.items():
            begun = time.thread_time_ns()
            for event in events:
                take(event)
            times[name].append((time.thread_time_ns() - begun) / EVENTS)
    return {name: statistics.median(each) for name, each in times.items()}


if __name__ == "__main__":
    sys.exit(main())
