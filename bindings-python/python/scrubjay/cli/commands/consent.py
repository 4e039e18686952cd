"""`scrubjay consent`."""

from __future__ import annotations

from typing import Final

import typer

from scrubjay.cli import consent as consent_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import FileOption, JsonOption, NoticeOption, PurposeArguments, SourceOption

commands = typer.Typer()
_HELP: Final = """Show, change and prove the user's consent.

\b
Examples:
  scrubjay consent show
  scrubjay consent grant diagnostics performance
  scrubjay consent withdraw analytics
"""
consent = typer.Typer(
    help=_HELP, short_help="Show, change and prove the user's consent.", no_args_is_help=True, rich_markup_mode=None
)
commands.add_typer(consent, name="consent")


@consent.command("show", short_help="What is granted, since when.")
@guarded
def consent_show(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print what is granted for which purpose, since when, and by whose doing.

    \b
    Examples:
      scrubjay consent show
    """
    consent_command.show(config, as_json=as_json)


@consent.command("grant", short_help="Agree to purposes.")
@guarded
def consent_grant(
    purposes: PurposeArguments = None,
    notice_version: NoticeOption = None,
    source: SourceOption = "scrubjay consent",
    config: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that the user agrees to these purposes.

    \b
    Examples:
      scrubjay consent grant diagnostics performance
      scrubjay consent grant --notice-version 2026-03 --source installer
    """
    consent_command.grant(config, purposes, notice_version, source, as_json=as_json)


@consent.command("withdraw", short_help="Agree no longer.")
@guarded
def consent_withdraw(
    purposes: PurposeArguments = None,
    source: SourceOption = "scrubjay consent",
    config: FileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that the user no longer agrees to these purposes.

    \b
    Examples:
      scrubjay consent withdraw analytics
    """
    consent_command.withdraw(config, purposes, source, as_json=as_json)


@consent.command("history", short_help="Every change of consent.")
@guarded
def consent_history(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print every change there was, from the audit trail.

    \b
    Examples:
      scrubjay consent history --json
    """
    consent_command.history(config, as_json=as_json)


@consent.command("verify", short_help="Check the audit trail.")
@guarded
def consent_verify(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Check that no entry of the audit trail was changed or removed.

    Exits with 1 if one was.

    \b
    Examples:
      scrubjay consent verify
    """
    if not consent_command.verify(config, as_json=as_json):
        raise typer.Exit(1)
