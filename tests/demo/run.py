"""The main job on real input: programs, one engine, one collector, one report. `make demo` runs this.

Starts the collector on a free port with SQLite in a fresh folder, sends records from Python, Node and Dart, runs the
ETL over an archive, plays R4's scenario (an editor in Dart whose user opts out, see `editor.py`), prints what happened,
and searches everything that was written for the personal data that the programs planted. Exits 0 when all of it
worked. `KEEP=1` leaves the collector up.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import editor
from collector import ROOT, Collector, fetch

OUT = ROOT / "demo-run"
PLANTED = ROOT / "tests/demo/planted.json"
BIN = ROOT / ".venv/bin"

SENDER_TIMEOUT_S = 240
"""The 32-bit Dart VM compiles its sources first, and the machine may have other work."""

DART = ("dart", "editor")
"""Programs that need a Dart VM."""

NOT_AVAILABLE = 3
"""Exit code of the Dart runner where no VM can be had; it has then said how to get one."""


def main() -> int:
    """Runs the whole line; returns the exit code."""
    shutil.rmtree(OUT, ignore_errors=True)
    archives, analytics, logs = (
        OUT / "reports/telemetry",
        OUT / "reports/analytics",
        OUT / "logs",
    )
    for folder in (archives, analytics, logs):
        folder.mkdir(parents=True)
    keep = os.environ.get("KEEP") == "1"
    collector = Collector(OUT / "data", logs / "collector.log")
    try:
        url = collector.url
        say(f"collector   {url}  (pid {collector.pid}, data in {show(OUT / 'data')})")
        runs = [run for run in (send(*sender, logs) for sender in senders(url, archives)) if run]
        say_runs(runs)
        summary = etl(archives, analytics)
        say(f"archive     {summary['read']} lines read, {summary['accepted']} accepted, {summary['rejected']} rejected")
        stored = aggregate(url)
        say(f"stored      {stored} events answer the collector's aggregate query")
        faults = list(check(runs, stored))
        said = opt_out(url, collector.metrics_url, logs)
        if said is not None:
            faults += editor.check_stored(said, url)
            faults += editor.check_refusal(url, collector.metrics_url)
        (logs / "metrics.prom").write_bytes(fetch(collector.metrics_url))
        if not keep:
            collector.stop()
        if said is not None:
            left = list(editor.check_files(said, OUT))
            faults += left
            say(f"            of what came after it: {len(left)} faults in the store and all files")
        faults += leaks()
        say(f"report      {show(next(analytics.glob('*.json')))}")
        if keep:
            say(f"kept        {url} (stop it with: kill {collector.pid})")
    finally:
        if not keep:
            collector.stop()
    for fault in faults:
        say(f"FAILED      {fault}")
    say("demo: " + ("failed" if faults else "everything that was planted was found and removed"))
    return 1 if faults else 0


def senders(url: str, archives: pathlib.Path) -> Iterator[tuple[str, list[str]]]:
    """The three programs, each told where to send and what to plant."""
    planted = str(PLANTED)
    python = [
        str(BIN / "python"),
        "bindings-python/examples/send.py",
        url,
        planted,
        str(archives),
    ]
    yield "python", python
    yield "node", ["node", "bindings-node/examples/send.js", url, planted]
    yield (
        "dart",
        ["bindings-dart/tool/run.sh", "bindings-dart/example/send.dart", url, planted],
    )


def opt_out(url: str, metrics_url: str, logs: pathlib.Path) -> dict[str, Any] | None:
    """R4's scenario; returns what its program said, or nothing where there is no Dart VM."""
    state = OUT / "state"
    state.mkdir()
    # The program's folder for consent and spool is made here, so that it is searched too.
    said = send("editor", [*editor.COMMAND, url, str(PLANTED), metrics_url], logs, {"TMPDIR": str(state)})
    if said is not None:
        for line in editor.told(said):
            say(line)
    return said


