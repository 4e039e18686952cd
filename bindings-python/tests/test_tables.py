"""Rows as Arrow, pandas, Polars and DuckDB tables, with the real packages."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import duckdb
import polars
import pyarrow
import pytest

from scrubjay import TelemetryRouter, replay
from scrubjay.tables import Rows, flat, rows_of

RECORDS: list[dict[str, Any]] = [
    {"timestamp": "2026-01-02T03:04:05.000006Z", "event": "a", "payload": {"ms": 1, "odd": 1}},
    {"timestamp": "2026-01-02T03:04:06.000000Z", "event": "b", "payload": {"ms": 2.5, "odd": "x"}},
    {"timestamp": "2026-01-02T03:04:07.000000Z", "event": "c", "payload": {"tags": ["x", "y"], "odd": True}},
]


def test_an_arrow_table_has_typed_columns_and_nulls() -> None:
    table = rows_of(RECORDS).to_arrow()
    assert table.column_names == ["timestamp", "event", "payload.ms", "payload.odd", "payload.tags"]
    assert str(table.schema.field("timestamp").type) == "timestamp[us, tz=UTC]"
    assert table["timestamp"][0].value == 1_767_323_045_000_006
    assert table["payload.ms"].to_pylist() == [1.0, 2.5, None]
    assert table["payload.odd"].to_pylist() == ["1", "x", "true"]
    assert table["payload.tags"].to_pylist() == [None, None, ["x", "y"]]


def test_integers_keep_all_their_digits() -> None:
    assert Rows([{"n": 2**63 - 1}]).to_arrow()["n"].to_pylist() == [2**63 - 1]


def test_pandas_and_polars_frames_have_the_same_rows() -> None:
    rows = rows_of(RECORDS)
    assert list(rows.to_pandas()["event"]) == ["a", "b", "c"]
    assert rows.to_polars()["payload.ms"].to_list() == [1.0, 2.5, None]


def test_who_speaks_arrow_s_protocol_reads_rows_as_they_are() -> None:
    rows = rows_of(RECORDS)
    assert pyarrow.table(rows).num_rows == polars.DataFrame(rows).height == 3
    assert duckdb.from_arrow(rows.to_arrow()).aggregate('max("payload.ms")').fetchall() == [(2.5,)]


def test_no_rows_are_an_empty_table() -> None:
    assert Rows().to_arrow().num_rows == 0


def test_an_archive_becomes_a_frame(tmp_path: Path) -> None:
    with TelemetryRouter(tmp_path) as router:
        for n in range(3):
            router.track("app", "step", {"n": n})
    assert rows_of(replay(tmp_path)).to_polars()["payload.n"].sum() == 3


def test_an_empty_object_stays_a_value() -> None:
    assert flat({"a": {}, "b": {"c": {}}}) == {"a": {}, "b.c": {}}


def test_a_missing_package_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "scrubjay\[arrow\]"'):
        Rows().to_arrow()
