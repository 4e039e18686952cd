"""`scrubjay serve`: starts the collector, where it is found."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

import typer

from scrubjay.cli.common import UsageError

#: The collector in a source tree of this project, from the tree's root.
_COLLECTOR: Final = Path("bindings-node/collector")
#: Its program.
_PROGRAM: Final = Path("src/server.js")


def run(data: Path | None, port: int | None, *, dry_run: bool) -> None:
    """Becomes the collector, so that signals reach it; or says how to get it."""
    node = shutil.which("node")
    collector = _found()
    if node is None or collector is None:
        missing = "Node (20 or newer) is not on the PATH" if node is None else "the collector is not here"
        raise UsageError(
            f"{missing}. In a source tree: make build-node, then scrubjay serve there; "
            "elsewhere: cd bindings-node/collector && npm ci && npm start, or run its container"
        )
    given = {"DATA_DIR": None if data is None else str(data.absolute()), "PORT": None if port is None else str(port)}
    environment = {name: value for name, value in given.items() if value is not None}
    command = [node, str(collector / _PROGRAM)]
    if dry_run:
        words = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
        typer.echo(" ".join([*words, shlex.join(command)]))
        return
    sys.stdout.flush()
    os.execve(command[0], command, os.environ | environment)  # noqa: S606 - what the user asked for


def _found() -> Path | None:
    """The collector with its packages, in this folder, one above, or the tree that this package is installed from."""
    places = [Path.cwd(), *Path.cwd().parents, *Path(__file__).resolve().parents]
    for place in places:
        collector = place / _COLLECTOR
        if (collector / _PROGRAM).is_file() and (collector / "node_modules").is_dir():
            return collector
    return None
