"""`scrubjay doctor`: what a client needs, and what to do about what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import typer

import scrubjay
from scrubjay.cli.common import use_file


def run(config: Path | None, *, as_json: bool) -> bool:
    """Prints every check; whether none failed."""
    use_file(config)
    report = scrubjay.doctor()
    if as_json:
        typer.echo(json.dumps(report, ensure_ascii=False))
        return report["ok"]
    for check in report["checks"]:
        typer.echo(f"{check['state']:8} {check['name']}: {check['message']}")
        if check["advice"]:
            typer.echo(f"{'':8} {check['advice']}")
    return report["ok"]
