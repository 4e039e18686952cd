"""What data people take as a table: Arrow, pandas, Polars and DuckDB read it.

Needs pyarrow (extra `arrow`), pandas or Polars where their form is asked for; rows themselves need nothing.
"""

from __future__ import annotations

import abc
import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, overload

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

#: Columns that are moments: they become microseconds in UTC, as the records' text has them.
_MOMENTS: Final = ("timestamp", "start")


class Table(abc.ABC):
    """Whatever speaks Arrow's PyCapsule protocol, in the forms that data people ask for.

    A missing package is a ModuleNotFoundError that says what to install.
    """

    @abc.abstractmethod
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule protocol: `duckdb`, `polars.DataFrame(table)` and others read the columns as they are."""

    def to_arrow(self) -> pyarrow.Table:
        """A `pyarrow.Table`. Needs the extra `arrow`."""
        return _needed("pyarrow", "arrow").table(self)

    def to_pandas(self) -> pandas.DataFrame:
        """A `pandas.DataFrame`. Needs the extra `pandas`."""
        _needed("pandas", "pandas")
        return self.to_arrow().to_pandas()

    def to_polars(self) -> polars.DataFrame:
        """A `polars.DataFrame`. Needs the extra `polars`."""
        frame: polars.DataFrame = _needed("polars", "polars").DataFrame(self)
        return frame


class Rows(Table, Sequence[dict[str, Any]]):
    """Rows in order. All frames made of it have the same columns: those of the rows, in the order of first sight.

    No list: those who speak Arrow's protocol look whether they have one before they ask whether it speaks, too.
    """

    def __init__(self, rows: Iterable[dict[str, Any]] = ()) -> None:
        self._rows = list(rows)

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | Rows:
        return Rows(self._rows[at]) if isinstance(at, slice) else self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == (other._rows if isinstance(other, Rows) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Rows({self._rows!r})"

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule protocol. Needs the extra `arrow`."""
        pyarrow = _needed("pyarrow", "arrow")
        names = list(dict.fromkeys(name for row in self for name in row))
        columns = [_column(pyarrow, name, [row.get(name) for row in self]) for name in names]
        return pyarrow.table(columns, names=names).__arrow_c_stream__(requested_schema)


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a row: members of objects become columns, such as `payload.ms` and `context.ip_address`."""
    row: dict[str, Any] = {}
    # By hand and in order: records are 16 levels deep at most, but that is not this function's to know.
    waiting: list[tuple[str, Any]] = [(name, value) for name, value in reversed(list(record.items()))]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping) and value:
            waiting.extend((f"{name}.{inner}", below) for inner, below in reversed(list(value.items())))
        else:
            row[name] = value
    return row


def rows_of(records: Iterable[Mapping[str, Any]]) -> Rows:
    """Records, such as those of an archive, as rows."""
    return Rows(flat(record) for record in records)


def _column(pyarrow: Any, name: str, values: list[Any]) -> Any:
    if name in _MOMENTS and all(value is None or isinstance(value, str) for value in values):
        moments = [
            None if value is None else datetime.datetime.fromisoformat(value[:-1] + "+00:00") for value in values
        ]
        return pyarrow.array(moments, pyarrow.timestamp("us", tz="UTC"))
    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, OverflowError):
        pass
    # Hosts write what they like under one name: numbers stay numbers, everything else becomes JSON text.
    if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
        return pyarrow.array([None if value is None else float(value) for value in values])
    return pyarrow.array(
        [
            value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values
        ]
    )


def _needed(module: str, extra: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ModuleNotFoundError(f'this form needs {module}: pip install "scrubjay[{extra}]"', name=module) from None
