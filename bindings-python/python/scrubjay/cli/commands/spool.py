"""`scrubjay spool`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from scrubjay.cli import spool as spool_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import ConfigOption, JsonOption

commands = typer.Typer()
_HELP: Final = """Look into the spool, and clear it.

\b
Examples:
  scrubjay spool inspect ~/.local/state/app/spool
  scrubjay spool purge --older-than 2d --yes
"""
spool = typer.Typer(
    help=_HELP, short_help="Look into the spool, and clear it.", no_args_is_help=True, rich_markup_mode=None
)
commands.add_typer(spool, name="spool")

SpoolArgument = Annotated[
    str | None, typer.Argument(metavar="DIR", help="The spool's folder. Default: TELEMETRY_SPOOL_DIR.")
]


@spool.command("inspect", short_help="What waits in the spool.")
@guarded
def spool_inspect(
    folder: SpoolArgument = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    records: Annotated[
        bool, typer.Option("--records", help="Print the records that wait, one JSON object a line.")
    ] = False,
) -> None:
    """Say what waits in the spool, who owns it, and what became of the rest.

    Nothing is locked or changed: clients go on. What is sealed is opened with TELEMETRY_SPOOL_KEY.

    \b
    Examples:
      scrubjay spool inspect ~/.local/state/app/spool
      scrubjay spool inspect --records --config telemetry.json | head -1
    """
    spool_command.inspect(spool_command.folder_of(folder, config), as_json=as_json, records=records)


@spool.command("purge", short_help="Remove what waits, unsent.")
@guarded
def spool_purge(
    folder: SpoolArgument = None,
    config: ConfigOption = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="AGE", help="Only segments last written to longer ago: 12h, 7d."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove what waits in the spool, unsent. Asks first, unless told --yes.

    Exits with 1 if the answer is no.

    \b
    Examples:
      scrubjay spool purge ~/.local/state/app/spool
      scrubjay spool purge --older-than 2d --yes
    """
    if not spool_command.purge(spool_command.folder_of(folder, config), older_than, yes=yes, as_json=as_json):
        raise typer.Exit(1)
