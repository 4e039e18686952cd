"""A collector on the loopback interface, and an environment that says nothing about telemetry."""

from __future__ import annotations

import dataclasses
import gzip
import http.server
import json
import os
import queue
import threading
from collections.abc import Iterator
from typing import Any

import pytest

#: Seconds: far above anything that is waited for; a test that needs them all has failed.
PATIENCE = 30.0


@dataclasses.dataclass(frozen=True)
class Request:
    """What the collector was sent."""

    path: str
    headers: dict[str, str]
    records: list[dict[str, Any]]
    raw: bytes
    """The body, unzipped."""


class Collector:
    """Answers the ingest verdict and hands every request to `requests`."""

    def __init__(self) -> None:
        self.requests: queue.Queue[Request] = queue.Queue()
        self.refused_event = ""
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        # The interval, in seconds, at which it looks whether it shall end.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def next(self) -> Request:
        """The next request, as soon as it is there."""
        return self.requests.get(timeout=PATIENCE)

    def config(self, **client: Any) -> dict[str, Any]:
        """A configuration that sends here without waiting for a batch to fill."""
        return {"client": {"enabled": True, "endpoint": self.url, "flush_interval_ms": 10} | client}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(PATIENCE)
        self._server.server_close()

    def verdict(self, records: list[dict[str, Any]]) -> dict[str, Any]:
        results = []
        for record in records:
            refused = record.get("event") == self.refused_event != ""
            violations = [{"path": "/event", "code": "required", "message": "refused"}] if refused else []
            status = "rejected" if refused else "accepted"
            results.append({"status": status, "id": record["id"], "violations": violations})
        rejected = sum(result["status"] == "rejected" for result in results)
        counts = {"accepted": len(results) - rejected, "rejected": rejected, "dropped": 0, "duplicates": 0}
        return counts | {"results": results, "redactions": {}}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
                records = json.loads(raw)
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.requests.put(Request(self.path, headers, records, raw))
                body = json.dumps(collector.verdict(records)).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_DELETE(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                collector.requests.put(Request(self.path, headers, [], b""))
                body = json.dumps({"request_id": "receipt-1", "records": 7}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Keeps the test's output to itself."""

        return Handler


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


@pytest.fixture(autouse=True)
def silent_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in list(os.environ):
        if name.startswith(("TELEMETRY_", "OTEL_", "DO_NOT_TRACK")):
            monkeypatch.delenv(name)
    # Nobody's consent and configuration but the test's.
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    # Programs that are started here buffer their output, as they do for people.
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
