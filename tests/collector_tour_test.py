"""The tour of `docs/collector.md`, run command by command against a real collector."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess

import pytest
from collector import ROOT, Collector

GUIDE = (ROOT / "docs/collector.md").read_text()
TIMEOUT_S = 30


def steps() -> list[tuple[str, str]]:
    """Each command of the tour with what it is to print."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", GUIDE, re.M | re.S):
        for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = step.splitlines()
            last = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
            found.append(("\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :])))
    return found


def pattern(expected: str) -> str:
    """A regular expression of an output in which `…` stands for anything."""
    return ".*".join(re.escape(part) for part in expected.split("…"))


def test_every_command_of_the_tour_prints_what_the_guide_says(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("TELEMETRY_", "OTEL_", "DO_NOT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TELEMETRY_PSEUDONYM_KEY", "the key of this tour")
    collector = Collector(tmp_path / "data", tmp_path / "collector.log")
    metrics = collector.metrics_url.removesuffix("/metrics")
    try:
        tour = steps()
        assert len(tour) >= 15
        assert GUIDE.count('"telemetryOptIn":') == 2, "R4's two examples"
        for command, expected in tour:
            line = command.replace("http://localhost:3001", collector.url).replace("http://localhost:9464", metrics)
            done = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=TIMEOUT_S)
            assert done.returncode == 0, f"{command}\n{done.stderr}"
            assert re.match(pattern(expected), done.stdout.strip(), re.S), f"{command}\n{done.stdout}"
    finally:
        collector.stop()
