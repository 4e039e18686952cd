"""The ETL of the installed Python package against others, for `make bench`: rows as JSON objects.

    etl.py ARCHIVE.jsonl

Each contender turns the same archive into Parquet, in a process of its own, on all cores; rounds are interleaved, and
starting and importing is not counted. Ours validates and scrubs each record and makes the aggregate report as well;
Polars does neither. Plain Python validates (`jsonschema`), counts, and does not scrub; it sees fewer events, as it
would take minutes otherwise. Wall time is what somebody waits for; CPU time is beside it, as wall time is worth little
on a machine that does something else.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from peers import ENVIRONMENT, installed

PEERS = {
    "polars": ["polars==2.1.0"],
    "plain python": ["pyarrow==26.0.1", "jsonschema==4.26.0"],
}

ROUNDS = 5
PLAIN_EVENTS = 4_000
MEMORY_BYTES = 2 << 30
"""The size at which memory is measured, and compared with that of an eighth of it."""
MEMORY_MB = 256

Figures = dict[str, float]


def main() -> int:
    """Installs what is missing, then measures in the environment that has it."""
    if len(sys.argv) > 2:
        print(json.dumps(measured(*sys.argv[1:4])))
        return 0
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        python = installed(PEERS)
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    archive = pathlib.Path(sys.argv[1])
    events = sum(1 for _ in archive.open("rb"))
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        folder = pathlib.Path(name)
        small = folder / "small.jsonl"
        with archive.open("rb") as whole:
            small.write_bytes(b"".join(next(whole) for _ in range(PLAIN_EVENTS)))
        against("polars", archive, events, folder)
        against("plain_python", archive, events, folder, small, PLAIN_EVENTS)
        memory(archive, folder)
    return 0


def against(
    peer: str, archive: pathlib.Path, events: int, folder: pathlib.Path, other: pathlib.Path | None = None, few: int = 0
) -> None:
    """Prints the rows for one peer; says why where it cannot be measured."""
    ours: list[Figures] = []
    theirs: list[Figures] = []
    for _ in range(ROUNDS):
        try:
            theirs.append(in_process(peer, other or archive, folder))
        except subprocess.CalledProcessError as error:
            print(f"etl_vs_{peer} left out: {error.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return
        ours.append(in_process("ours", archive, folder))
    for name, clock in ((f"etl_vs_{peer}", "wall"), (f"etl_vs_{peer}_cpu", "cpu")):
        our_time = statistics.median(each[clock] for each in ours) / events * 1e9
        their_time = statistics.median(each[clock] for each in theirs) / (few or events) * 1e9
        row(name, their_time / our_time, our_time, their_time, "ns/event")


def memory(archive: pathlib.Path, folder: pathlib.Path) -> None:
    """Prints the peak of memory for a large archive, and how it grows with the archive's size."""
    peaks = []
    for size in (MEMORY_BYTES // 8, MEMORY_BYTES):
        large = folder / "large.jsonl"
        with large.open("wb") as out:
            while out.tell() < size:
                with archive.open("rb") as part:
                    shutil.copyfileobj(part, out)
        peaks.append(in_process("ours", large, folder)["peak_mb"])
        large.unlink()
    row("etl_memory", peaks[1] / MEMORY_MB, peaks[1], MEMORY_MB, "MB at 2 GiB")
    row("etl_memory_growth", peaks[1] / peaks[0], peaks[1], peaks[0], "MB, 8 x the size")


def row(name: str, ratio: float, ours: float, theirs: float, unit: str) -> None:
    """Prints one row."""
    print(json.dumps({"name": name, "ratio": ratio, "ours": ours, "theirs": theirs, "unit": unit}), flush=True)


def in_process(contender: str, archive: pathlib.Path, folder: pathlib.Path) -> Figures:
    """What one run of a contender takes."""
    out = folder / "out"
    out.mkdir()
    command = [sys.executable, __file__, contender, str(archive), str(out)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    shutil.rmtree(out)
    figures: Figures = json.loads(done.stdout)
    return figures


def measured(contender: str, archive: str, out: str) -> Figures:
    """Runs a contender in this process."""
    run = {"ours": ours, "polars": polars, "plain_python": plain_python}[contender]()
    wall, cpu = time.perf_counter(), time.process_time()
    run(archive, out)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


Run = Callable[[str, str], Any]


def ours() -> Run:
    """Validates, scrubs, aggregates, writes Parquet by day and channel."""
    from scrubjay import etl

    return lambda archive, out: etl.run(archive, out, records="parquet")


def polars() -> Run:
    """Reads and writes, with the compression that is Polars' default (zstd) and its inferred columns."""
    import polars

    # The corpus has events of several kinds: fewer rows would not show all their columns.
    return lambda archive, out: polars.scan_ndjson(archive, infer_schema_length=1_000).sink_parquet(f"{out}/o.parquet")


def plain_python() -> Run:
    """`json`, `jsonschema` and `pyarrow`, as a script would use them."""
    import jsonschema
    import pyarrow
    from pyarrow import parquet
    from scrubjay import _native

    schema = json.loads(_native.schemas())["telemetry_event_v1"]
    validator = jsonschema.Draft202012Validator(schema)

    def run(archive: str, out: str) -> None:
        counts: Counter[tuple[str, str]] = Counter()
        rows: list[dict[str, Any]] = []
        with open(archive, encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if not validator.is_valid(record):
                    counts["rejected", ""] += 1
                    continue
                counts[record["channel"], record["event"]] += 1
                rows.append({**record, "payload": json.dumps(record["payload"])})
        parquet.write_table(pyarrow.Table.from_pylist(rows), f"{out}/o.parquet", compression="zstd")
        pathlib.Path(out, "report.json").write_text(json.dumps([[*name, count] for name, count in counts.items()]))

    return run


if __name__ == "__main__":
    sys.exit(main())
