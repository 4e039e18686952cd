"""Reads a router's archives again, in order."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from scrubjay._archive import parts
from scrubjay._lines import CHUNK_BYTES, whole_lines

#: Files whose names begin so are no archives: the dead letters.
_NO_ARCHIVE: Final = "_"
#: How a record begins, and how many beginnings in one line are tried, as by the ETL (`core/src/report/outcomes.rs`).
_HEAD: Final = b'{"schema":"'
_MOST_TRIED: Final = 8


def replay(source: str | Path, *, unreadable: Callable[[Path, int], object] | None = None) -> Iterator[dict[str, Any]]:
    """The records of an archive, or of all archives in a folder, in order and in bounded memory.

    An archive's records come as they were written, from its first rotated file to the one that is written to. Of
    several archives, whichever has the earlier timestamp at its head comes first. Records keep their ids, so what is
    replayed into a tracker (`tracker.track_record(record)`) is stored once, however often. `unreadable` is told the
    file and the number of each line that is no JSON object, such as one that a crash cut short; it is left out. A
    record of another process that was joined to such a line is not.

    Raises FileNotFoundError where there is no `source`, and OSError where it cannot be read.
    """
    path = Path(source)
    if not path.is_dir():
        if not parts(path):
            raise FileNotFoundError(f"{path}: no such archive or folder")
        return _archive(path, unreadable)
    names = {file.name.partition("@")[0].removesuffix(".jsonl") for file in path.glob("*.jsonl")}
    archives = [_archive(path / f"{name}.jsonl", unreadable) for name in sorted(names) if name[:1] != _NO_ARCHIVE]
    return heapq.merge(*archives, key=lambda record: str(record.get("timestamp", "")))


def _archive(path: Path, unreadable: Callable[[Path, int], object] | None) -> Iterator[dict[str, Any]]:
    for part in parts(path):
        number = 0
        with part.open("rb") as stream:
            # A line longer than a chunk is beyond every limit of a record.
            for chunk in whole_lines(stream, keep=CHUNK_BYTES):
                for line in chunk.removesuffix(b"\n").split(b"\n"):
                    number += 1
                    record = _record(line)
                    if record is None and line.strip():
                        if unreadable is not None:
                            unreadable(part, number)
                        record = _joined(line)
                    if record is not None:
                        yield record


def _joined(line: bytes) -> dict[str, Any] | None:
    """The record behind the part of another one, to which a kill in the middle of a shared archive joined it."""
    at = 0
    for _ in range(_MOST_TRIED):
        at = line.find(_HEAD, at + 1)
        if at < 0:
            break
        if (record := _record(line[at:])) is not None:
            return record
    return None


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
