"""What the commands share: configuration, sources, output, and errors as one line on stderr."""

from __future__ import annotations

import contextlib
import enum
import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TextIO, cast

import typer

from scrubjay import Engine, ScrubjayError
from scrubjay._lines import Source

Arguments = ParamSpec("Arguments")


class Mode(str, enum.Enum):
    """The privacy modes (R1)."""

    strict = "strict"
    balanced = "balanced"
    minimal = "minimal"


class Purpose(str, enum.Enum):
    """What records are collected for."""

    diagnostics = "diagnostics"
    performance = "performance"
    analytics = "analytics"


class UsageError(Exception):
    """The command cannot do what was asked; the message is for the person who asked."""


def guarded(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turns what a user can mend into one line on stderr and exit code 2."""

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        if sys.stdout is None:
            complain("standard output is closed: there is nowhere to write to")
            raise typer.Exit(2)
        try:
            try:
                command(*args, **kwargs)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # Whoever read the output has read enough.
            mute(sys.stdout)
            raise typer.Exit(1) from None
        except (UsageError, ScrubjayError) as error:
            complain(str(error))
            raise typer.Exit(2) from None
        except OSError as error:
            complain(reason(error))
            raise typer.Exit(2) from None

    return run


def complain(message: str) -> None:
    """One line on stderr, behind what was printed so far."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        mute(sys.stdout)
    try:
        typer.echo(f"scrubjay: {message}", err=True)
    except OSError:
        # The exit code says it, too.
        mute(sys.stderr)


def reason(error: OSError) -> str:
    """What failed, for the person who asked."""
    if error.strerror is None:
        # Not the system's but this package's, which says all itself.
        return str(error)
    return f"{error.filename or 'input or output'}: {error.strerror}"


def counted(number: int, noun: str) -> str:
    """`1 archive`, `2 archives`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def mute(stream: TextIO) -> None:
    """Lets nothing more be written to a stream that failed: the interpreter would try once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def emit(text: str) -> None:
    """Prints output for programs: UTF-8 whatever the terminal's encoding."""
    # A half surrogate, as in a file name that is no UTF-8, becomes an escape, which is JSON too.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))


def config_of(path: Path | None, mode: Mode | None) -> str:
    """The configuration's text: the file's, with the mode of the command line in it."""
    text = "{}" if path is None else read_text(path)
    if mode is None:
        return text
    try:
        config: Any = json.loads(text)
        config.setdefault("privacy", {})["mode"] = mode.value
    except (ValueError, TypeError, AttributeError):
        # Not a configuration: the engine says where and why.
        return text
    return json.dumps(config)


def engine_of(path: Path | None, mode: Mode | None) -> Engine:
    """The engine of a command's configuration. Raises UsageError with the file in which something is wrong."""
    try:
        return Engine(config_of(path, mode))
    except ScrubjayError as error:
        raise UsageError(str(error) if path is None else f"{path}: {error}") from None


def use_file(path: Path | None) -> None:
    """Lets the engine read this configuration file, TOML or JSON, in place of the one that it would find."""
    if path is not None:
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
        os.environ["TELEMETRY_CONFIG_FILE"] = str(path)


@contextlib.contextmanager
def open_source(name: str, *, or_text: bool = False) -> Iterator[Source]:
    """The stream that an argument names: stdin for `-`, else a file, else (where allowed) the argument itself."""
    if name == "-":
        if sys.stdin is None:
            raise UsageError("standard input is closed: give a file, or pipe something in")
        if sys.stdin.isatty() and or_text:
            raise UsageError("nothing to read: give a text, a file, or pipe something in; see scrubjay scrub --help")
        yield cast(Source, sys.stdin.buffer)
        return
    file = Path(name)
    # The path of an empty name is the current folder's.
    if or_text and (not name or not _exists(file)):
        yield io.BytesIO(os.fsencode(name) + b"\n")
        return
    with file.open("rb") as stream:
        yield stream


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except (OSError, ValueError):
        # Too long for a file name, or with a zero byte in it: a text.
        return False


def read_text(path: Path) -> str:
    """A file's text, which must be UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not UTF-8 text") from None
