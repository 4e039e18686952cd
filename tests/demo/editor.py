"""R4's scenario, for the demonstration and its tests: an editor whose user agrees, and then does not.

A Dart program sends performance samples and replay reports by R4's two routes, each under a correlation id, opts out,
and goes on as if nothing had happened. What it sent must be found by its ids; nothing of what came after may be
anywhere.
"""

from __future__ import annotations

import json
import pathlib
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

from collector import fetch

COMMAND = ["bindings-dart/tool/run.sh", "bindings-dart/example/perf_sample.dart"]
"""Takes the collector's URL, a file of personal data to plant, and the URL of the collector's metrics."""

KINDS = ("perf_sample_v1", "replay_inconsistency_v1")
AFTER = b"after-opt-out"
"""Stands in every report that must not arrive; `before-opt-out` in the others."""

TIMEOUT_S = 10

REFUSED = 'telemetry_samples_rejected_total{reason="opted_out"}'

OPTED_OUT = {
    "fps": 60,
    "frameTimeMs": 16.67,
    "eventReplayRate": 1000,
    "samplingIntervalMs": 100,
    "platform": "macos",
    "flagsActive": [],
    "telemetryOptIn": False,
}
"""The sample of R4's second manual step."""


def told(said: dict[str, Any]) -> Iterator[str]:
    """What the program did, in lines of the demonstration."""
    first, then, after = said["telemetry_samples_received_total"]
    samples, reports, trail = said["samples"], said["reports"], ", ".join(said["trail"])
    yield f"editor      by R4's routes: {len(samples)} samples, {len(reports)} replay reports, under correlation ids:"
    yield from (f"            {each}" for each in samples + reports)
    yield f"            Prometheus counts {then - first} records more then, and {after - then} more after the opt-out"
    yield f"opt-out     audit trail: {trail}; waiting: {said['waiting']}; a flush says: {said['after']}"


def check_stored(said: dict[str, Any], url: str) -> Iterator[str]:
    """What is wrong with what the program says, and with what the collector at `url` has of it."""
    if (said["sent"], said["after"], said["waiting"]) != ("success", "disabled", 0):
        yield f"editor: not as promised: {said}"
    if said["trail"][-2:] != ["withdrawn", "erased"]:
        yield f"editor: the audit trail does not end with the opt-out: {said['trail']}"
    stored = {record["id"]: record for kind in KINDS for record in records(url, kind)}
    if missing := set(said["samples"] + said["reports"]) - set(stored):
        yield f"editor: not found by their correlation ids: {sorted(missing)}"
    if extra := set(said["withheld"]) & set(stored):
        yield f"editor: stored after the opt-out: {sorted(extra)}"


def check_refusal(url: str, metrics_url: str) -> Iterator[str]:
    """R4's second manual step: the collector answers a sample that says no with 202, and keeps nothing of it."""
    before = len(records(url, KINDS[0]))
    body, headers = json.dumps(OPTED_OUT).encode(), {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/v1/telemetry/perf-sample", data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
        answer, status = json.load(response), response.status
    if status != 202 or not answer.get("correlationId"):
        yield f"editor: a sample that says no was answered {status}: {answer}"
    if (after := len(records(url, KINDS[0]))) != before:
        yield f"editor: {after - before} samples that say no were stored"
    counted = [line for line in fetch(metrics_url).decode().splitlines() if line.startswith(REFUSED)]
    if not counted or float(counted[0].split()[-1]) < 1:
        yield f"editor: a sample that says no was not counted: {counted}"


def check_files(said: dict[str, Any], folder: pathlib.Path) -> Iterator[str]:
    """Every file below `folder` that has anything of what came after the opt-out."""
    texts = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    # Ids stand in some files as text, in others as 16 bytes. What the program itself printed is not searched.
    own = {path for path, text in texts.items() if b'"withheld"' in text}
    withheld = {form for each in said["withheld"] for form in forms(each)} | {AFTER}
    for path in texts.keys() - own:
        yield from (f"editor: {form!r} stands in {path}" for form in withheld if form in texts[path])
    # The same search must find what was sent before, or finding nothing would mean nothing.
    found = [path for path in texts.keys() - own if any(form in texts[path] for form in forms(said["reports"][0]))]
    # While the collector is up, rows stand in the file beside the table.
    if not any(".db" in path.suffix for path in found):
        yield f"editor: the search finds in no table what was sent: it looks in the wrong place ({found})"


def forms(identifier: str) -> tuple[bytes, bytes]:
    """A UUID as text and as bytes."""
    return identifier.encode(), uuid.UUID(identifier).bytes


def records(url: str, kind: str) -> list[dict[str, Any]]:
    """Everything of a kind that the collector was sent by now."""
    path = f"/api/v1/telemetry/metrics/export?format=ndjson&schema={kind}&limit=1000&consistency=now"
    return [json.loads(line) for line in fetch(url + path).splitlines()]
