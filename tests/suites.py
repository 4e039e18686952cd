"""Runs every test suite and prints one summary line each. `make test` runs this after building.

Suites that compile run one after another, as cargo would have them wait for each other anyway; the others, which mostly
wait for processes and clocks, run one after another beside them. Lines come in the order in which suites end.

Arguments name suites to run; none means all. Full output goes to `target/test-logs/`; of a suite that fails its end is
shown. The counts of the conformance vectors must be equal in all runtimes and above zero.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / "target/test-logs"
BIN = ROOT / ".venv/bin"

NOT_AVAILABLE = 3
"""Exit code of a suite whose runtime cannot be had here; it has then said why and how to get it."""

SUITE_TIMEOUT_S = 1800
"""Far above any suite; a hang must end before CI's own limit so that its log is shown."""

TAIL_LINES = 60

ENCRYPTION = ["--features", "scrubjay-core/encryption"] if os.environ.get("ENCRYPTION") else []
"""What `make test ENCRYPTION=1` adds: what was built with stores that can be encrypted is tested so."""


@dataclasses.dataclass(frozen=True)
class Suite:
    """One command and how its output says how many tests ran."""

    name: str
    command: list[str]
    passed: str
    failed: str = r"(\d+) failed"
    cwd: str = "."
    compiles: bool = False


SUITES = [
    Suite(
        "rust pure",
        [
            "cargo",
            "test",
            "--locked",
            "-p",
            "scrubjay-core",
            "--no-default-features",
            "--",
            "--nocapture",
        ],
        r"(\d+) passed",
        compiles=True,
    ),
    Suite(
        "rust",
        ["cargo", "test", "--locked", "--workspace", *ENCRYPTION, "--", "--nocapture"],
        r"(\d+) passed",
        compiles=True,
    ),
    Suite(
        "python",
        [str(BIN / "python"), "-m", "pytest", "-q", "-s", "bindings-python/tests"],
        r"(\d+) passed",
    ),
    Suite("node", ["npm", "test"], r"# pass (\d+)", r"# fail (\d+)", "bindings-node"),
    Suite(
        "collector",
        ["npm", "test"],
        r"# pass (\d+)",
        r"# fail (\d+)",
        "bindings-node/collector",
    ),
    Suite("api", [str(BIN / "python"), "tests/collector_api.py"], r"api: (\d+) passed", r"api: (\d+) failed"),
    Suite("dart", ["bindings-dart/tool/test.sh"], r"passed: (\d+)", r"failed: (\d+)"),
    Suite(
        "examples",
        [
            str(BIN / "python"),
            "-m",
            "pytest",
            "-q",
            "-rs",
            "tests/readme_test.py",
            "tests/service_test.py",
            "tests/commands_test.py",
            "tests/dart_test.py",
            "tests/spark_test.py",
            "tests/collector_tour_test.py",
        ],
        r"(\d+) passed",
    ),
    Suite(
        "docs",
        [str(BIN / "python"), "-m", "pytest", "-q", "tests/docs_test.py"],
        r"(\d+) passed",
    ),
    Suite(
        "deploy",
        [str(BIN / "python"), "-m", "pytest", "-q", "-rs", "tests/deploy_test.py"],
        r"(\d+) passed",
    ),
    Suite("json schema", [str(BIN / "python"), "tests/schema_suite.py"], r"json schema suite: (\d+) passed"),
    Suite("interop", [str(BIN / "python"), "tests/interop/run.py"], r"interop: (\d+) passed", compiles=True),
    Suite("pii", [str(BIN / "python"), "tests/pii/evaluate.py", "--own"], r"own set: (\d+) passed"),
    Suite("fuzz", ["core/fuzz/run.sh"], r"fuzz: (\d+) passed", compiles=True),
    Suite(
        "linear",
        [str(BIN / "python"), "tests/linear/run.py"],
        r"linear: (\d+) passed",
        compiles=True,
    ),
    Suite("end to end", [str(BIN / "python"), "tests/demo/run.py"], r"demo: everything"),
]


