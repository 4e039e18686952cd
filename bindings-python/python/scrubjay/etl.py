"""Archives into records as Parquet or JSON Lines, and the aggregate report (R0's `make telemetry-etl`).

The engine does the work; this module names it.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypedDict, cast

from scrubjay import _native
from scrubjay._json import config_text
from scrubjay._types import Config
from scrubjay.router import ARCHIVES
from scrubjay.tables import Table, _needed

if TYPE_CHECKING:
    import duckdb

#: Where results are written unless said otherwise (R0).
REPORTS: Final = "reports/analytics"
#: The aggregate report's file name.
REPORT: Final = "telemetry_report.json"
#: The folder of records among the results.
RECORDS: Final = "records"
#: Standard input as a source.
STANDARD_INPUT: Final = "-"
#: What archives in a folder are called. What a file is, its first bytes say.
_ENDINGS: Final = tuple(f".{kind}{packed}" for kind in ("jsonl", "ndjson") for packed in ("", ".gz", ".zst"))

Source = str | os.PathLike[str]
Format = Literal["none", "jsonl", "parquet"]


class Unreadable(TypedDict):
    """An archive that could not be read to its end."""

    path: str
    reason: str


class Summary(TypedDict):
    """What one run read. The report counts all runs since the first or the last rebuild."""

    report: str
    page: str
    """The report as one page of HTML."""
    files: int
    """Archives that had something new."""
    unchanged: int
    """Archives that had nothing new."""
    bytes: int
    """Read of files, as they are on disk."""
    read: int
    """Records: whole lines that are not blank."""
    accepted: int
    rejected: int
    dropped: int
    torn: int
    """Last lines that a writer had not finished. They count nowhere else, and the next run reads them."""
    dead_letters: int
    """Lines in the router's `_rejected.jsonl`, which is no archive: their records were never accepted."""
    parts: int
    """Files of records that were written."""
    quarantine: str | None
    """The file of this run's rejected lines, scrubbed, with archive, offset and reasons."""
    unreadable: list[Unreadable]


