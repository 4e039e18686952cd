"""`scrubjay track`, `preview`, `tail` and `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli import send as send_command
from scrubjay.cli import serve as serve_command
from scrubjay.cli import tail as tail_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import FileOption, JsonOption
from scrubjay.router import ARCHIVES

commands = typer.Typer()

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL", help="Where the event belongs.")]
EventArgument = Annotated[str, typer.Argument(metavar="EVENT", help="What happened.")]
PayloadArgument = Annotated[
    list[str] | None, typer.Argument(metavar="NAME=VALUE", help="The payload; a value is JSON, or else a text.")
]
UserOption = Annotated[str | None, typer.Option("--user", metavar="ID", help="Whose doing it is.")]
PayloadOption = Annotated[str | None, typer.Option("--payload", metavar="JSON|-", help="The payload; - reads stdin.")]


@commands.command(short_help="Send one event.")
@guarded
def track(
    channel: ChannelArgument,
    event: EventArgument,
    values: PayloadArgument = None,
    payload: PayloadOption = None,
    user: UserOption = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="How long to try.")] = 5.0,
    config: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send one event as a program would, and say what became of it.

    Exits with 1 if it was not delivered: collection is off, it is not valid, or nobody answered.

    \b
    Examples:
      scrubjay track deploy finished version=1.4.2 seconds=41
      scrubjay track deploy finished --payload '{"version": "1.4.2"}' --json
    """
    record = send_command.event(channel, event, values or [], payload, user)
    if not send_command.track(record, timeout, config, as_json=as_json):
        raise typer.Exit(1)


@commands.command(short_help="Show the request, and send nothing.")
@guarded
def preview(
    channel: ChannelArgument,
    event: EventArgument,
    values: PayloadArgument = None,
    payload: PayloadOption = None,
    user: UserOption = None,
    config: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the request that track would make, byte for byte, and make none.

    Exits with 1 if there is none: collection is off, or the event is not valid.

    \b
    Examples:
      scrubjay preview app login mail=ann@example.com
    """
    if not send_command.preview(
        send_command.event(channel, event, values or [], payload, user), config, as_json=as_json
    ):
        raise typer.Exit(1)


@commands.command(short_help="The latest records of archives.")
@guarded
def tail(
    source: Annotated[str, typer.Argument(metavar="PATH", help="An archive, or a folder of them.")] = ARCHIVES,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the latest.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print the latest records of archives, by time, and with --follow those that come.

    Exits with 1 if a line of them could not be read; it is passed over.

    \b
    Examples:
      scrubjay tail
      scrubjay tail -f -n 0 reports/telemetry/app.jsonl
    """
    if not tail_command.run(Path(source), lines, follow=follow, as_json=as_json):
        raise typer.Exit(1)


@commands.command(short_help="Start the collector.")
@guarded
def serve(
    data: Annotated[Path | None, typer.Option("--data", metavar="FOLDER", help="Its store. Default: ./data.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", min=0, max=65535, help="Where it listens. Default: 3001.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be run.")] = False,
) -> None:
    """Start the collector, a Node program, from this project's source tree.

    Exits with 2, and says how to get it, where there is none here or in a folder above.

    \b
    Examples:
      scrubjay serve
      scrubjay serve --data /var/lib/scrubjay --port 3001
    """
    serve_command.run(data, port, dry_run=dry_run)
