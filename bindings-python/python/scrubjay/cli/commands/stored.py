"""`scrubjay export`, `delete-user`, `retention` and `audit`: what a collector has stored."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli import stored as stored_command
from scrubjay.cli.common import guarded
from scrubjay.cli.options import FileOption, JsonOption
from scrubjay.service import DEFAULT_TENANT

commands = typer.Typer()

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="URL|FOLDER", help="A collector, or its store. Default: TELEMETRY_ENDPOINT, DATA_DIR."
    ),
]
TenantOption = Annotated[str, typer.Option("--tenant", metavar="ID", help="Whose records. A collector knows its own.")]


@commands.command(short_help="Stored records as JSON Lines.")
@guarded
def export(
    source: StoreOption = None,
    schema: Annotated[
        str, typer.Option("--schema", metavar="KIND", help="Which records: telemetry_metric_v1, ….")
    ] = "telemetry_event_v1",
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME|AGE", help="2026-01-02T00:00:00Z, 12h, 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME|AGE", help="Not included.")] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="ID", help="Only theirs, by the id as stored.")] = None,
    tenant: TenantOption = DEFAULT_TENANT,
) -> None:
    """Print stored records as JSON Lines, by rising time. The default range is the last 24 hours.

    \b
    Examples:
      scrubjay export --from data --since 7d > week.jsonl
      scrubjay export --from https://telemetry.example.com --schema telemetry_metric_v1
    """
    stored_command.export(source, tenant, schema, since, until, user)


@commands.command("delete-user", short_help="Erase a user in a collector.")
@guarded
def delete_user(
    user: Annotated[str, typer.Argument(metavar="ID", help="The id as the application knows it.")],
    source: Annotated[
        str | None, typer.Option("--from", metavar="URL", help="The collector. Default: TELEMETRY_ENDPOINT.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Have a collector erase all that it stored of a user, and print its receipt.

    Asks first, unless told --yes. TELEMETRY_API_KEY says who is asking. Exits with 1 if the answer is no.

    \b
    Examples:
      scrubjay delete-user user123 --from https://telemetry.example.com --yes
    """
    if not stored_command.delete_user(user, source, yes=yes, as_json=as_json):
        raise typer.Exit(1)


@commands.command(short_help="Remove old archives.")
@guarded
def retention(
    source: Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of archives.")],
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="Older days go.")] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove the rotated archives of days that are older than --days. A collector does so for its store by itself.

    \b
    Examples:
      scrubjay retention reports/telemetry --days 30 --dry-run
    """
    stored_command.retention(source, days, dry_run=dry_run, as_json=as_json)


@commands.command(short_help="The audit trail, and whether it is whole.")
@guarded
def audit(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print the audit trail of this user's consent, and check that nothing of it was changed.

    Exits with 1 if something was.

    \b
    Examples:
      scrubjay audit
      scrubjay audit --json
    """
    if not stored_command.audit(config, as_json=as_json):
        raise typer.Exit(1)
