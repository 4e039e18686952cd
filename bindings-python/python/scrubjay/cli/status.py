"""`scrubjay status`: whether telemetry is on, and who decided what."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from scrubjay import Consent
from scrubjay._types import ConfigValue
from scrubjay.cli.common import complain, use_file


def run(config: Path | None, *, as_json: bool) -> None:
    """Prints the status."""
    use_file(config)
    status = Consent().status()
    if as_json:
        typer.echo(json.dumps(status, ensure_ascii=False))
        return
    off = "" if status["enabled"] else f", by {status['disabled_by']}"
    upload = "" if status["upload_enabled"] else "; nothing leaves this machine"
    typer.echo(f"telemetry is {'on' if status['enabled'] else 'off'}{off}{upload}")
    typer.echo(f"configuration file: {status['config_file'] or 'none'}")
    typer.echo(f"state folder: {status['state_dir'] or 'none'}")
    for purpose, state in status["consent"]["purposes"].items():
        typer.echo(f"{purpose}: {'collected' if state['collected'] else 'not collected'}")
    for value in status["values"]:
        if value["source"] != "default":
            typer.echo(f"{value['key']} = {_shown(value)}  ({value['variable'] or value['source']})")
    for warning in status["warnings"]:
        complain(warning)


def _shown(value: ConfigValue) -> str:
    """The value as it is written in a configuration; a secret's presence."""
    return "set" if value.get("is_set") else json.dumps(value.get("value"), ensure_ascii=False)
