"""`scrubjay plan`: checks a tracking plan, and says whether a change of one is breaking."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from scrubjay import ScrubjayError, plan_check, plan_diff
from scrubjay.cli.common import UsageError, complain, read_text


def check(path: Path, *, as_json: bool) -> bool:
    """Prints what the plan holds, or what is wrong with it; whether it can be used."""
    try:
        figures = plan_check(read_text(path))
    except ScrubjayError as error:
        if as_json:
            typer.echo(json.dumps({"code": error.code, "path": error.path, "message": error.message}))
        else:
            complain(f"{path}: {error}")
        return False
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False))
        return True
    version = "without a version" if figures["version"] is None else f"version {figures['version']}"
    actions = ", ".join(f"{count} {action}" for action, count in figures["pii"].items() if count)
    typer.echo(f"{path}: {version}, {figures['events']} events, {figures['fields']} fields{_pii(actions)}")
    typer.echo(f"other events: {figures['unplanned']}")
    return True


def diff(old: Path, new: Path, *, as_json: bool) -> bool:
    """Prints the differences, breaking ones marked; whether none is breaking."""
    texts = read_text(old), read_text(new)
    try:
        found = plan_diff(*texts)
    except ScrubjayError as error:
        _, side, place = error.path.split("/", 2) if error.path.count("/") > 1 else ("", error.path[1:], "")
        path = old if side == "old" else new
        raise UsageError(f"{path}: {error.code} at /{place}: {error.message}") from None
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return not found["breaking"]
    for change in found["changes"]:
        mark = typer.style("breaking", fg=typer.colors.RED) if change["breaking"] else "        "
        typer.echo(f"{mark}  {change['kind']:9}  {change['path']}: {change['reason']}")
    breaking = sum(change["breaking"] for change in found["changes"])
    typer.echo(f"{len(found['changes'])} changes, {breaking} of them breaking")
    return not found["breaking"]


def _pii(actions: str) -> str:
    return f"; personal data: {actions}" if actions else ""
