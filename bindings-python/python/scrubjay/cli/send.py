"""`scrubjay track` and `preview`: one event, sent or shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from scrubjay import Tracker
from scrubjay.cli.common import UsageError, complain, emit, use_file

#: Milliseconds: a single event waits for no others.
_AT_ONCE = {"client": {"flush_interval_ms": 1}}


def event(channel: str, name: str, values: list[str], payload: str | None, user: str | None) -> dict[str, Any]:
    """The record that the arguments describe."""
    if payload == "-":
        payload = sys.stdin.read()
    try:
        found = {} if payload is None else json.loads(payload)
    except ValueError:
        raise UsageError("--payload wants a JSON object") from None
    if not isinstance(found, dict):
        raise UsageError("--payload wants a JSON object")
    for pair in values:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise UsageError("the payload is written NAME=VALUE, such as version=1.4.2")
        found[key] = _value(value)
    record: dict[str, Any] = {"channel": channel, "event": name, "payload": found}
    if user is not None:
        record["user_id"] = user
    return record


def track(record: dict[str, Any], timeout: float, config: Path | None, *, as_json: bool) -> bool:
    """Sends an event; whether it was delivered."""
    use_file(config)
    with Tracker(_AT_ONCE) as tracker:
        if tracker.is_off():
            complain(_off(tracker))
            return False
        outcome = tracker.track_checked(
            record["channel"], record["event"], record["payload"], user_id=record.get("user_id")
        )
        tracker.flush(timeout)
        stats = tracker.stats()
    delivered = stats["delivered"] == 1
    if as_json:
        emit(json.dumps({"delivered": delivered, "outcome": outcome.to_dict()}, ensure_ascii=False) + "\n")
        return delivered
    for violation in outcome["violations"]:
        typer.echo(f"{violation['path'] or '(record)'}: {violation['code']}: {violation['message']}")
    for redaction in outcome["redactions"]:
        typer.echo(f"{redaction['path']}: {redaction['rule']}: {redaction['action']}")
    if delivered:
        typer.echo(f"delivered: {outcome['id']}")
    elif outcome["status"] == "accepted":
        complain(f"not delivered: {stats['last_error'] or _reasons(stats['dropped']) or 'no answer in time'}")
    return delivered


def preview(record: dict[str, Any], config: Path | None, *, as_json: bool) -> bool:
    """Prints the request that would be made; whether there would be one."""
    use_file(config)
    tracker = Tracker({"client": {"flush_interval_ms": 3_600_000}}, exit_timeout=0.0)
    if tracker.is_off():
        complain(_off(tracker))
        return False
    # Held back, so that showing it does not send it.
    tracker.reconfigure({"client": {"upload_enabled": False, "flush_interval_ms": 3_600_000}})
    tracker.track_record(record)
    requests = tracker.preview()
    if as_json:
        emit(json.dumps(requests, ensure_ascii=False) + "\n")
        return bool(requests)
    for request in requests:
        typer.echo(f"POST {request['to']}")
        for name, value in request["headers"].items():
            typer.echo(f"{name}: {value}")
        typer.echo("")
        emit(request["body"] + "\n")
    if not requests:
        complain("nothing would be sent: see scrubjay validate")
    return bool(requests)


def _off(tracker: Tracker) -> str:
    return f"collection is off, by {tracker.status()['disabled_by']}: see scrubjay status"


def _reasons(dropped: dict[str, int]) -> str:
    return ", ".join(reason for reason, count in dropped.items() if count)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
