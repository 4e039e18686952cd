"""The commands and their options. Each hands over to the module of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import scrubjay
from scrubjay.cli import consent as consent_command
from scrubjay.cli import doctor as doctor_command
from scrubjay.cli import etl as etl_command
from scrubjay.cli import explain as explain_command
from scrubjay.cli import plan as plan_command
from scrubjay.cli import scrub as scrub_command
from scrubjay.cli import spool as spool_command
from scrubjay.cli import status as status_command
from scrubjay.cli import unseal as unseal_command
from scrubjay.cli import validate as validate_command
from scrubjay.cli.common import Mode, Purpose, engine_of, guarded, open_source
from scrubjay.etl import REPORTS
from scrubjay.router import ARCHIVES

app = typer.Typer(
    name="scrubjay",
    help="Validates and scrubs telemetry records; the same verdicts as every scrubjay client and collector.",
    epilog="Exit codes: 0 all well, 1 something was not accepted or not readable, 2 wrong usage.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModeOption = Annotated[Mode | None, typer.Option("--mode", help="Privacy mode. Default: as the configuration says.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration, a JSON file.")]
FileOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration, TOML or JSON. Default: the one that programs find."),
]
NoticeOption = Annotated[
    str | None,
    typer.Option(
        "--notice-version", metavar="VERSION", help="Of the privacy notice that was shown. Default: as configured."
    ),
]
PurposeArguments = Annotated[list[Purpose] | None, typer.Argument(metavar="[PURPOSE]...", help="Default: all.")]
SourceOption = Annotated[str, typer.Option("--source", metavar="WORD", help="Where it was said.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


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
    """Validates and scrubs telemetry records; the same verdicts as every scrubjay client and collector."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(f"scrubjay {scrubjay.__version__}")


@app.command()
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


@app.command()
@guarded
def scrub(
    text: Annotated[
        str, typer.Argument(metavar="[TEXT|FILE|-]", help="A file if there is one of this name; - reads stdin.")
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


@app.command()
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


@app.command()
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


@app.command("seal-keypair")
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


@app.command()
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


plan = typer.Typer(help="Check and compare tracking plans.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(plan, name="plan")


@plan.command("check")
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


@plan.command("diff")
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


@app.command()
@guarded
def status(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print whether telemetry is on, and who decided each value. Shows no secret and makes no file.

    \b
    Examples:
      scrubjay status
      TELEMETRY_ENABLED=true scrubjay status --json
    """
    status_command.run(config, as_json=as_json)


@app.command()
@guarded
def enable(notice_version: NoticeOption = None, config: FileOption = None) -> None:
    """Grant every purpose: programs of this user may collect, where nothing else says off.

    \b
    Examples:
      scrubjay enable
      scrubjay enable --notice-version 2026-03
    """
    consent_command.grant(config, None, notice_version, "scrubjay enable")


@app.command()
@guarded
def disable(config: FileOption = None) -> None:
    """Withdraw every purpose: programs of this user are silent within a second, and what was kept to be sent is erased.

    \b
    Examples:
      scrubjay disable
    """
    consent_command.withdraw(config, None, "scrubjay disable")


@app.command()
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


consent = typer.Typer(help="Show, change and prove the user's consent.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(consent, name="consent")


@consent.command("show")
@guarded
def consent_show(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print what is granted for which purpose, since when, and by whose doing.

    \b
    Examples:
      scrubjay consent show
    """
    consent_command.show(config, as_json=as_json)


@consent.command("grant")
@guarded
def consent_grant(
    purposes: PurposeArguments = None,
    notice_version: NoticeOption = None,
    source: SourceOption = "scrubjay consent",
    config: FileOption = None,
) -> None:
    """Record that the user agrees to these purposes.

    \b
    Examples:
      scrubjay consent grant diagnostics performance
      scrubjay consent grant --notice-version 2026-03 --source installer
    """
    consent_command.grant(config, purposes, notice_version, source)


@consent.command("withdraw")
@guarded
def consent_withdraw(
    purposes: PurposeArguments = None, source: SourceOption = "scrubjay consent", config: FileOption = None
) -> None:
    """Record that the user no longer agrees to these purposes.

    \b
    Examples:
      scrubjay consent withdraw analytics
    """
    consent_command.withdraw(config, purposes, source)


@consent.command("history")
@guarded
def consent_history(config: FileOption = None, as_json: JsonOption = False) -> None:
    """Print every change there was, from the audit trail.

    \b
    Examples:
      scrubjay consent history --json
    """
    consent_command.history(config, as_json=as_json)


@consent.command("verify")
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


spool = typer.Typer(help="Look into the spool, and clear it.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(spool, name="spool")

SpoolArgument = Annotated[
    str | None, typer.Argument(metavar="[DIR]", help="The spool's folder. Default: TELEMETRY_SPOOL_DIR.")
]


@spool.command("inspect")
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


@spool.command("purge")
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
