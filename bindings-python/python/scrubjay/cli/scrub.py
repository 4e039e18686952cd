"""`scrubjay scrub`: text or labelled lines in, scrubbed out, in order, as it arrives."""

from __future__ import annotations

import json
import sys

from scrubjay import Engine
from scrubjay._json import members
from scrubjay._lines import Source, whole_lines
from scrubjay.cli.common import complain, emit


def plain(engine: Engine, source: Source) -> bool:
    """Scrubs each line by itself, so that the result does not depend on how the input was cut into chunks."""
    for chunk in whole_lines(source):
        lines = chunk.decode("utf-8", "replace").split("\n")
        _write("\n".join(engine.scrub_text(line)["text"] if line else "" for line in lines))
    return True


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
