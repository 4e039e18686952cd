"""The tour in `docs/cli.md`, run as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE, Collector

DOCS = Path(__file__).resolve().parents[2] / "docs/cli.md"
#: Stands for whatever is there in a line; alone, for any number of lines.
ANYTHING = "…"


def steps() -> list[tuple[str, str]]:
    """Each command of the tour with what it prints."""
    tour = DOCS.read_text(encoding="utf-8").partition("<!-- tour -->")[2].partition("<!-- end of the tour -->")[0]
    found: list[tuple[str, str]] = []
    for block in re.findall(r"```console\n(.*?)```", tour, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + line + "\n")
    return found


def pattern(wanted: str) -> str:
    """What a transcript matches."""
    lines = [
        r"(?:.*\n)*?" if line == ANYTHING else ".*".join(re.escape(part) for part in line.split(ANYTHING)) + r"\n"
        for line in wanted.splitlines()
    ]
    return "".join(lines)


bash = shutil.which("bash") or ""


@pytest.mark.skipif(not bash, reason="the tour is written for a shell")
def test_the_tour_prints_what_the_page_says(tmp_path: Path, collector: Collector) -> None:
    # One shell for all, so that what it exports holds; each command's output and code go to files of their own.
    found = steps()
    script = [f'scrubjay() {{ "{sys.executable}" -W error -m scrubjay "$@"; }}']
    script.append(f'python() {{ "{sys.executable}" "$@"; }}')
    for number, (command, _) in enumerate(found):
        script.append(f"{{ {command}\n}} >out{number} 2>&1 </dev/null; code=$?")
        script.append(f'[ $code = 0 ] || echo "(exit code $code)" >>out{number}')
    environment = os.environ | {"COLLECTOR": collector.url, "NO_COLOR": "1"}
    folder = tmp_path / "tour"
    folder.mkdir()
    subprocess.run([bash, "-c", "\n".join(script)], cwd=folder, env=environment, timeout=2 * PATIENCE, check=False)
    wrong = []
    for number, (command, wanted) in enumerate(found):
        said = (folder / f"out{number}").read_text(encoding="utf-8")
        if not re.fullmatch(pattern(wanted), said):
            wrong.append(f"$ {command}\n{said}")
    assert not wrong, "\n".join(wrong)
    assert len(found) > 20