def main(wanted: list[str]) -> int:
    """Runs the wanted suites; returns the exit code."""
    known = [suite.name for suite in SUITES]
    if unknown := [name for name in wanted if name not in known]:
        print(f"no such suite: {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    chosen = [suite for suite in SUITES if not wanted or suite.name in wanted]
    books = Books()
    lanes = [[suite for suite in chosen if suite.compiles == compiles] for compiles in (True, False)]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        for lane in [pool.submit(books.run_all, lane) for lane in lanes]:
            lane.result()
    if not wanted and not vectors_agree(books.vectors):
        books.failed += 1
    print(f"tests: {books.passed} passed, {books.failed} failed, {books.skipped} skipped")
    return 1 if books.failed or not books.passed else 0


class Books:
    """What all suites came to."""

    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.vectors: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def run_all(self, suites: list[Suite]) -> None:
        """Runs suites in their order."""
        for suite in suites:
            ended = run(suite)
            with self._lock:
                self._add(suite, *ended)

    def _add(self, suite: Suite, text: str, code: int, seconds: float) -> None:
        if code == NOT_AVAILABLE:
            self.skipped += 1
            reason = text.strip().splitlines()[-1] if text.strip() else "no reason given"
            print(f"{suite.name:12} skipped: {reason}", flush=True)
            return
        ran, broken = count(suite.passed, text), count(suite.failed, text)
        if counted := set(re.findall(r"vectors: (\d+) cases", text)):
            self.vectors[suite.name] = counted
        good = code == 0 and ran > 0 and broken == 0
        self.passed, self.failed = self.passed + ran, self.failed + (0 if good else max(broken, 1))
        counts = f", vectors {'/'.join(sorted(counted))}" if counted else ""
        verdict = "ok" if good else "FAILED"
        print(f"{suite.name:12} {verdict:6} {ran:4} passed, {broken} failed{counts}  ({seconds:.0f} s)", flush=True)
        if not good:
            print(
                "\n".join(text.splitlines()[-TAIL_LINES:]),
                f"\n(exit {code}; all of it in {log_of(suite)})",
                flush=True,
            )


def run(suite: Suite) -> tuple[str, int, float]:
    """A suite's output, exit code and seconds."""
    started = time.monotonic()
    env = os.environ | {
        "CARGO_TERM_COLOR": "never",
        "NO_COLOR": "1",
        "PROPTEST_RNG_SEED": "2026",
        "PYTHON": str(BIN / "python"),
        # Neither read nor changed: the consent and configuration of whoever runs the tests.
        "XDG_STATE_HOME": str(LOGS / "state"),
        "XDG_CONFIG_HOME": str(LOGS / "config"),
    }
    command = subprocess.run(
        suite.command,
        cwd=ROOT / suite.cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=SUITE_TIMEOUT_S,
    )
    log_of(suite).write_text(command.stdout)
    return command.stdout, command.returncode, time.monotonic() - started


def log_of(suite: Suite) -> pathlib.Path:
    """Where a suite's output goes."""
    return LOGS / f"{suite.name.replace(' ', '-')}.log"


def count(pattern: str, text: str) -> int:
    """The sum of a pattern's numbers over all summary lines; 1 for a match without a number."""
    found = re.findall(pattern, text)
    return sum(int(number) if number.isdigit() else 1 for number in found)


def vectors_agree(vectors: dict[str, set[str]]) -> bool:
    """Whether every runtime compared the same number of vectors."""
    counts = {number for numbers in vectors.values() for number in numbers}
    agree = len(counts) == 1 and len(vectors) >= 4
    said = f"{counts.pop()} in each of {', '.join(vectors)}" if agree else str(vectors)
    print(f"{'vectors':12} {'ok' if agree else 'FAILED':6} {said}")
    return agree


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
