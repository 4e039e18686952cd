"""Requests that schemathesis makes of the served description, against a real collector.

No answer may be a failure of the collector, or have a status, type or shape that the description does not have.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from collector import ROOT, Collector

MAX_TIME_S = 35
"""For generated requests; the systematic ones of the phase `coverage` come first."""

TIMEOUT_S = 180
"""A hang must end before the suite's own limit."""

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

COMMAND = [
    str(ROOT / ".venv/bin/schemathesis"),
    "run",
    "--checks",
    CHECKS,
    "--phases",
    "coverage,fuzzing",
    "--max-time",
    str(MAX_TIME_S),
    "--max-examples",
    "10",
    "--seed",
    "2026",
    "--generation-database",
    "none",
    "--suppress-health-check",
    "all",
    "--warnings",
    "off",
    "--continue-on-failure",
    "--no-color",
]


def main() -> int:
    """Runs it; prints the end of what schemathesis says, and one summary line."""
    for name in [name for name in os.environ if name.startswith(("TELEMETRY_", "OTEL_", "DO_NOT"))]:
        del os.environ[name]
    # Long enough for the engine; user ids then have pseudonyms, so that they can be found.
    os.environ["TELEMETRY_PSEUDONYM_KEY"] = "the key of this suite"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        collector = Collector(folder / "data", folder / "collector.log")
        try:
            done = subprocess.run(
                [*COMMAND, f"{collector.url}/openapi.json"],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
        finally:
            collector.stop()
    print(done.stdout)
    tested = re.search(r"Tested: (\d+)", done.stdout)
    if done.returncode != 0 or tested is None:
        print("api: 1 failed")
        return 1
    print(f"api: {tested[1]} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