def run(
    source: Source | Iterable[Source] = ARCHIVES,
    target: str | Path = REPORTS,
    config: Config = None,
    *,
    records: Format = "none",
    rebuild: bool = False,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Summary:
    """Reads what is new in archives, and brings the results in `target` up to date.

    Sources are files, folders (every `*.jsonl` and `*.ndjson` below them, with `.gz` or `.zst`), patterns such as
    `logs/**/*.jsonl`, and `-` for standard input, of which nothing is remembered. The results are the aggregate report
    (`telemetry_report.json` and `.html`), `quarantine/rejected-….jsonl` for lines that are not accepted, and with
    `records` the accepted ones, as `records/day=…/channel=…/part-….parquet` or `.jsonl`.

    All of a run counts or nothing: a run that is killed or fails is as if it had not been. What was read is remembered
    by file, size and beginning, so a run may be repeated, and archives may grow, be renamed and be packed. `rebuild`
    forgets that and replaces all results. Memory does not grow with the archives. `workers` is one a core by default.
    `progress` is told how many bytes were read since it was told last. What is missing or may not be read, archive or
    folder, is named in the summary's `unreadable` and costs nothing else.

    Raises FileNotFoundError where there is nothing at any `source`, PermissionError where a folder without archives
    may not be listed, and `ScrubjayError`: `store_unavailable` where another ETL writes to `target` or the disk
    refuses, `config_invalid` or `config_unknown_key` for a wrong configuration.
    """
    options = {
        "archives": [os.fspath(archive) for archive in archives(source, besides=target, name_missing=True)],
        "target": os.fspath(target),
        "format": records,
        "rebuild": rebuild,
        "workers": workers,
    }
    told = 0

    def tell(total: int) -> None:
        nonlocal told
        if progress is not None and total > told:
            progress(total - told)
        told = total

    summary = cast(Summary, json.loads(_native.etl(config_text(config), json.dumps(options), tell)))
    tell(summary["bytes"])
    return summary


def archives(
    source: Source | Iterable[Source], *, besides: Source | None = None, name_missing: bool = False
) -> list[Path]:
    """The archives at `source`, each once, in the order of their paths, without those below the folder `besides`.

    Raises FileNotFoundError where a source is missing, and PermissionError where a folder may not be listed. With
    `name_missing` only where no archive is left; otherwise what is missing stands in the list, for whoever opens it to
    name.
    """
    found: dict[Path, None] = {}
    missing: list[Path] = []
    for one in [source] if isinstance(source, (str, os.PathLike)) else source:
        path = Path(one)
        if path.is_dir():
            found.update(dict.fromkeys(sorted(_below(path, missing))))
        elif os.fspath(one) == STANDARD_INPUT or path.exists():
            found[path] = None
        elif matching := [Path(name) for name in sorted(glob.glob(os.fspath(one), recursive=True))]:  # noqa: PTH207
            found.update(dict.fromkeys(file for file in matching if file.is_file()))
        else:
            missing.append(path)
    if missing and not (name_missing and found):
        path = missing[0]
        if path.is_dir():
            raise PermissionError(f"{path}: may not be listed; let this user read the folder")
        raise FileNotFoundError(f"{path}: no such file or folder; a TelemetryRouter writes archives to {ARCHIVES}")
    found.update(dict.fromkeys(missing))
    if besides is None:
        return list(found)
    results = Path(besides).resolve()
    return [path for path in found if results not in path.resolve().parents]


def _below(folder: Path, unlisted: list[Path]) -> Iterator[Path]:
    """The archives below a folder, in no order; folders that may not be listed are put into `unlisted`."""

    def name(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            unlisted.append(Path(error.filename))

    for place, _, files in os.walk(folder, onerror=name):
        yield from (path for file in files if file.endswith(_ENDINGS) and (path := Path(place, file)).is_file())


def to_parquet(lines: bytes | str, config: Config = None) -> bytes:
    """The accepted records of JSON Lines, validated and scrubbed, as one Parquet file."""
    return _native.to_parquet(config_text(config), lines)


class Records(Table):
    """The accepted records of archives, validated and scrubbed, for data frames.

    Nothing is read before it is asked for, and each time from the beginning. Columns are `schema id timestamp tenant_id
    user_id session_id sample_rate context channel event payload`; `context` and `payload` are JSON texts. Whatever
    speaks Arrow's PyCapsule protocol takes it as it is: `polars.DataFrame(records)`, `pyarrow.table(records)`.
    """

    def __init__(self, source: Source | Iterable[Source] = ARCHIVES, config: Config = None) -> None:
        self._archives = archives(source)
        self._config = config_text(config)
        # Refuses a wrong configuration here, and not in the middle of somebody else's conversion.
        self._stream()

    def _stream(self) -> _native.ArrowStream:
        return _native.ArrowStream(self._config, self._archives)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule protocol."""
        return self._stream().__arrow_c_stream__(requested_schema)


def open_duckdb(target: str | Path = REPORTS) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory whose view `records` is the Parquet that `run(…, records="parquet")` wrote to `target`.

    Needs the extra `duckdb`. Raises FileNotFoundError where there is no Parquet.
    """
    module = _needed("duckdb", "duckdb")
    folder = Path(target) / RECORDS
    if not any(folder.glob("*/*/*.parquet")):
        raise FileNotFoundError(f"{folder}: no Parquet here; `scrubjay etl --records parquet` writes it")
    connection: duckdb.DuckDBPyConnection = module.connect()
    # A view takes no parameters. What stands in folders' names is text where we say so: a channel `2026` is no number.
    files = f"{glob.escape(str(folder))}/*/*/*.parquet".replace("'", "''")
    types = "hive_partitioning = true, hive_types = {'day': DATE, 'channel': VARCHAR}"
    connection.execute(f"CREATE VIEW records AS SELECT * FROM read_parquet('{files}', {types})")  # noqa: S608
    return connection
