"""`scrubjay spool`: what waits on the disk, for people."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import typer

from scrubjay import _native
from scrubjay.cli.common import UsageError, counted, read_text

#: Bytes of a KiB.
_KIB = 1_024
#: Seconds of each unit of an age.
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def folder_of(folder: str | None, config: Path | None) -> str:
    """The spool's folder: the argument, else the configuration's, else the environment's."""
    named = folder or _configured(config) or os.environ.get("TELEMETRY_SPOOL_DIR", "").strip()
    if not named:
        raise UsageError("which spool? Give its folder, --config, or TELEMETRY_SPOOL_DIR")
    if not Path(named).is_dir():
        raise UsageError(f"{named}: no such folder; a client with client.spool.dir makes it")
    return named


def inspect(folder: str, *, as_json: bool, records: bool) -> None:
    """Prints what waits."""
    if records:
        sys.stdout.buffer.write(_native.spool_records(folder))
        return
    text = _native.spool_inspect(folder)
    if as_json:
        typer.echo(text)
        return
    view: dict[str, Any] = json.loads(text)
    typer.echo(f"{counted(view['waiting'], 'record')} waiting, {_size(view['bytes'])} on disk")
    for slot in view["slots"]:
        owner = f"owned by process {slot['owner']}" if slot["owner"] is not None else "no owner"
        typer.echo(f"{slot['slot']}: {counted(slot['waiting'], 'record')}, {_size(slot['bytes'])}, {owner}")
        for segment in slot["segments"]:
            sealed = ", sealed" if segment["sealed"] else ""
            written = f", last written {segment['last']}" if segment["last"] else ""
            held = f"{counted(segment['records'], 'record')}, {_size(segment['bytes'])}"
            typer.echo(f"  {segment['file']}: {held}{written}{sealed}")
        for name in slot["quarantined"]:
            typer.echo(f"  {name}: could not be read")
        ended = {name: count for name, count in (slot["ended"] or {}).items() if count}
        if ended:
            typer.echo("  so far: " + ", ".join(f"{count} {name}" for name, count in ended.items()))


def purge(folder: str, older_than: str | None, *, yes: bool, as_json: bool) -> bool:
    """Removes what waits; whether it was to be."""
    seconds = None if older_than is None else _age(older_than)
    waiting = json.loads(_native.spool_inspect(folder))["waiting"]
    if not yes:
        if sys.stdin is None or not sys.stdin.isatty():
            raise UsageError("nobody to ask: say --yes to remove what waits, unsent")
        which = f"what is older than {older_than} of " if older_than is not None else ""
        if not typer.confirm(f"Remove {which}{counted(waiting, 'record')} from {folder}, unsent?", err=True):
            return False
    text = _native.spool_purge(folder, seconds)
    if as_json:
        typer.echo(text)
    else:
        gone = json.loads(text)
        typer.echo(f"removed {counted(gone['records'], 'record')}, {_size(gone['bytes'])}")
    return True


def _configured(config: Path | None) -> str | None:
    if config is None:
        return None
    try:
        named = json.loads(read_text(config))["client"]["spool"]["dir"]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{config}: no /client/spool/dir there") from None
    return named if isinstance(named, str) else None


def _age(text: str) -> int:
    if (parts := re.fullmatch(r"(\d{1,9})([smhd])", text)) is None:
        raise UsageError("--older-than wants a number and a unit: 90s, 30m, 12h, 7d")
    return int(parts[1]) * _UNITS[parts[2]]


def _size(count: int) -> str:
    return f"{count} bytes" if count < _KIB else f"{count / _KIB:.1f} KiB"
