"""OpenTelemetry's own Python and Node packages read what a client sends to a real server, in both encodings.

`run.py` compares each field with `expected/*.json`, which are OTLP JSON; `run.py --bless` writes those files from what
Python's protocol buffers read, for a person to check.
"""

from __future__ import annotations

import base64
import gzip
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
from typing import Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto_json.collector.logs.v1 import logs_service
from opentelemetry.proto_json.collector.metrics.v1 import metrics_service
from opentelemetry.proto_json.collector.trace.v1 import trace_service

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIGNALS = ["logs", "metrics", "traces"]
ENCODINGS = {"protobuf": "http/protobuf", "json": "http/json"}

BINARY = {
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "traces": trace_service_pb2.ExportTraceServiceRequest,
}
TEXT = {
    "logs": logs_service.ExportLogsServiceRequest,
    "metrics": metrics_service.ExportMetricsServiceRequest,
    "traces": trace_service.ExportTraceServiceRequest,
}

IDS = {"traceId", "spanId", "parentSpanId"}
"""What OTLP's JSON has in hex where proto3 JSON has base64."""

TIMES = {"timeUnixNano", "startTimeUnixNano"}
"""Of what the client measured itself: the clock's, so they are checked and then left out of the comparison."""

EXAMPLE = ["--quiet", "--locked", "-p", "scrubjay-core", "--example", "send"]
"""What sends."""

SEND_TIMEOUT_S = 120
"""The client's own limits are far below."""

Tree = Any


class Receiver:
    """An OTLP receiver on a free loopback port; keeps the body of each request by its route."""

    def __init__(self) -> None:
        """Starts it."""
        self.bodies: dict[str, bytes] = {}
        self.content_types: set[str] = set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers["content-encoding"] == "gzip":
                    body = gzip.decompress(body)
                receiver.bodies[self.path.removeprefix("/v1/")] = body
                receiver.content_types.add(self.headers["content-type"])
                answer = b"{}" if self.headers["content-type"] == "application/json" else b""
                self.send_response(200)
                self.send_header("content-type", self.headers["content-type"])
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()


def send(protocol: str, folder: pathlib.Path) -> Receiver:
    """Has a client send the records in this protocol; returns what arrived."""
    receiver = Receiver()
    export = {"exporter": "otlp", "protocol": protocol}
    config = folder / "config.json"
    client = {"enabled": True, "endpoint": receiver.url, "service_name": "interop", "resource": {"ports": [1, 2]}}
    config.write_text(json.dumps({"client": {**client, "export": export}}))
    # The environment could turn the client off, or send it elsewhere.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("TELEMETRY_", "OTEL_", "DO_NOT"))}
    sent = subprocess.run(
        ["cargo", "run", *EXAMPLE, "--", str(config), str(HERE / "records.jsonl")],
        cwd=ROOT,
        env=env,
        timeout=SEND_TIMEOUT_S,
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    )
    receiver.stop()
    stats = json.loads(sent.stdout)
    lost = {name: count for name, count in stats["dropped"].items() if count}
    assert stats["delivered"] == stats["accepted"] and not lost, stats
    return receiver


def recoded(value: Tree) -> Tree:
    """The tree of proto3 JSON with its ids in hex."""
    if isinstance(value, list):
        return [recoded(element) for element in value]
    if not isinstance(value, dict):
        return value
    hex_of = lambda text: base64.b64decode(text).hex()  # noqa: E731
    return {name: hex_of(member) if name in IDS else recoded(member) for name, member in value.items()}


def python_protobuf(signal: str, encoding: str, body: bytes) -> Tree:
    """What Python's protocol buffers read."""
    if encoding == "json":
        return None
    return recoded(MessageToDict(BINARY[signal].FromString(body), use_integers_for_enums=True))


def python_json(signal: str, encoding: str, body: bytes) -> Tree:
    """What Python's JSON types read."""
    return TEXT[signal].from_json(body.decode()).to_dict() if encoding == "json" else None


def node(signal: str, encoding: str, body: bytes) -> Tree:
    """What Node's types read."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        command = ["node", str(HERE / "decode.mjs"), signal, encoding, file.name]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def itself(signal: str, encoding: str, body: bytes) -> Tree:
    """The JSON as it stands on the wire."""
    return json.loads(body) if encoding == "json" else None


def normal(value: Tree, sent: tuple[int, int]) -> Tree:
    """A tree without what may be there or not: empty lists and objects of defaults, and the clock's times."""
    if isinstance(value, list):
        return [normal(element, sent) for element in value]
    if isinstance(value, float) and value.is_integer():
        # JSON has one kind of number.
        return int(value)
    if not isinstance(value, dict):
        return value
    value = {name: normal(member, sent) for name, member in value.items()}
    if "startTimeUnixNano" in value and "endTimeUnixNano" not in value:
        start, end = int(value["startTimeUnixNano"]), int(value["timeUnixNano"])
        assert sent[0] <= start <= end <= sent[1], (sent, value)
        value = {name: member for name, member in value.items() if name not in TIMES}
    return {name: member for name, member in value.items() if member not in ([], "", 0) or name in KEPT}


KEPT = {"stringValue", "boolValue", "intValue", "doubleValue", "asInt", "asDouble", "bucketCounts", "explicitBounds"}
"""Members of which even the default says something: which of several is there."""


def main() -> int:
    """Compares everything; returns the exit code."""
    # Its time is the compiler's, and that of whoever else compiles.
    subprocess.run(["cargo", "build", *EXAMPLE], cwd=ROOT, check=True)
    passed = failed = 0
    for encoding, protocol in ENCODINGS.items():
        before = time.time_ns()
        with tempfile.TemporaryDirectory() as folder:
            receiver = send(protocol, pathlib.Path(folder))
        sent = (before, time.time_ns())
        assert sorted(receiver.bodies) == SIGNALS, sorted(receiver.bodies)
        assert receiver.content_types == {"application/x-protobuf" if encoding == "protobuf" else "application/json"}
        for signal in SIGNALS:
            file = HERE / "expected" / f"{signal}.json"
            for reader in (python_protobuf, python_json, node, itself):
                read = reader(signal, encoding, receiver.bodies[signal])
                if read is None:
                    continue
                read = normal(read, sent)
                if sys.argv[1:] == ["--bless"] and reader is python_protobuf:
                    file.parent.mkdir(exist_ok=True)
                    file.write_text(json.dumps(read, indent=1, ensure_ascii=False) + "\n")
                expected = json.loads(file.read_text())
                if read == expected:
                    passed += 1
                else:
                    failed += 1
                    print(f"{reader.__name__} reads other {signal} in {encoding}:")
                    print(difference(read, expected, ""))
    print(f"interop: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def difference(read: Tree, expected: Tree, path: str) -> str:
    """The first place where two trees differ."""
    if isinstance(read, dict) and isinstance(expected, dict) and read.keys() == expected.keys():
        names: list[Any] = list(read)
    elif isinstance(read, list) and isinstance(expected, list) and len(read) == len(expected):
        names = list(range(len(read)))
    else:
        return f"  {path}: {json.dumps(read)[:400]}\n  instead of {json.dumps(expected)[:400]}"
    return next(difference(read[n], expected[n], f"{path}/{n}") for n in names if read[n] != expected[n])


if __name__ == "__main__":
    sys.exit(main())
