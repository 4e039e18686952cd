"""Reads archives through the engine and writes the aggregate report (R0's `make telemetry-etl`)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypedDict

from scrubjay import _native
from scrubjay._json import config_text
from scrubjay._lines import CHUNK_BYTES, whole_lines
from scrubjay._types import Config
from scrubjay.router import ARCHIVES, REJECTED

#: Where reports are written unless said otherwise (R0).
REPORTS: Final = "reports/analytics"
#: The aggregate report's file name.
REPORT: Final = "telemetry_report.json"


class Unreadable(TypedDict):
    """An archive that could not be read to its end."""

    path: str
    reason: str


class Summary(TypedDict):
    """What one run read, and where the report is."""

    report: str
    files: int
    bytes: int
    read: int
    """Records: whole lines that are not blank."""
    accepted: int
    rejected: int
    dropped: int
    torn: int
    """Last lines that a writer had not finished; they count nowhere else."""
    dead_letters: int
    """Lines in the router's `_rejected.jsonl`, which is no archive: their records were never accepted."""
    unreadable: list[Unreadable]


def run(
    source: str | Path = ARCHIVES,
    target: str | Path = REPORTS,
    config: Config = None,
    *,
    progress: Callable[[int], object] | None = None,
) -> Summary:
    """Aggregates an archive, or every `*.jsonl` below a folder, into `<target>/telemetry_report.json`.

    Streams: memory does not grow with the archives. A bad line is counted with its reason in the report and fails
    no other. The report replaces the former one in one step. `progress` is told how many bytes were read since.

    Raises FileNotFoundError where there is no `source`, OSError where the report cannot be written, and
    `ScrubjayError` for a wrong configuration.
    """
    report = _native.Report(config_text(config))
    path = Path(target) / REPORT
    summary: Summary = {
        "report": str(path),
        "files": 0,
        "bytes": 0,
        "read": 0,
        "accepted": 0,
        "rejected": 0,
        "dropped": 0,
        "torn": 0,
        "dead_letters": 0,
        "unreadable": [],
    }
    for archive in archives(source):
        try:
            for chunk in _chunks(archive):
                if progress is not None:
                    progress(len(chunk))
                summary["bytes"] += len(chunk)
                if archive.name == REJECTED:
                    summary["dead_letters"] += chunk.count(b"\n")
                else:
                    _add(report, chunk, summary)
        except OSError as error:
            summary["unreadable"].append({"path": str(archive), "reason": error.strerror or str(error)})
        else:
            summary["files"] += archive.name != REJECTED
    _replace(path, report.to_json() + "\n")
    return summary


def archives(source: str | Path) -> list[Path]:
    """The archives at `source`, in the order of their paths. Raises FileNotFoundError where there is nothing."""
    path = Path(source)
    if path.is_dir():
        return sorted(file for file in path.rglob("*.jsonl") if file.is_file())
    if path.exists():
        return [path]
    raise FileNotFoundError(f"{path}: no such file or folder; a TelemetryRouter writes archives to {ARCHIVES}")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        # A line longer than a chunk is beyond every limit of a record: its head is enough for the verdict.
        yield from whole_lines(stream, keep=CHUNK_BYTES)


def _add(report: _native.Report, chunk: bytes, summary: Summary) -> None:
    whole = chunk
    if not chunk.endswith(b"\n"):
        cut = chunk.rfind(b"\n") + 1
        if not _finished(chunk[cut:]):
            summary["torn"] += 1
            whole = chunk[:cut]
    if not whole:
        return
    counts = json.loads(report.add(whole))
    summary["read"] += counts["read"]
    summary["accepted"] += counts["accepted"]
    summary["rejected"] += counts["rejected"]
    summary["dropped"] += counts["dropped"]


def _finished(line: bytes) -> bool:
    """Whether a last line without its newline is nevertheless all there."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _replace(path: Path, text: str) -> None:
    """Writes a file in one step: readers see the former content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(fd, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
