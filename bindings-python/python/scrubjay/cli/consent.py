"""`scrubjay consent`, `enable` and `disable`: the user's consent, shown, changed and proved."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import typer

from scrubjay import Consent
from scrubjay._types import Purpose as PurposeName
from scrubjay.cli.common import Purpose, counted, use_file


def show(config: Path | None, *, as_json: bool) -> None:
    """Prints what is granted."""
    consent = _of(config).status()["consent"]
    if as_json:
        typer.echo(json.dumps(consent, ensure_ascii=False))
        return
    if consent["state"] == "unreadable":
        typer.echo(f"nothing is granted: the consent file cannot be trusted: {consent['reason']}")
        return
    for purpose, state in consent["purposes"].items():
        grant = state["grant"]
        if grant is None:
            typer.echo(f"{purpose}: not asked")
        else:
            notice = f", notice {grant['notice_version']}" if grant["notice_version"] else ""
            said = "granted" if grant["granted"] else "withdrawn"
            typer.echo(f"{purpose}: {said} at {grant['at']} by {grant['source']}{notice}")


def grant(
    config: Path | None, purposes: list[Purpose] | None, notice_version: str | None, source: str, *, as_json: bool
) -> None:
    """Records that the user agrees, and says what holds then."""
    consent = _of(config)
    consent.grant(*_names(purposes), notice_version=notice_version, source=source)
    _say(consent, as_json=as_json)


def withdraw(config: Path | None, purposes: list[Purpose] | None, source: str, *, as_json: bool) -> None:
    """Records that the user no longer agrees, and says what holds then."""
    consent = _of(config)
    consent.withdraw(*_names(purposes), source=source)
    _say(consent, as_json=as_json)


def history(config: Path | None, *, as_json: bool) -> None:
    """Prints the entries of the audit trail."""
    entries = _of(config).history()
    if as_json:
        typer.echo(json.dumps(entries, ensure_ascii=False))
        return
    for entry in entries:
        notice = f", notice {entry['notice_version']}" if entry["notice_version"] else ""
        service = f" ({entry['service']})" if entry["service"] else ""
        purposes = ", ".join(entry["purposes"])
        typer.echo(f"{entry['at']}  {entry['event']}: {purposes}; by {entry['source']}{service}{notice}")


def verify(config: Path | None, *, as_json: bool) -> bool:
    """Prints what a check of the audit trail found; whether it is whole."""
    state = _of(config).verify()
    if as_json:
        typer.echo(json.dumps(state))
    elif state["broken_at"] is None:
        typer.echo(f"{counted(state['entries'], 'entry')}, none changed or missing")
        if state["proved_up_to"] is not None:
            typer.echo(f"the key proves them up to entry {state['proved_up_to']}")
        elif state["keyed"]:
            typer.echo(f"{state['keyed']} of them are sealed by a key: set TELEMETRY_AUDIT_KEY to check that too")
    else:
        typer.echo(f"entry {state['broken_at']} is missing or not as it was written")
    return state["broken_at"] is None


def _of(config: Path | None) -> Consent:
    use_file(config)
    return Consent()


def _names(purposes: Iterable[Purpose] | None) -> list[PurposeName]:
    return [purpose.value for purpose in purposes or ()]


def _say(consent: Consent, *, as_json: bool) -> None:
    status = consent.status()
    if as_json:
        typer.echo(json.dumps(status["consent"], ensure_ascii=False))
        return
    purposes = status["consent"]["purposes"].items()
    granted = [purpose for purpose, state in purposes if state["grant"] and state["grant"]["granted"]]
    typer.echo(f"granted: {', '.join(granted) or 'nothing'}")
    if granted and not status["enabled"]:
        typer.echo(f"here, telemetry stays off all the same, by {status['disabled_by']}: see scrubjay status")