def send(
    name: str, command: list[str], logs: pathlib.Path, more: dict[str, str] | None = None
) -> dict[str, Any] | None:
    """Runs one program with more variables; returns its closing JSON line, or nothing where its runtime is not here."""
    switches = ("DO_NOT_TRACK", "OTEL_SDK_DISABLED", "TELEMETRY_ENABLED")
    env = {key: value for key, value in os.environ.items() if key not in switches} | (more or {})
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=SENDER_TIMEOUT_S,
    )
    (logs / f"{name}.log").write_text(done.stdout + done.stderr)
    if done.returncode == NOT_AVAILABLE and name in DART:
        say(f"{name:12}skipped: " + done.stderr.strip().replace("\n", "\n            "))
        return None
    if done.returncode != 0:
        sys.exit(f"the {name} program failed; see {show(logs / f'{name}.log')}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def say_runs(runs: list[dict[str, Any]]) -> None:
    """One table: what each runtime sent and what became of it."""
    say(f"{'runtime':12}{'sent':>6}{'delivered':>11}{'refused':>9}  reasons, redactions by rule")
    for run in runs:
        stats = run["stats"]
        refused = {reason: n for reason, n in stats["dropped"].items() if n}
        counts = f"{run['sent']:>6}{stats['delivered']:>11}{sum(refused.values()):>9}"
        say(f"{run['runtime']:12}{counts}  {pairs(stats['violations'])}")
        say(f"{'':38}  {pairs(stats['redactions'])}")


def etl(archives: pathlib.Path, analytics: pathlib.Path) -> dict[str, Any]:
    """The aggregate report over the archive, by the command that users run."""
    command = [
        str(BIN / "scrubjay"),
        "etl",
        "--in",
        str(archives),
        "--out",
        str(analytics),
        "--json",
    ]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def aggregate(url: str) -> int:
    """Events that the collector's aggregate query counts over the last day."""
    answer = json.loads(fetch(f"{url}/api/v1/telemetry/metrics/aggregate?aggregation=count&consistency=now"))
    return sum(bucket["count"] for bucket in answer["buckets"])


def check(runs: list[dict[str, Any]], stored: int) -> Iterator[str]:
    """What must hold between the programs' ledgers and the collector's store."""
    for run in runs:
        stats = run["stats"]
        if stats["accepted"] != stats["delivered"] + stats["pending"] + sum(stats["dropped"].values()):
            yield f"{run['runtime']}: the books do not balance: {stats}"
        if not stats["redactions"] or not stats["violations"]:
            yield f"{run['runtime']}: nothing was scrubbed or refused: {stats}"
    delivered = sum(run["stats"]["delivered"] for run in runs)
    if stored != delivered:
        yield f"{delivered} records were delivered, {stored} are stored"


def leaks() -> Iterator[str]:
    """Every planted value that stands in any written file, as it is or in a common encoding."""
    forms = {}
    for name, value in json.loads(PLANTED.read_text()).items():
        spellings = {
            value,
            value.replace(" ", ""),
            urllib.parse.quote(value),
            json.dumps(value)[1:-1],
        }
        forms[name] = [spelling.encode() for spelling in spellings]
    files = [path for path in OUT.rglob("*") if path.is_file()]
    texts = {path: path.read_bytes() for path in files}
    for path, text in texts.items():
        yield from (
            f"{name} stands in {show(path)}" for name, spellings in forms.items() if any(s in text for s in spellings)
        )
    # The same search must find what is there, or finding nothing would mean nothing.
    if not any(b"[email]" in text for path, text in texts.items() if path.suffix in (".db", ".jsonl")):
        yield "the search finds no token either: it looks in the wrong place"
    say(f"searched    {len(files)} files ({sum(map(len, texts.values())):,} bytes) for {len(forms)} planted values")


def pairs(table: dict[str, int]) -> str:
    """`name n, name n`."""
    return ", ".join(f"{name} {n}" for name, n in sorted(table.items())) or "none"


def show(path: pathlib.Path) -> str:
    """A path as seen from the checkout."""
    return str(path.relative_to(ROOT))


def say(line: str) -> None:
    """One line of the demonstration."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
