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
    from scrubjay.cli.common import complain, mute, reason

    if sys.stdout is not None:
        # A character that the terminal cannot show is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        app(prog_name="scrubjay")
    except OSError as error:
        # Help and version, which no command guards.
        mute(sys.stdout)
        complain(reason(error))
        sys.exit(2)
