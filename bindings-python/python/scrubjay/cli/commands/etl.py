"""`scrubjay etl` and `scrubjay report`."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli import etl as etl_command
from scrubjay.cli import report as report_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import ConfigOption, JsonOption, ModeOption
from scrubjay.etl import REPORTS
from scrubjay.router import ARCHIVES

commands = typer.Typer()


class Records(str, enum.Enum):
    """The forms in which accepted records can be kept."""

    none = "none"
    jsonl = "jsonl"
    parquet = "parquet"


@commands.command(short_help="Archives into reports and records.")
@guarded
def etl(
    sources: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="PATH", help=f"Archive, folder, pattern, or - for stdin. [default: {ARCHIVES}]"),
    ] = None,
    target: Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where the results are written.")] = REPORTS,
    records: Annotated[
        Records, typer.Option("--records", help="Keep the accepted records, by day and channel, in this form.")
    ] = Records.none,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Read everything again and replace all results.")] = False,
    every: Annotated[
        str | None, typer.Option("--every", metavar="TIME", help="Run again and again: 30s, 15m, 1h30m.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, metavar="N", help="Threads. Default: one a core.")
    ] = None,
    mode: ModeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring reports and records up to date with archives.

    Reads only what is new since the last run. Archives may be packed with gzip or zstd. Bad lines are counted in the
    report, go to the quarantine and fail no other. Exits with 1 if an archive could not be read.

    \b
    Examples:
      scrubjay etl
      scrubjay etl --in reports/telemetry/app.jsonl --out /tmp/report --json
      scrubjay etl --in 'logs/**/*.jsonl.gz' --records parquet
      scrubjay etl --records parquet --every 15m
      zstdcat old.jsonl.zst | scrubjay etl --in - --out /tmp/old
    """
    read_all = etl_command.run(
        sources or [ARCHIVES],
        target,
        config,
        mode,
        records=records.value,
        rebuild=rebuild,
        workers=workers,
        every=every,
        as_json=as_json,
    )
    if not read_all:
        raise typer.Exit(1)


@commands.command(short_help="Show the report of the ETL.")
@guarded
def report(
    source: Annotated[
        Path, typer.Option("--in", metavar="PATH", help="A folder of results, or a report's file.")
    ] = Path(REPORTS),
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one page of HTML.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the report that the ETL made.

    \b
    Examples:
      scrubjay report
      scrubjay report --in /tmp/report --json
      scrubjay report --html /tmp/report.html
    """
    report_command.show(source, html, as_json=as_json)
