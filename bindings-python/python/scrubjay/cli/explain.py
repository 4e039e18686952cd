"""`scrubjay explain`: every decision about each record, as a table or as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Final

import typer

from scrubjay import Decision, Engine, Explanation
from scrubjay._lines import Source
from scrubjay.cli.validate import records

_COLUMNS: Final = ("path", "rule", "action", "reason")


def run(engine: Engine, source: Source, name: str, *, as_json: bool) -> bool:
    """Prints the decisions; whether all records were accepted."""
    accepted = True
    for line, record in records(source):
        explanation = engine.explain(record)
        accepted = accepted and explanation["status"] == "accepted"
        if as_json:
            sys.stdout.write(json.dumps({"line": line} | explanation, ensure_ascii=False) + "\n")
        else:
            _print_explanation(f"{'<stdin>' if name == '-' else name}:{line}", explanation)
    return accepted


def _print_explanation(place: str, explanation: Explanation) -> None:
    decisions = explanation["decisions"]
    typer.echo(f"{place}: {explanation['status']}, {len(decisions)} decision{'' if len(decisions) == 1 else 's'}")
    for violation in explanation["violations"]:
        typer.echo(f"    {violation['path'] or '(record)'}: {violation['code']}: {violation['message']}")
    for row in _table(decisions):
        typer.echo(f"    {row}")


def _table(decisions: Sequence[Decision]) -> list[str]:
    """The decisions in aligned columns, under their names."""
    rows = [tuple(map(str.upper, _COLUMNS))] if decisions else []
    rows += [(each["path"], each["rule"], each["action"], each["reason"]) for each in decisions]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
