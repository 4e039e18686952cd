"""`scrubjay etl`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli import etl as etl_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import ConfigOption, JsonOption, ModeOption
from scrubjay.etl import REPORTS
from scrubjay.router import ARCHIVES

commands = typer.Typer()


@commands.command()
@guarded
def etl(
    source: Annotated[str, typer.Option("--in", metavar="PATH", help="An archive, or a folder of them.")] = ARCHIVES,
    target: Annotated[str, typer.Option("--out", metavar="FOLDER", help="Where the report is written.")] = REPORTS,
    mode: ModeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Aggregate archives into one report.

    Bad lines are counted in the report and fail no other. Exits with 1 if an archive could not be read.

    \b
    Examples:
      scrubjay etl
      scrubjay etl --in reports/telemetry/app.jsonl --out /tmp/report --json
    """
    if not etl_command.run(source, target, config, mode, as_json=as_json):
        raise typer.Exit(1)
