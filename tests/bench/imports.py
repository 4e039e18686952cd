"""What `import scrubjay` takes in a plain environment, for `make bench`: one row, as a JSON object.

Everything counts that a bare interpreter has not imported by itself, of the standard library too. Milliseconds of
processor time, and of several interpreters the fastest: the first ones write and read what the disk does not hold yet.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

from peers import ENVIRONMENT, installed

TRIES = 15
BUDGET_MS = 30
"""Nobody notices it beside the start of an interpreter and a web framework."""

MEASURE = "import time; t = time.process_time(); import scrubjay; print((time.process_time() - t) * 1_000)"


def main() -> int:
    """Installs the wheel, then measures in the environment that has it."""
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        python = installed({})
        os.execv(python, [str(python), __file__])
    times = []
    for _ in range(TRIES):
        # Apart from this folder, whose modules are not to be taken for others.
        done = subprocess.run([sys.executable, "-I", "-c", MEASURE], capture_output=True, text=True, check=True)
        times.append(float(done.stdout))
    ours = min(times)
    row = {"name": "python_import_ms", "ratio": ours / BUDGET_MS, "ours": ours, "theirs": BUDGET_MS, "unit": "ms"}
    print(json.dumps(row), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
