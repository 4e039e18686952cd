"""`scrubjay plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from scrubjay.cli import plan as plan_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import JsonOption

commands = typer.Typer()
_HELP: Final = """Check and compare tracking plans.

\b
Examples:
  scrubjay plan check plan.json
  scrubjay plan diff plan.json plan-next.json
"""
plan = typer.Typer(
    help=_HELP, short_help="Check and compare tracking plans.", no_args_is_help=True, rich_markup_mode=None
)
commands.add_typer(plan, name="plan")


@plan.command("check", short_help="What a plan holds, or what is wrong.")
@guarded
def plan_check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A tracking plan, a JSON file.")],
    as_json: JsonOption = False,
) -> None:
    """Say what a tracking plan holds, or what is wrong with it and where.

    Exits with 1 if the plan cannot be used.

    \b
    Examples:
      scrubjay plan check plan.json
      scrubjay plan check --json plan.json
    """
    if not plan_command.check(file, as_json=as_json):
        raise typer.Exit(1)


@plan.command("diff", short_help="Whether a change of a plan breaks senders.")
@guarded
def plan_diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The plan in use.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The plan that shall follow.")],
    as_json: JsonOption = False,
) -> None:
    """List what changes from one tracking plan to the next, and what of it breaks senders that follow the old one.

    Exits with 1 if a change is breaking: the new plan would reject or lose what the old one accepted.

    \b
    Examples:
      scrubjay plan diff plan.json plan-next.json
      git show main:plan.json > /tmp/old.json && scrubjay plan diff /tmp/old.json plan.json
    """
    if not plan_command.diff(old, new, as_json=as_json):
        raise typer.Exit(1)
