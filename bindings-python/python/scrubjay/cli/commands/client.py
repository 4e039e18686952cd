"""`scrubjay status`, `enable`, `disable` and `doctor`."""

from __future__ import annotations

import typer

from scrubjay.cli import consent as consent_command
from scrubjay.cli import doctor as doctor_command
from scrubjay.cli import status as status_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import FileOption, JsonOption, NoticeOption

commands = typer.Typer()


@commands.command(short_help="Whether telemetry is on, and who decided what.")
@guarded
def status(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print whether telemetry is on, and who decided each value. Shows no secret and makes no file.

    \b
    Examples:
      scrubjay status
      TELEMETRY_ENABLED=true scrubjay status --json
    """
    status_command.run(config, as_json=as_json)


@commands.command(short_help="Agree to telemetry.")
@guarded
def enable(notice_version: NoticeOption = None, config: FileOption = None, as_json: JsonOption = False) -> None:
    """Grant every purpose: programs of this user may collect, where nothing else says off.

    \b
    Examples:
      scrubjay enable
      scrubjay enable --notice-version 2026-03
    """
    consent_command.grant(config, None, notice_version, "scrubjay enable", as_json=as_json)


@commands.command(short_help="Withdraw the agreement, and erase.")
@guarded
def disable(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Withdraw every purpose: programs of this user are silent within a second, and what was kept to be sent is erased.

    \b
    Examples:
      scrubjay disable
    """
    consent_command.withdraw(config, None, "scrubjay disable", as_json=as_json)


@commands.command(short_help="Check what a client needs, say what to do.")
@guarded
def doctor(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Check switches, consent, audit trail, state folder, endpoint, authentication and clock, and say what to do.

    Exits with 1 if a check failed. Asks the endpoint with an empty batch where telemetry is on.

    \b
    Examples:
      scrubjay doctor
      scrubjay doctor --json
    """
    if not doctor_command.run(config, as_json=as_json):
        raise typer.Exit(1)
