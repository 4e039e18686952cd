"""`scrubjay export`, `delete-user`, `retention` and `audit`."""

from __future__ import annotations

import datetime
import json
import os
import re
import sys
import time
import urllib.parse
from pathlib import Path

import typer

from scrubjay import Consent, ScrubjayError, schemas
from scrubjay._archive import rotated_day
from scrubjay.cli import consent as consent_command
from scrubjay.cli.common import UsageError, counted, emit, use_file
from scrubjay.service import ServiceError, TelemetryService, call

#: Seconds of each unit of an age.
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def export(
    source: str | None, tenant: str, schema: str, since: str | None, until: str | None, user: str | None
) -> None:
    """Prints stored records as JSON Lines."""
    try:
        with TelemetryService(source) as service:
            spec = {"schema": schema, "start_time": _moment(since), "end_time": _moment(until), "user_id": user}
            for record in service.records(tenant_id=tenant, **spec):
                emit(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
    except ScrubjayError as error:
        raise UsageError(_of_option(error)) from None
    except (ServiceError, ValueError) as error:
        raise UsageError(str(error)) from None


def _of_option(error: ScrubjayError) -> str:
    """What is wrong with a question, by the option that asked it."""
    if error.path == "/schema":
        return f"--schema: expected one of {', '.join(sorted(schemas()))}"
    option = {"/start_time": "--since", "/end_time": "--until"}.get(error.path)
    return str(error) if option is None else f"{option}: {error.message}, or an age such as 12h or 7d"


def delete_user(user: str, source: str | None, *, yes: bool, as_json: bool) -> bool:
    """Has a collector erase a user's records; whether it was to be."""
    address = (source or os.environ.get("TELEMETRY_ENDPOINT", "")).strip().rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise UsageError("which collector? Give --from https://… or TELEMETRY_ENDPOINT")
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("nobody to ask: say --yes to erase all that is stored of this user")
        if not typer.confirm(f"Erase all that {address} has stored of this user?", err=True):
            return False
    key = os.environ.get("TELEMETRY_API_KEY")
    headers = {} if not key else {"authorization": f"Bearer {key}"}
    route = f"{address}/api/v1/telemetry/data/{urllib.parse.quote(user, safe='')}"
    try:
        receipt = call(route, headers, method="DELETE")
    except ServiceError as error:
        # The route ends with the user's id, which belongs into no log.
        raise UsageError(str(error).replace(route, f"{address}/api/v1/telemetry/data/…")) from None
    if as_json:
        emit(json.dumps(receipt, ensure_ascii=False) + "\n")
        return True
    for name, value in receipt.items():
        typer.echo(f"{name}: {value}")
    return True


def retention(source: str, days: int, *, dry_run: bool, as_json: bool) -> None:
    """Removes rotated archives of days that are too long ago."""
    folder = Path(source)
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=days)
    gone = []
    for path in sorted(folder.glob("*.jsonl")):
        day = rotated_day(path)
        # A file of the day itself may have lines that are younger than so many days.
        if day is not None and day < first:
            gone.append({"file": path.name, "bytes": path.stat().st_size})
            if not dry_run:
                path.unlink()
    if as_json:
        emit(json.dumps({"removed": gone, "dry_run": dry_run}) + "\n")
        return
    for file in gone:
        typer.echo(f"{'would remove' if dry_run else 'removed'} {file['file']}")
    typer.echo(f"{counted(len(gone), 'archive')} of days before {first}")


def audit(config: Path | None, *, as_json: bool) -> bool:
    """Prints the audit trail and whether it is whole."""
    use_file(config)
    consent = Consent()
    state = consent.verify()
    if as_json:
        emit(json.dumps({"entries": consent.history(), "state": state}, ensure_ascii=False) + "\n")
        return state["broken_at"] is None
    consent_command.history(None, as_json=False)
    return consent_command.verify(None, as_json=False)


def _moment(text: str | None) -> str | None:
    if text is None or (age := re.fullmatch(r"(\d{1,9})([smhd])", text)) is None:
        return text
    moment = time.time() - int(age[1]) * _UNITS[age[2]]
    return datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).isoformat()
