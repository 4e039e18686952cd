"""The command `scrubjay`. Exit codes: 0 all well, 1 something was not accepted or not readable, 2 wrong usage."""

import sys

#: What the extra `cli` installs.
_EXTRA = ("typer", "rich")


def main() -> None:
    """Runs the command; says what to install where the extra `cli` is missing."""
    try:
        from scrubjay.cli.app import app
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write('scrubjay: the command needs two more packages: pip install "scrubjay[cli]"\n')
        sys.exit(2)
    app(prog_name="scrubjay")
