"""`make bench`: the engine and its packages against peers, in one run and on the same events.

    run.py [GROUP…]

Groups are `engine`, `python`, `node`, `client`, `store`, `dart`, `etl`, `collector` and `dashboard`; none means all.
Prints one table and keeps the figures in `target/bench.json`, an object from name to `{ratio, ours, theirs, unit}`; a
run of one group leaves the others' figures as they were. Figures are CPU time; ratios are what counts, as a machine's
speed drifts. A bar that is missed is marked and is no failure; exits 1 where a group could not run.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
RESULT = ROOT / "target/bench.json"
EVENTS = ROOT / "target/bench/events.jsonl"

EVENT_COUNT = 500
"""What the peers of other runtimes get to see."""

ARCHIVE = ROOT / "target/bench/archive.jsonl"
ARCHIVE_EVENTS = 200_000
"""Some 150 MB: seconds for a parallel reader, and more than caches hold."""

AT_LEAST, AT_MOST = "≥", "≤"

BARS: dict[str, dict[str, tuple[str, float] | None]] = {
    "engine": {
        "engine_vs_parse": (AT_LEAST, 0.35),
        "engine_vs_parse_portable": (AT_LEAST, 0.2),
        "engine_vs_serde_tree": None,
        "engine_vs_naive": (AT_LEAST, 15),
        "engine_linear": (AT_MOST, 1.3),
        "engine_linear_hostile": (AT_MOST, 4),
        "engine_allocations": (AT_MOST, 0),
    },
    "python": {
        "engine_vs_presidio": (AT_LEAST, 500),
        "engine_vs_scrubadub": (AT_LEAST, 500),
        # As it is by default, a line written before `track` returns; and as it is where the host asks for a buffer.
        "router_vs_logging": (AT_LEAST, 8),
        "router_vs_python_json_logger": None,
        "router_buffered_vs_logging": None,
        "python_import_ms": (AT_MOST, 1),
    },
    "node": {"node_vs_redact_pii": (AT_LEAST, 20)},
    "client": {
        "rust_track_vs_otel": (AT_LEAST, 3),
        "python_track_vs_otel": (AT_LEAST, 40),
        "python_track_checked_vs_otel": (AT_LEAST, 12),
        "python_track_vs_posthog": (AT_LEAST, 150),
        "python_track_vs_structlog_json": (AT_LEAST, 30),
        "node_track_vs_otel": (AT_LEAST, 2.5),
        "node_track_checked_vs_otel": (AT_LEAST, 1),
        "node_track_vs_pino": (AT_LEAST, 8),
        # What a host's thread pays with ours in place of their own transport or exporter; and of one that does nothing.
        "node_pino_transport": (AT_MOST, 1.2),
        "node_otel_logs_bridge": (AT_MOST, 1.2),
        "node_otel_spans_bridge": (AT_MOST, 1.2),
        "node_otel_logs_bridge_vs_nowhere": None,
        "node_otel_spans_bridge_vs_nowhere": None,
        # What follows is compared with no peer but with what it has to reach; the 99th percentile with the median.
        "worker_records_per_s": (AT_LEAST, 1),
        "client_track_p99": (AT_MOST, 20),
        "client_first_track": (AT_MOST, 1),
        "client_idle_memory": (AT_MOST, 1),
    },
    # All but the first are compared with what they have to reach, in their unit; the naive table stands beside them.
    "store": {
        # Without HTTP; with it: `durable_vs_sqlite` of the group `collector`.
        "acknowledge_vs_sqlite": None,
        "indexer_rows_per_s": (AT_LEAST, 80_000),
        "bytes_per_row": (AT_MOST, 400),
        "aggregate_1m": (AT_MOST, 60),
        "aggregate_1m_all_series": (AT_MOST, 1_000),
        "aggregate_1m_asked_again": None,
        "delete_user": (AT_MOST, 1_000),
        "drop_day": (AT_MOST, 20),
    },
    # Against what they have to reach, in microseconds, on whichever Dart VM there is.
    "dart": {
        "dart_track": (AT_MOST, 1),
        "dart_track_scrubbed": (AT_MOST, 1),
        "dart_track_p999": (AT_MOST, 1),
    },
    "etl": {
        "etl_vs_polars": (AT_LEAST, 0.5),
        "etl_vs_polars_cpu": None,
        "etl_vs_plain_python": (AT_LEAST, 20),
        "etl_vs_plain_python_cpu": None,
        "etl_memory": (AT_MOST, 1),
        "etl_memory_growth": (AT_MOST, 1.3),
    },
    "collector": {
        "ingest_vs_discard": (AT_LEAST, 0.35),
        "ingest_vs_conventional": (AT_LEAST, 15),
        "durable_vs_discard": None,
        # Until the acknowledgement, and with the indexing behind it.
        "durable_vs_sqlite": (AT_LEAST, 4),
        "indexed_vs_sqlite": None,
        "slow_loris_p99": (AT_MOST, 2),
        "noisy_neighbour_p99": (AT_MOST, 2),
    },
    # A million stored events, against what it has to reach; what the clock says on a busy machine is the machine's.
    "dashboard": {
        "dashboard_first_paint": (AT_MOST, 1),
        "dashboard_all_panels": None,
        "dashboard_interaction_worst": (AT_MOST, 1),
        "dashboard_interaction_median": None,
    },
}
"""Names by group, with the figure that each is to reach."""

# The pure engine, as phones link it; `twin` lets the bench force the portable scan.
CARGO_BENCH = ["cargo", "bench", "--quiet", "--locked", "-p", "scrubjay-core", "--no-default-features"]
CARGO_BENCH += ["--features", "twin"]

CARGO_BENCH_CLIENT = ["cargo", "bench", "--quiet", "--locked", "-p", "scrubjay-core", "--no-default-features"]
CARGO_BENCH_CLIENT += ["--features", "client"]

CARGO_BENCH_STORE = ["cargo", "bench", "--quiet", "--locked", "-p", "scrubjay-core", "--no-default-features"]
CARGO_BENCH_STORE += ["--features", "store"]

Rows = dict[str, dict[str, object]]


def main() -> int:
    """Runs the groups, prints the table; returns the exit code."""
    groups = sys.argv[1:] or list(BARS)
    if unknown := [group for group in groups if group not in BARS]:
        print(f"no such group: {', '.join(unknown)}; there are {', '.join(BARS)}", file=sys.stderr)
        return 2
    EVENTS.parent.mkdir(parents=True, exist_ok=True)
    rows: Rows = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    rows = {name: row for name, row in rows.items() if not any(name in BARS[group] for group in groups)}
    failed = []
    if {"python", "node", "collector"} & set(groups):
        command = [*CARGO_BENCH, "--bench", "engine", "--", "events", str(EVENT_COUNT)]
        EVENTS.write_bytes(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    if "etl" in groups and not ARCHIVE.exists():
        command = [*CARGO_BENCH, "--bench", "engine", "--", "events", str(ARCHIVE_EVENTS)]
        with ARCHIVE.open("wb") as archive:
            subprocess.run(command, cwd=ROOT, check=True, stdout=archive)
    sqlite = [*CARGO_BENCH_STORE, "--bench", "store", "--", "sqlite"]
    commands = {
        "engine": [[*CARGO_BENCH, "--bench", "engine"], [*CARGO_BENCH, "--bench", "allocations"]],
        "python": [
            [sys.executable, str(HERE / "peers.py"), str(EVENTS)],
            [sys.executable, str(HERE / "router.py")],
            [sys.executable, str(HERE / "imports.py")],
        ],
        "node": [["node", str(HERE / "peers.js"), str(EVENTS)]],
        "client": [
            [*CARGO_BENCH_CLIENT, "--bench", "client"],
            [sys.executable, str(HERE / "client.py")],
            ["node", str(HERE / "client.js")],
            ["node", str(HERE / "bridges.js")],
        ],
        "store": [[*CARGO_BENCH_STORE, "--bench", "store"]],
        "dart": [[str(ROOT / "bindings-dart/tool/run.sh"), str(ROOT / "bindings-dart/bench/client.dart")]],
        "etl": [[sys.executable, str(HERE / "etl.py"), str(ARCHIVE)]],
        "collector": [["node", str(HERE / "collector/run.js"), str(EVENTS), *sqlite]],
        "dashboard": [["node", str(HERE / "collector/dashboard.js")]],
    }
    # The library that the VM loads is built as the other packages are.
    os.environ.setdefault("SCRUBJAY_PROFILE", "release")
    for group in groups:
        for command in commands[group]:
            done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
            for line in done.stdout.splitlines():
                if line.startswith("{"):
                    row = json.loads(line)
                    rows[row.pop("name")] = row
            if done.returncode != 0:
                failed.append(f"{' '.join(command)}: exit {done.returncode}")
    RESULT.write_text(json.dumps(rows, indent=2) + "\n")
    print_table(groups, rows)
    for line in failed:
        print(f"failed: {line}", file=sys.stderr)
    return 1 if failed else 0


def print_table(groups: list[str], rows: Rows) -> None:
    """One line a name; `missed` behind what does not reach its bar."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{os.cpu_count()} processors, load {load}")
    print(f"{'name':31} {'ratio':>9} {'ours':>11} {'theirs':>11}  {'unit':18} bar")
    for group in groups:
        for name, bar in BARS[group].items():
            if name not in rows:
                print(f"{name:31} {'-':>9} {'-':>11} {'-':>11}  {'not measured':18} {shown(bar)}")
                continue
            ratio, ours, theirs, unit = (rows[name][key] for key in ("ratio", "ours", "theirs", "unit"))
            verdict = "" if reaches(float(str(ratio)), bar) else "  missed"
            print(f"{name:31} {ratio:9.3f} {ours:11.2f} {theirs:11.2f}  {unit!s:18} {shown(bar)}{verdict}")


def shown(bar: tuple[str, float] | None) -> str:
    """A bar as text."""
    return "none" if bar is None else f"{bar[0]} {bar[1]:g}"


def reaches(ratio: float, bar: tuple[str, float] | None) -> bool:
    """Whether `ratio` is on the right side of its bar."""
    if bar is None:
        return True
    return ratio >= bar[1] if bar[0] == AT_LEAST else ratio <= bar[1]


if __name__ == "__main__":
    sys.exit(main())
