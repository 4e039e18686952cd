"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.common import Mode, Purpose

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
PurposeArguments = Annotated[list[Purpose] | None, typer.Argument(metavar="PURPOSE", help="Default: all.")]
SourceOption = Annotated[str, typer.Option("--source", metavar="WORD", help="Where it was said.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
