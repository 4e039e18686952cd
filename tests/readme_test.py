"""The README's examples, run as they stand. Its Rust example is a doctest of `core`."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from collector import ROOT, Collector, fetch

README = (ROOT / "README.md").read_text()
DOCUMENTED_URL = "http://127.0.0.1:3001"
TIMEOUT_S = 120
NO_DART = 3


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A real collector in the place of the documented one."""
    folder = tmp_path_factory.mktemp("collector")
    running = Collector(folder / "data", folder / "collector.log")
    yield running
    running.stop()


def example(language: str) -> str:
    """The README's one block in this language."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)
    assert len(blocks) == 1, f"{len(blocks)} blocks of {language}"
    return str(blocks[0])


def run(command: list[str], collector: Collector, file: pathlib.Path, code: str) -> str:
    """What a program prints that is the README's code but for the collector's address."""
    assert DOCUMENTED_URL in code
    file.write_text(code.replace(DOCUMENTED_URL, collector.url))
    switches = ("DO_NOT_TRACK", "OTEL_SDK_DISABLED", "TELEMETRY_ENABLED")
    env = {key: value for key, value in os.environ.items() if key not in switches}
    env["NODE_PATH"] = str(file.parent)
    done = subprocess.run(
        [*command, str(file)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    if done.returncode == NO_DART and "run.sh" in command[0]:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stdout


def stored(collector: Collector) -> int:
    """Events that the collector has."""
    answer = json.loads(fetch(f"{collector.url}/api/v1/telemetry/metrics/aggregate?aggregation=count&consistency=now"))
    return sum(bucket["count"] for bucket in answer["buckets"])


def test_the_python_example_scrubs_and_delivers(collector: Collector, tmp_path: pathlib.Path) -> None:
    before = stored(collector)
    assert "'mail': '[email]'" in run([sys.executable], collector, tmp_path / "example.py", example("python"))
    assert stored(collector) == before + 1


def test_the_node_example_scrubs_and_delivers(collector: Collector, tmp_path: pathlib.Path) -> None:
    before = stored(collector)
    (tmp_path / "scrubjay").symlink_to(ROOT / "bindings-node")
    assert "mail: '[email]'" in run(["node"], collector, tmp_path / "example.js", example("js"))
    assert stored(collector) == before + 1


def test_the_dart_example_scrubs_and_delivers(collector: Collector, tmp_path: pathlib.Path) -> None:
    before = stored(collector)
    code = run(
        [str(ROOT / "bindings-dart/tool/run.sh")],
        collector,
        tmp_path / "example.dart",
        example("dart"),
    )
    assert "mail: [email]" in code
    assert stored(collector) == before + 1


def test_the_command_line_example_scrubs() -> None:
    line = next(line for line in README.splitlines() if line.startswith("echo"))
    done = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.stdout == "[email] from 203.0.113.0\n", done.stderr


@pytest.mark.parametrize("command", re.findall(r"^make \S+", README, re.M))
def test_every_make_command_of_the_readme_is_a_target(command: str) -> None:
    done = subprocess.run([*command.split(), "-n"], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
