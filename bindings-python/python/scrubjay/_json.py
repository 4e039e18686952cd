"""Writes host values as JSON text for the engine, which alone judges them."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from scrubjay._types import Config, Record


class UnwritableError(TypeError):
    """A value that JSON cannot hold. The message names its type, never the value."""


def plain(value: object) -> object:
    """What JSON has no word for, in the form that the engine expects."""
    # A naive time keeps no offset: the engine rejects it rather than guess a zone.
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    # Rare, and not worth their import time at every start.
    import decimal
    import enum
    import uuid

    if isinstance(value, enum.Enum):
        return value.value
    # A decimal is text so that no digit is lost on the way through binary fractions.
    if isinstance(value, uuid.UUID | decimal.Decimal):
        return str(value)
    raise UnwritableError(f"a value of type {type(value).__name__} cannot be written as JSON")


_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=plain)


def octets(value: Record | list[Any]) -> bytes:
    """The UTF-8 JSON text of `value`; text and bytes are taken as such text already.

    NaN, half surrogates and repeated keys go through as they are: the engine has a verdict for each. Raises
    TypeError, ValueError or RecursionError for what JSON cannot hold (sets, bytes, cycles, …), and whatever the
    value's own methods raise.
    """
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else _COMPACT.encode(value)
    return text.encode("utf-8", "surrogatepass")


def config_text(config: Config) -> str:
    """The JSON text of a configuration."""
    if config is None:
        return "{}"
    return config if isinstance(config, str) else _COMPACT.encode(config)


_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def members(text: str) -> dict[str, str]:
    """The members of a JSON object, each value as the exact text in which it stands.

    Reading a value and writing it again would lose digits of numbers. Raises ValueError where `text` is not one
    JSON object, and RecursionError where it is nested beyond what the interpreter reads.
    """
    found: dict[str, str] = {}
    index = _past("{", text, 0)
    if text[index : index + 1] == "}":
        index += 1
    else:
        while True:
            key, index = _DECODER.raw_decode(text, _space(text, index))
            if not isinstance(key, str):
                raise ValueError("expected a key")
            start = _past(":", text, index)
            index = _DECODER.raw_decode(text, start)[1]
            found[key] = text[start:index]
            index = _space(text, index)
            if text[index : index + 1] != ",":
                break
            index += 1
        index = _past("}", text, index)
    if _space(text, index) != len(text):
        raise ValueError("something follows the JSON object")
    return found


def value_at(text: str, name: str) -> int:
    """Where the value of a member begins in an object of the engine's, whose text has no white space.

    What follows is not read. Raises ValueError where there is no such member.
    """
    index = 1
    while True:
        key, index = _DECODER.raw_decode(text, index)
        if key == name:
            return index + 1
        index = _DECODER.raw_decode(text, index + 1)[1] + 1


def value_of(text: str, name: str) -> Any:
    """The value of a member of an object of the engine's. Raises as `value_at`."""
    return _DECODER.raw_decode(text, value_at(text, name))[0]


def elements(text: str) -> list[tuple[int, str]]:
    """The elements of a JSON array: where each starts, and the exact text in which it stands. Raises as `members`."""
    found: list[tuple[int, str]] = []
    index = _past("[", text, 0)
    if text[index : index + 1] != "]":
        while True:
            start = _space(text, index)
            index = _DECODER.raw_decode(text, start)[1]
            found.append((start, text[start:index]))
            index = _space(text, index)
            if text[index : index + 1] != ",":
                break
            index += 1
    index = _past("]", text, index)
    if index != len(text):
        raise ValueError("something follows the JSON array")
    return found


def _space(text: str, index: int) -> int:
    match = _SPACE.match(text, index)
    return match.end() if match else index


def _past(mark: str, text: str, index: int) -> int:
    """The place after `mark` and the white space around it."""
    index = _space(text, index)
    if text[index : index + 1] != mark:
        raise ValueError(f"expected {mark} at character {index}")
    return _space(text, index + 1)
