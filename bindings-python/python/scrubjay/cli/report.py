"""`scrubjay report`: the aggregate report as tables, as JSON or as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scrubjay import _native, etl
from scrubjay.cli.common import UsageError, emit, read_text

#: Rows of a table; the page and the JSON have more.
_MAX_ROWS = 20


def show(source: Path, html: Path | None, *, as_json: bool) -> None:
    """Prints the report that is at `source`, a folder of results or a file, or writes its page to `html`."""
    path = source / etl.REPORT if source.is_dir() else source
    if not path.exists():
        raise UsageError(f"{path}: no report here; `scrubjay etl` makes it")
    text = read_text(path)
    try:
        report: dict[str, Any] = json.loads(text)
        if report["schema"] != "telemetry_report_v1":
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path}: not a report of scrubjay") from None
    if html is not None:
        html.write_text(_native.report_page(text), encoding="utf-8")
        typer.echo(f"page: {html}")
    elif as_json:
        emit(text if text.endswith("\n") else text + "\n")
    else:
        _print(report)


def _print(report: dict[str, Any]) -> None:
    console = Console(highlight=False)
    period = f"{report['first_timestamp']} to {report['last_timestamp']}" if report["accepted"] else "no records"
    typer.echo(
        f"{report['read']} records: {report['accepted']} accepted, {report['rejected']} rejected, "
        f"{report['dropped']} dropped; {period}"
    )
    events = sorted(report["events"], key=lambda event: -event["count"])
    rows = [(event["channel"], event["event"], event["count"]) for event in events]
    _table(console, ("channel", "event", "records"), rows)
    numbers = [
        (f"{event['channel']}.{event['event']}", field["path"], *(field["quantiles"][q] for q in ("p50", "p95", "max")))
        for event in events
        for field in event["fields"]
        if "quantiles" in field
    ]
    _table(console, ("event", "field", "median", "p95", "max"), numbers)
    reasons = sorted(report["rejections"], key=lambda reason: -reason["count"])
    _table(console, ("rejected", "where", "times"), [(r["code"], r["path"], r["count"]) for r in reasons])
    removed = sorted(report["redactions"].items(), key=lambda rule: -rule[1])
    _table(console, ("removed", "times"), removed)


def _table(console: Console, titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if not rows:
        return
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, justify="left" if isinstance(rows[0][place], str) else "right")
    for row in rows[:_MAX_ROWS]:
        # Names are anybody's: as text, they are neither markup nor control sequences.
        table.add_row(*(Text(_visible(str(value))) for value in row))
    console.print()
    console.print(table)
    if len(rows) > _MAX_ROWS:
        typer.echo(f"and {len(rows) - _MAX_ROWS} more")


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
