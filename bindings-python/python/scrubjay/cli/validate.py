"""`scrubjay validate`: the verdict on each record, in order, with the line on which it starts."""

from __future__ import annotations

import collections
import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Final

import typer

from scrubjay import Engine, Outcome
from scrubjay._json import elements
from scrubjay._lines import Source, whole_lines
from scrubjay.cli.common import complain, emit

#: One JSON document has the size of a batch at most (4 MiB); anything larger is read as lines.
_MAX_DOCUMENT_BYTES: Final = 4 << 20
_COLOURS: Final = {"accepted": typer.colors.GREEN, "rejected": typer.colors.RED, "dropped": typer.colors.YELLOW}


def run(engine: Engine, source: Source, name: str, *, as_json: bool, quiet: bool) -> bool:
    """Prints the verdicts; whether all records were accepted."""
    statuses: collections.Counter[str] = collections.Counter()
    for line, record in records(source):
        outcome = engine.process(record)
        statuses[outcome["status"]] += 1
        if quiet and outcome["status"] == "accepted":
            continue
        if as_json:
            emit(_json_verdict(line, outcome))
        else:
            _print_verdict(f"{'<stdin>' if name == '-' else name}:{line}", outcome)
    total = statuses.total()
    if not as_json:
        parts = ", ".join(f"{statuses[status]} {status}" for status in _COLOURS)
        complain(f"{total} record{'' if total == 1 else 's'}: {parts}")
    return statuses["accepted"] == total


def _json_verdict(line: int, outcome: Outcome) -> str:
    verdict = {"line": line} | {name: value for name, value in outcome.items() if name != "record"}
    return json.dumps(verdict, ensure_ascii=False) + "\n"


def _print_verdict(place: str, outcome: Outcome) -> None:
    status = outcome["status"]
    typer.echo(f"{place}: {typer.style(status, fg=_COLOURS[status])}")
    for violation in outcome["violations"]:
        typer.echo(f"    {violation['path'] or '(record)'}: {violation['code']}: {violation['message']}")


def records(source: Source) -> Iterator[tuple[int, bytes]]:
    """Each record's line, counted from 1, and its exact bytes."""
    chunks = whole_lines(source, keep=_MAX_DOCUMENT_BYTES)
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > _MAX_DOCUMENT_BYTES or _begins_with_a_record(head):
            break
    else:
        document = _document(head)
        if document is not None:
            yield from document
            return
    yield from _lines(itertools.chain([head], chunks))


def _begins_with_a_record(head: bytes) -> bool:
    """Whether the first line that is not blank is a JSON object by itself: then these are JSON Lines."""
    first = head.lstrip().partition(b"\n")[0]
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _document(text: bytes) -> list[tuple[int, bytes]] | None:
    """The records of one JSON document, an object or an array of objects; nothing where it is none."""
    start = len(text) - len(text.lstrip())
    try:
        decoded = text.decode("utf-8")
        if text[start : start + 1] != b"[":
            json.loads(decoded)
            return [(_line(decoded, start), text)]
        return [(_line(decoded, place), element.encode()) for place, element in elements(decoded)]
    except (ValueError, RecursionError):
        return None


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _lines(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    number = 0
    for chunk in chunks:
        for line in chunk.removesuffix(b"\n").split(b"\n"):
            number += 1
            if line.strip():
                yield number, line
