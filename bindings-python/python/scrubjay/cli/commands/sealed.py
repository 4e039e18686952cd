"""`scrubjay unseal` and `seal-keypair`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli import unseal as unseal_command
from scrubjay.cli.common import guarded, open_source

commands = typer.Typer()


@commands.command(short_help="Open sealed values.")
@guarded
def unseal(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Lines of JSON or text; - reads stdin.")],
    key_file: Annotated[
        Path, typer.Option("--key-file", metavar="FILE", help="The secret key, or what seal-keypair printed.")
    ],
) -> None:
    """Print lines with their sealed values opened.

    Exits with 1 if a value could not be opened: it is of another key, or damaged, and stays sealed.

    \b
    Examples:
      scrubjay unseal --key-file owner.key records.jsonl
    """
    with open_source(file) as source:
        all_opened = unseal_command.run(source, key_file)
    if not all_opened:
        raise typer.Exit(1)


@commands.command("seal-keypair", short_help="A fresh key pair for sealed values.")
@guarded
def seal_keypair() -> None:
    """Print a fresh key pair for sealed values, as JSON.

    The public key goes into the configuration (privacy.seal.public_key), the secret one to whoever may open.

    \b
    Examples:
      scrubjay seal-keypair
      (umask 077; scrubjay seal-keypair > owner.key)
    """
    typer.echo(unseal_command.keypair())
