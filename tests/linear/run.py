"""Whether work is linear: what doubling the worst inputs costs, in instructions, which no load of the machine changes.

Builds `steps`, runs it once under valgrind's callgrind and compares the two sizes of each input. Exits 1 where one
costs more than `MAX_RATIO` times the other; 3, with the reason, where valgrind cannot be had.
"""

from __future__ import annotations

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NOT_AVAILABLE = 3

MAX_RATIO = 2.3
"""Twice, and room for what grows by steps: tables and buffers that double."""

STEP = 5_000
"""Instructions of an allocator when a buffer passes a size: they would show where a text costs little more."""

WORST_SHOWN = 5


def main() -> int:
    """Prints the ratios; returns the exit code."""
    if shutil.which("valgrind") is None:
        print("valgrind, which counts instructions, is missing (Debian: apt-get install valgrind)")
        return NOT_AVAILABLE
    calls, instructions = counted(built())
    if len(calls) != len(instructions) or not calls:
        print(f"{len(calls)} calls but {len(instructions)} counts: failed 1")
        return 1
    ratios: dict[str, list[tuple[float, str]]] = collections.defaultdict(list)
    pairs = zip(calls[::2], instructions[::2], instructions[1::2], strict=True)
    for (kind, name, _), once, twice in pairs:
        ratios[kind].append((twice / (once + STEP), name))
    for kind, found in ratios.items():
        ratio, name = max(found)
        print(f"{kind:12} {ratio:.2f} at most, by {name}")
    per_byte = sorted((count / int(size), name) for (_, name, size), count in zip(calls, instructions, strict=True))
    for count, name in reversed(per_byte[-WORST_SHOWN:]):
        print(f"{count:8.0f} instructions a byte: {name}")
    every = [pair for found in ratios.values() for pair in found]
    faults = [(ratio, name) for ratio, name in every if ratio > MAX_RATIO]
    for ratio, name in faults:
        print(f"not linear: {name} costs {ratio:.2f} times as much at twice the size")
    print(f"linear: {len(every) - len(faults)} passed, {len(faults)} failed")
    return 1 if faults else 0


def built() -> pathlib.Path:
    """The program that scrubs the inputs, in a build folder of its own."""
    shared = os.environ.get("CARGO_TARGET_DIR")
    target = pathlib.Path(shared or HERE / "target") / ("linear" if shared else "")
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", str(HERE / "Cargo.toml")]
    subprocess.run([*command, "--target-dir", str(target)], check=True)
    return target / "release/steps"


def counted(program: pathlib.Path) -> tuple[list[list[str]], list[int]]:
    """What was called, and the instructions of each call."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder) / "profile"
        function = "steps::measured"
        # What stands between two calls is dumped by itself, so that a call's count is its own.
        options = [f"--dump-before={function}", f"--dump-after={function}", f"--callgrind-out-file={profile}"]
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--quiet", *options, str(program)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        dumps = sorted(profile.parent.glob("profile.*"), key=lambda path: int(path.suffix[1:]))
        counts = [count for dump in dumps if (count := count_of(dump)) is not None]
    # The first call is a rehearsal.
    return [line.split("\t") for line in done.stdout.splitlines()], counts[1:]


def count_of(dump: pathlib.Path) -> int | None:
    """The instructions of a call; nothing for what was dumped before one."""
    text = dump.read_text()
    found = re.search(r"^totals: (\d+)", text, re.MULTILINE)
    return int(found[1]) if found and "--dump-after=" in text else None


if __name__ == "__main__":
    sys.exit(main())
