"""Sends what a batch job would: `send.py COLLECTOR_URL PLANTED_JSON [ARCHIVES]`.

`PLANTED_JSON` holds values by kind (`email`, `card`, `ipv4`, …) that must not arrive anywhere. Records go to the
collector through a `Tracker`, and the same ones to JSON Lines archives through a `TelemetryRouter` where a folder is
given. Prints one JSON line: `{"runtime":"python","sent":n,"stats":{…}}`.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scrubjay import TelemetryRouter, Tracker

#: Records without personal data: the planted ones are a minority, as in real life.
PLAIN_RECORDS = 180
#: Seconds; enough for a collector on this machine.
FLUSH_TIMEOUT = 30.0


def plain() -> Iterator[dict[str, Any]]:
    """Everyday records of a nightly import."""
    for i in range(PLAIN_RECORDS):
        yield {
            "channel": ("import", "import", "report")[i % 3],
            "event": ("file_read", "rows_merged", "table_written")[i % 3],
            "payload": {
                "file": f"orders-{i % 7}.csv",
                "rows": 1_000 + i,
                "took_ms": 3.5 * (i % 40),
                "retry": i % 9 == 0,
            },
            "session_id": f"run-{i // 60}",
        }


def planted(values: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The places where personal data slips in: free text, named members, headers, addresses, identifiers."""
    payloads: list[dict[str, Any]] = [
        {"error": f"duplicate key value (email)=({values['email']})"},
        {"row": {"contact": values["email"], "note": f"paid with {values['card']}"}},
        {"line": f"connection from {values['ipv4']} via [{values['ipv6']}]:443"},
        {"headers": {"Authorization": f"Bearer {values['bearer']}", "Accept": "*/*"}},
        {"stderr": f"curl -H 'Authorization: Bearer {values['bearer']}' failed: token {values['jwt']} expired"},
        {"login": {"password": values["password"], "remember": True}},
        {values["email"]: {"opens": 3}},
    ]
    for payload in payloads:
        yield {"channel": "import", "event": "row_failed", "payload": payload}
    yield {
        "channel": "import",
        "event": "started",
        "payload": {},
        "user_id": values["user_id"],
        "context": {"ip_address": values["ipv4"], "user_agent": "importer/2.4.1 (Linux) Python/3.11"},
    }


def malformed(values: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Records that break the schema, some with personal data: dead letters must be clean too."""
    yield {"channel": "import", "event": "", "payload": {"email": values["email"]}}
    yield {"channel": "import", "event": "dated", "payload": {}, "timestamp": "2026-01-02T03:04:05"}
    yield {"channel": "import", "event": "listed", "payload": [values["card"]]}
    yield {"channel": "import", "event": "measured", "payload": {"mean": float("nan")}}


def main(url: str, planted_file: str, archives: str | None = None) -> int:
    """Sends everything; returns the exit code."""
    values = json.loads(Path(planted_file).read_text(encoding="utf-8"))
    sent = 0
    with contextlib.ExitStack() as stack:
        tracker = stack.enter_context(Tracker({"client": {"enabled": True, "endpoint": url}}))
        router = stack.enter_context(TelemetryRouter(archives)) if archives else None
        for record in (*plain(), *planted(values), *malformed(values)):
            sent += tracker.track(**record)
            if router:
                router.track(**record)
        delivered = tracker.flush(FLUSH_TIMEOUT)
    print(json.dumps({"runtime": "python", "sent": sent, "stats": tracker.stats()}))
    return 0 if delivered else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
