"""`scrubjay validate`, `scrub` and `explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli import explain as explain_command
from scrubjay.cli import scrub as scrub_command
from scrubjay.cli import validate as validate_command
from scrubjay.cli.common import engine_of, guarded, open_source
from scrubjay.cli.options import ConfigOption, JsonOption, ModeOption

commands = typer.Typer()


@commands.command(short_help="The verdict on each record.")
@guarded
def validate(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON Lines, or one JSON document; - reads stdin.")],
    mode: ModeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what was not accepted.")] = False,
) -> None:
    """Print the verdict on each record, with the line on which it starts.

    Exits with 1 if any record was not accepted.

    \b
    Examples:
      scrubjay validate events.jsonl
      scrubjay validate --json - < event.json
    """
    with open_source(file) as source:
        accepted = validate_command.run(engine_of(config, mode), source, file, as_json=as_json, quiet=quiet)
    if not accepted:
        raise typer.Exit(1)


@commands.command(short_help="Text without personal data and secrets.")
@guarded
def scrub(
    text: Annotated[
        str, typer.Argument(metavar="TEXT|FILE|-", help="A file if there is one of this name; - reads stdin.")
    ] = "-",
    mode: ModeOption = None,
    config: ConfigOption = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Lines {"id","text"[,"json"]} in, {"id","text"} or {"id","json"} out.')
    ] = False,
) -> None:
    """Replace personal data and secrets in text, line by line as it arrives; a private key's lines go together.

    With --jsonl, a line's "json" is scrubbed as a document, else its "text". A line that cannot be read gives no
    output, a message, and exit code 1.

    \b
    Examples:
      scrubjay scrub "mail ann@example.com"
      tail -f app.log | scrubjay scrub
      scrubjay scrub --mode strict --jsonl records.jsonl
    """
    engine = engine_of(config, mode)
    with open_source(text, or_text=True) as source:
        clean = scrub_command.jsonl(engine, source) if jsonl else scrub_command.plain(engine, source)
    if not clean:
        raise typer.Exit(1)


@commands.command(short_help="Why scrubbing did what it did.")
@guarded
def explain(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON Lines, or one JSON document; - reads stdin.")],
    mode: ModeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print every decision about each record: path, rule, action and reason; never a value.

    Also what was kept although a rule finds it, and why. Exits with 1 if any record was not accepted.

    \b
    Examples:
      scrubjay explain events.jsonl
      scrubjay explain --mode strict --json - < event.json
    """
    with open_source(file) as source:
        accepted = explain_command.run(engine_of(config, mode), source, file, as_json=as_json)
    if not accepted:
        raise typer.Exit(1)
