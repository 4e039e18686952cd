"""`scrubjay tail`: the latest records of archives."""

from __future__ import annotations

import collections
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from scrubjay._replay import replay
from scrubjay.cli.common import UsageError, complain, counted, emit

#: Seconds between two looks for what was written since.
_LOOK_INTERVAL: Final = 0.2
#: Bytes read at once.
_CHUNK: Final = 1 << 20


def run(source: Path, lines: int, *, follow: bool, as_json: bool) -> bool:
    """Prints the latest `lines` records, with `follow` those that come until interrupted; whether all could be read."""
    if not source.exists():
        raise UsageError(f"{source}: no such archive or folder; a TelemetryRouter writes them")
    ends = _ends(source)
    first, unread = "", 0

    def pass_over(path: Path, line: int) -> None:
        nonlocal first, unread
        first, unread = first or f"{path}:{line}", unread + 1

    for record in collections.deque(replay(source, unreadable=pass_over), maxlen=lines):
        _print(record, as_json=as_json)
    if unread:
        complain(f"{first}: not a record; {counted(unread, 'line')} passed over: see scrubjay validate")
    if not follow:
        return not unread
    pause = threading.Event()
    try:
        while True:
            typer.get_text_stream("stdout").flush()
            pause.wait(_LOOK_INTERVAL)
            for record in _since(source, ends):
                _print(record, as_json=as_json)
    except KeyboardInterrupt:
        return not unread


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.glob("*.jsonl") if not path.name.startswith("_"))
    return [source]


def _ends(source: Path) -> dict[int, int]:
    """How far files are read, by their numbers in the file system, which a rotation does not change."""
    return {path.stat().st_ino: path.stat().st_size for path in _files(source)}


def _since(source: Path, ends: dict[int, int]) -> Iterator[dict[str, Any]]:
    for path in _files(source):
        with path.open("rb") as stream:
            number = path.stat().st_ino
            stream.seek(ends.get(number, 0))
            while chunk := stream.read(_CHUNK):
                whole = chunk[: chunk.rfind(b"\n") + 1]
                if not whole:
                    break
                ends[number] = ends.get(number, 0) + len(whole)
                stream.seek(ends[number])
                for line in whole.splitlines():
                    try:
                        record = json.loads(line)
                    except ValueError:
                        continue
                    if isinstance(record, dict):
                        yield record


def _print(record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(json.dumps(record, ensure_ascii=False) + "\n")
        return
    payload = json.dumps(record.get("payload", {}), ensure_ascii=False)
    channel = typer.style(str(record.get("channel", "")), fg=typer.colors.CYAN)
    # A name may have been written to steer a terminal: only what can be shown is.
    event = "".join(c if c.isprintable() else "\ufffd" for c in str(record.get("event", "")))
    typer.echo(f"{record.get('timestamp', '')}  {channel}  {event}  {payload}")
