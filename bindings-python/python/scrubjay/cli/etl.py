"""`scrubjay etl`: archives in, results out, once or every so often; progress on a terminal's stderr."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from scrubjay import ScrubjayError, etl
from scrubjay.cli.common import Mode, UsageError, complain, config_of, counted, emit, engine_of, reason

#: Seconds of a unit.
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
#: The shortest interval: a run in which nothing is new takes some milliseconds.
_MIN_INTERVAL_S: Final = 1
#: What an orchestrator ends a service with, and what a person does.
_ENDING: Final = (signal.SIGTERM, signal.SIGINT)

Job = Callable[[bool], etl.Summary]


def run(
    sources: Sequence[str],
    target: str,
    config: Path | None,
    mode: Mode | None,
    *,
    records: etl.Format,
    rebuild: bool,
    workers: int | None,
    every: str | None,
    as_json: bool,
) -> bool:
    """Runs once, or until it is told to end; whether all archives could be read."""
    # Such as a variable of the shell that is not set. The path of an empty name is the current folder's.
    for option, given in (("--in", sources), ("--out", [target])):
        if "" in given:
            raise UsageError(f"{option}: expected a path, not an empty text")
    # Says in which file a wrong configuration stands, before anything is read.
    engine_of(config, mode)
    text = config_of(config, mode)

    def job(anew: bool) -> etl.Summary:
        with _progress(sources, target) as progress:
            return etl.run(sources, target, text, records=records, rebuild=anew, workers=workers, progress=progress)

    if every is None:
        return _show(job(rebuild), as_json=as_json)
    return _repeat(job, interval_of(every), rebuild=rebuild, as_json=as_json)


def interval_of(text: str) -> float:
    """The seconds that `15m` or `1h30m` says. Raises UsageError."""
    if not re.fullmatch(r"(?:\d+[smhd])+", text):
        raise UsageError(f"--every: expected an interval such as 30s, 15m, 1h30m or 1d, not {text!r}")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", text))
    if seconds < _MIN_INTERVAL_S:
        raise UsageError("--every: the shortest interval is 1s")
    return float(seconds)


def _repeat(job: Job, interval: float, *, rebuild: bool, as_json: bool) -> bool:
    """Runs now and in intervals. What fails is said, and tried again in the next round."""
    ended = threading.Event()

    def end(_signal: int, _frame: types.FrameType | None) -> None:
        ended.set()

    former = {number: signal.signal(number, end) for number in _ENDING}
    good = True
    try:
        while not ended.is_set():
            try:
                good = _show(job(rebuild), as_json=as_json)
                rebuild = False
            except (ScrubjayError, OSError) as error:
                good = False
                complain(reason(error) if isinstance(error, OSError) else str(error))
            sys.stdout.flush()
            ended.wait(interval)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    return good


@contextlib.contextmanager
def _progress(sources: Sequence[str], target: str) -> Iterator[Callable[[int], object] | None]:
    """A bar where somebody looks; nothing in logs and pipes."""
    if not sys.stderr.isatty():
        yield None
        return
    total = 0
    for archive in etl.archives(sources, besides=target, name_missing=True):
        # One that vanishes is the engine's to name.
        with contextlib.suppress(OSError):
            total += archive.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading archives", total=total)
        yield lambda read: progress.advance(task, read)


def _show(summary: etl.Summary, *, as_json: bool) -> bool:
    """Prints what was read; whether all of it could be."""
    if as_json:
        emit(json.dumps(summary, ensure_ascii=False) + "\n")
    else:
        _print(summary)
    for archive in summary["unreadable"]:
        complain(f"{archive['path']}: {archive['reason']}")
    return not summary["unreadable"]


def _print(summary: etl.Summary) -> None:
    typer.echo(
        f"{counted(summary['read'], 'record')} in {counted(summary['files'], 'archive')}: "
        f"{summary['accepted']} accepted, {summary['rejected']} rejected, {summary['dropped']} dropped"
    )
    if summary["unchanged"]:
        typer.echo(f"{counted(summary['unchanged'], 'archive')} had nothing new")
    if summary["torn"]:
        typer.echo(f"{counted(summary['torn'], 'unfinished last line')} left for the next run")
    if summary["dead_letters"]:
        typer.echo(f"{counted(summary['dead_letters'], 'dead letter')} of the router left out")
    if summary["quarantine"] is not None:
        typer.echo(f"quarantine: {summary['quarantine']}")
    typer.echo(f"report: {summary['report']}")
    typer.echo(f"page: {summary['page']}")
