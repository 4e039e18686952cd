"""`scrubjay etl`: archives in, the aggregate report out, progress on a terminal's stderr."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from scrubjay import etl
from scrubjay.cli.common import Mode, complain, config_of, emit


def run(source: str, target: str, config: Path | None, mode: Mode | None, *, as_json: bool) -> bool:
    """Writes the report and prints what was read; whether all archives could be read."""
    text = config_of(config, mode)
    summary = _with_progress(source, target, text) if sys.stderr.isatty() else etl.run(source, target, text)
    if as_json:
        emit(json.dumps(summary, ensure_ascii=False) + "\n")
    else:
        _print(summary)
    for archive in summary["unreadable"]:
        complain(f"{archive['path']}: {archive['reason']}")
    return not summary["unreadable"]


def _with_progress(source: str, target: str, config: str) -> etl.Summary:
    total = sum(archive.stat().st_size for archive in etl.archives(source))
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading archives", total=total)
        return etl.run(source, target, config, progress=lambda read: progress.advance(task, read))


def _print(summary: etl.Summary) -> None:
    typer.echo(
        f"{summary['read']} records in {summary['files']} archives: {summary['accepted']} accepted, "
        f"{summary['rejected']} rejected, {summary['dropped']} dropped"
    )
    if summary["torn"]:
        typer.echo(f"{summary['torn']} unfinished last lines were left out")
    if summary["dead_letters"]:
        typer.echo(f"{summary['dead_letters']} dead letters of the router were left out")
    typer.echo(f"report: {summary['report']}")
