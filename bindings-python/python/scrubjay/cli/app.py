"""The command `scrubjay`: its groups, registered in one place."""

from __future__ import annotations

import json
from typing import Annotated, Final

import typer

import scrubjay
from scrubjay.cli.commands import client, consent, etl, plan, records, sealed, send, spool, stored
from scrubjay.cli.options import JsonOption

#: In the order of the help.
GROUPS: Final = (records, sealed, send, etl, plan, client, consent, spool, stored)

_HELP: Final = """Validates and scrubs telemetry records; the same verdicts as every scrubjay client and collector.

\b
Examples:
  scrubjay scrub "mail ann@example.com"
  scrubjay validate events.jsonl
  scrubjay etl --in reports/telemetry --out reports/analytics
  scrubjay etl --help
"""
_VERSION_HELP: Final = """Print the version.

\b
Examples:
  scrubjay version
  scrubjay version --json
"""

app = typer.Typer(
    name="scrubjay",
    help=_HELP,
    epilog="Exit codes: 0 all well, 1 something was not accepted or not readable, 2 wrong usage.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Takes what concerns no command."""


@app.command(help=_VERSION_HELP, short_help="Print the version.")
def version(as_json: JsonOption = False) -> None:
    """Prints it."""
    typer.echo(json.dumps({"version": scrubjay.__version__}) if as_json else f"scrubjay {scrubjay.__version__}")


for group in GROUPS:
    app.add_typer(group.commands)
