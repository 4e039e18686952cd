"""Records as the native module walks them end as the same bytes as their JSON text.

Values of every kind, and the inputs of all conformance vectors.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import types
import uuid
from collections import OrderedDict, UserDict, namedtuple
from typing import Any

import pytest
from test_vectors import VECTORS

from scrubjay import _native
from scrubjay._json import octets, plain

STAMP = json.dumps({"now": "2026-01-02T03:04:05Z", "random": "00" * 10})
ENGINE = _native.Engine()

Pair = namedtuple("Pair", "left right")


class Colour(enum.Enum):
    """Of values that are no strings."""

    RED = "red"
    SHARE = decimal.Decimal("0.10")
    NESTED = ({"a": [1]},)


class Level(enum.IntEnum):
    """A number that prints as its name."""

    HIGH = 3


class Word(str, enum.Enum):
    """A string that prints as its name."""

    YES = "yes"


class Renamed(dict[str, Any]):
    """Means something else by its items than it holds."""

    def items(self) -> Any:
        return [("other", 1)]


class Share(float):
    """Prints as something else than a number."""

    def __repr__(self) -> str:
        return "a share"


VALUES: list[Any] = [
    *[None, True, False, 0, 1, 127, 128, -1, 2**31 - 1, -(2**31), 2**31, 2**63 - 1, -(2**63), 2**63, 2**64, -(10**40)],
    *[0.0, -0.0, 1.0, 0.1, -1.5, 1e-4, 1e-5, 1e15, 1e16, 1e22, 123456789.123, 5e-324, 1.7976931348623157e308],
    *[float("nan"), float("inf"), float("-inf")],
    *["", "a", '"', "\\", "\n\x01\x7f", "é", "x" * 255, "x" * 256, "é" * 200, "😀", "\ud800", "a\udc00b", "\u2028"],
    *[[], {}, [[]], (), (1, "a"), [1, [2, [3]]], {"a": {"b": {}}}, {"": 1, 'é"': 2, "\ud800": 3, "x" * 300: 4}],
    *[{2: "a", True: "b", None: "c", 1.5: "d", float("nan"): "e", 1e16: "f", 2**70: "g"}, {Level.HIGH: 1, Word.YES: 2}],
    *[Level.HIGH, Word.YES, Colour.RED, Colour.SHARE, Colour.NESTED, Share(0.5), Pair(1, "b")],
    *[OrderedDict(b=1, a=2), Renamed(a=1), Renamed(), UserDict(a=1), types.MappingProxyType({"a": 1})],
    *[decimal.Decimal("1.50"), uuid.UUID(int=7), datetime.date(2026, 1, 2), datetime.time(3, 4)],
    *[datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), datetime.datetime(2026, 1, 2)],
]


def same(record: Any, engine: _native.Engine = ENGINE, stamp: str | None = STAMP) -> str:
    captured = engine.process_captured(record, plain, stamp)
    assert captured == engine.process(octets([record])[1:-1], stamp), record
    return captured


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_of_any_kind_is_captured_as_its_json_text_says(value: Any) -> None:
    same({"channel": "app", "event": "login", "payload": {"value": value}})
    same({"channel": "app", "event": "login", "payload": [value, (value,)]})
    same(value)


def test_every_vector_that_python_can_hold_gives_the_same_outcome_captured() -> None:
    cases = 0
    for path in sorted(VECTORS.rglob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        config = file["config"] if isinstance(file["config"], str) else json.dumps(file["config"])
        for case in file["cases"]:
            if case.get("call", "process") != "process" or "input" not in case:
                continue
            try:
                record = json.loads(case["input"])
            except (ValueError, RecursionError):
                # No host can hold what is no JSON.
                continue
            stamp = json.dumps(case["stamp"]) if "stamp" in case else None
            engine = _native.Engine(config)
            outcome = same(record, engine, stamp)
            # Unlike the text that the vector has: repeated names, escapes and 1.50 are gone.
            if octets([record])[1:-1] == case["input"].strip().encode():
                assert outcome == case["outcome"], f"{path.relative_to(VECTORS)}: {case['name']}"
            cases += 1
    assert cases > 100


def test_a_dict_that_changes_while_it_is_walked_harms_nobody() -> None:
    record: dict[str, Any] = {}

    class Meddling(enum.Enum):
        ONE = 1

        @property
        def value(self) -> Any:
            record.clear()
            record.update({str(i): "x" * 100 for i in range(50)})
            return "meddled"

    for _ in range(100):
        record.clear()
        record.update({"a": Meddling.ONE, "b": "c" * 50, "d": [Meddling.ONE, 1, 2]})
        ENGINE.process_captured(record, plain, STAMP)


def test_a_value_that_stands_for_itself_ends() -> None:
    class Same:
        pass

    with pytest.raises(RecursionError):
        ENGINE.process_captured(Same(), lambda value: value)
