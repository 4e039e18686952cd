"""The command for somebody new: its help, its shell completion, and one line about each mistake."""

from __future__ import annotations

import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from conftest import PATIENCE

from scrubjay.cli.app import app

#: Commands whose output is for programs anyway, or that have none of their own.
WITHOUT_JSON = {"scrub", "unseal", "seal-keypair", "serve", "export"}
DOCS = Path(__file__).resolve().parents[2] / "docs/cli.md"
#: Characters beside a command's name on a terminal of 80 columns.
LINE = 62


def everything(found: Any, name: str = "scrubjay") -> Iterator[tuple[str, Any]]:
    """The command, its groups and their commands, by their whole names."""
    yield name, found
    for below, each in getattr(found, "commands", {}).items():
        yield from everything(each, f"{name} {below}")


#: Programs that a script starts one after the other.
SEVERAL = 6

ROOT = typer.main.get_command(app)
ALL = dict(everything(ROOT))
#: Those that do something by themselves.
COMMANDS = {name.removeprefix("scrubjay "): found for name, found in ALL.items() if not hasattr(found, "commands")}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_line_help_and_json(name: str) -> None:
    found = COMMANDS[name]
    assert 0 < len(found.short_help) <= LINE
    options = {option for parameter in found.params for option in parameter.opts}
    assert ("--json" in options) == (name not in WITHOUT_JSON)
    assert [parameter.name for parameter in found.params if not getattr(parameter, "help", "")] == []


def examples(found: Any) -> list[str]:
    """The shell lines of a command's help."""
    _, heading, lines = found.help.partition("\nExamples:\n")
    return [line.strip() for line in lines.split("\n\n")[0].splitlines()] if heading else []


def calls(line: str) -> Iterator[list[str]]:
    """What each `scrubjay` of a shell line is given: words up to a pipe, a redirection or the like."""
    shell = shlex.shlex(line, posix=True, punctuation_chars=True)
    shell.whitespace_split = True
    words = list(shell)
    starts = [at for at, word in enumerate(words) if word == "scrubjay"]
    for start in starts:
        rest = words[start + 1 :]
        yield list(itertools.takewhile(lambda word: not set(word) <= set("|&;<>()"), rest))


@pytest.mark.parametrize("name", ALL)
def test_each_command_and_group_has_examples_that_are_valid_calls_of_it(name: str) -> None:
    lines = examples(ALL[name])
    assert any(line.find(name) >= 0 for line in lines)
    for line in lines:
        given = list(calls(line))
        assert given, line
        for words in given:
            assert parsed(words) in ALL, line


def parsed(words: list[str]) -> str:
    """The name of the command that these words call; raises where one of them is not understood. Runs nothing."""
    found: Any = ROOT
    name, context = "scrubjay", None
    while True:
        if "--help" in words[:1]:
            return name
        context = found.make_context(name.rsplit(maxsplit=1)[-1], list(words), parent=context)
        if not hasattr(found, "commands"):
            return name
        # A group leaves the words of its commands.
        below, found, words = found.resolve_command(context, [*context._protected_args, *context.args])
        name = f"{name} {below}"


@pytest.mark.parametrize("line", ["skrub", "etl --wrong", "plan check", "track app", "tail -n x"])
def test_what_is_no_valid_call_would_be_found(line: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such|missing|valid integer"):
        parsed(line.split())


def test_what_has_no_json_says_so_in_the_documentation() -> None:
    line = next(line for line in DOCS.read_text(encoding="utf-8").split("\n\n") if "`--json`" in line)
    assert set(re.findall("`([a-z-]+)`", line)) >= WITHOUT_JSON


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command in a folder with some files, with nobody to answer its questions."""
    (cwd / "text.txt").write_text("no record\n", encoding="utf-8")
    (cwd / "empty").mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "scrubjay", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=cwd,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("validate nowhere.jsonl", "nowhere.jsonl: No such file or directory"),
        ("validate --config text.txt text.txt", "text.txt: config_invalid: not JSON at line 1 column 2"),
        ("etl --in empty --config text.txt", "text.txt: config_invalid: not JSON at line 1 column 2"),
        ("status --config nowhere.toml", "nowhere.toml: no such file"),
        ("spool inspect nowhere", "nowhere: no such folder; a client with client.spool.dir makes it"),
        ("export --from empty --since yesterday", "--since: expected an RFC 3339 time with an offset, such as"),
        ("export --from empty --schema log", "--schema: expected one of perf_sample_v1, "),
        ("export --from http://127.0.0.1:9", "http://127.0.0.1:9/api/v1/telemetry/records: Connection refused"),
        ("retention nowhere", "nowhere: no such folder"),
    ],
)
def test_a_mistake_is_one_line_that_names_what_the_user_wrote(tmp_path: Path, arguments: str, said: str) -> None:
    done = command(*arguments.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"scrubjay: {said}")
    assert done.stderr.count("\n") == 1
    assert "Errno" not in done.stderr


def test_tail_says_which_line_is_no_record_and_exits_with_1(tmp_path: Path) -> None:
    (tmp_path / "app.jsonl").write_text('{"channel":"app","event":"a"}\n{"torn\n{"more\n', encoding="utf-8")
    done = command("tail", "app.jsonl", cwd=tmp_path)
    assert (done.returncode, len(done.stdout.splitlines())) == (1, 1)
    assert done.stderr == "scrubjay: app.jsonl:2: not a record; 2 lines passed over: see scrubjay validate\n"


bash = shutil.which("bash") or ""


@pytest.mark.skipif(not bash, reason="completion is tried in bash")
def test_the_completion_that_is_installed_completes_commands_options_and_words(tmp_path: Path) -> None:
    # The shell is told by its parent process, so a real one installs it, and then uses it.
    program = tmp_path / "scrubjay"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scrubjay "$@"\n', encoding="utf-8")
    program.chmod(0o700)
    script = """
        scrubjay --install-completion >&2 || exit 3
        . ~/.bashrc
        complete -p scrubjay >&2 || exit 4
        ask() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            $(complete -p scrubjay | sed 's/.*-F \\([^ ]*\\).*/\\1/') scrubjay
            echo "${COMPREPLY[@]}"
        }
        ask scrubjay va; ask scrubjay consent g; ask scrubjay validate --mo; ask scrubjay validate --mode st
    """
    environment = os.environ | {"HOME": str(tmp_path), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [bash, "-c", script], capture_output=True, text=True, check=False, timeout=SEVERAL * PATIENCE, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["validate", "grant", "--mode", "strict"]
