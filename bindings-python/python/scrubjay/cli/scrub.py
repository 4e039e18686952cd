"""`scrubjay scrub`: text or labelled lines in, scrubbed out, in order, as it arrives."""

from __future__ import annotations

import json
import sys
from typing import Final

from scrubjay import Engine
from scrubjay._json import members
from scrubjay._lines import Source, whole_lines
from scrubjay.cli.common import complain, emit

#: Lines of one key at most: RSA with 16,384 bits has 200. A block without an end goes no further.
_MAX_BLOCK_LINES: Final = 400


def plain(engine: Engine, source: Source) -> bool:
    """Scrubs each line by itself, so that the result does not depend on how the input was cut into chunks.

    The lines of a PEM block belong together: a private key is known by its first.
    """
    block: list[str] = []
    for chunk in whole_lines(source):
        answers = []
        for line in _lines(chunk.decode("utf-8", "replace")):
            block.append(line)
            if not _is_open(block):
                answers.append(_scrubbed(engine, block))
                block = []
        _write("".join(answers))
    _write(_scrubbed(engine, block))
    return True


def _lines(text: str) -> list[str]:
    """Lines with their ends; `splitlines` would also divide at form feeds and the like."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    return [line for line in lines if line]


def _is_open(block: list[str]) -> bool:
    """Whether a PEM block began and goes on."""
    begins = block[0].rfind("-----BEGIN ")
    ends = "-----END " in (block[0][begins:] if len(block) == 1 else block[-1])
    return begins >= 0 and not ends and len(block) < _MAX_BLOCK_LINES


def _scrubbed(engine: Engine, block: list[str]) -> str:
    text = "".join(block)
    inside = text.removesuffix("\n")
    return engine.scrub_text(inside)["text"] + text[len(inside) :] if inside else text


def jsonl(engine: Engine, source: Source) -> bool:
    """Scrubs lines `{"id","text"[,"json"]}`; whether all of them could be read."""
    number = 0
    clean = True
    for chunk in whole_lines(source):
        answers = []
        for line in chunk.removesuffix(b"\n").split(b"\n"):
            number += 1
            if not line.strip():
                continue
            try:
                answers.append(_answer(engine, line.decode("utf-8")))
            except (ValueError, RecursionError):
                # Nothing of the line comes through: what cannot be read cannot be scrubbed.
                complain(f'line {number}: expected one JSON object {{"id","text"}} or {{"id","json"}} in UTF-8')
                clean = False
        _write("".join(answers))
    return clean


def _answer(engine: Engine, line: str) -> str:
    """The scrubbed line. The id and numbers keep the exact text in which they stand."""
    given = members(line)
    identity = given.get("id", "null")
    if "json" in given:
        scrubbed = members(engine.scrub_json_text(given["json"]))["json"]
        return f'{{"id":{identity},"json":{scrubbed}}}\n'
    text = json.loads(given.get("text", "null"))
    if not isinstance(text, str):
        raise ValueError("no text")
    scrubbed = json.dumps(engine.scrub_text(text)["text"], ensure_ascii=False)
    return f'{{"id":{identity},"text":{scrubbed}}}\n'


def _write(text: str) -> None:
    emit(text)
    sys.stdout.flush()
