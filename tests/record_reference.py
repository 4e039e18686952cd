"""Writes docs/records.md from the published schemas. Without an argument it only checks, and says how to write.

`python tests/record_reference.py --write` after `core/schemas/` changed.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "core/schemas"
PAGE = ROOT / "docs/records.md"

KINDS = [
    "telemetry_event_v1",
    "telemetry_trace_v1",
    "telemetry_log_v1",
    "telemetry_metric_v1",
    "telemetry_span_v1",
    "perf_sample_v1",
    "replay_inconsistency_v1",
]
"""In the order in which `core/schemas/README.md` has them."""

ENVELOPE = ["schema", "id", "timestamp", "tenant_id", "user_id", "session_id", "sample_rate", "context"]
"""What all kinds share, described once."""

INTRODUCTION = """# Records

<!-- Made from core/schemas by tests/record_reference.py. -->

Seven kinds, told apart by `schema`. The tables say what the engine **writes**. It also **reads** the names in the last
column, other forms and other places: [what is read](../core/schemas/README.md#what-is-read) has the rules, among them
how a record without `schema` is recognised. Every runtime gives the JSON Schemas out (`schemas()`); the documents are
in [core/schemas](../core/schemas/README.md).

A record has at most 64 KiB and 16 levels; a batch at most 1,000 records and 4 MiB. A time has an offset. Numbers keep
their digits, 64-bit integers included.
"""


def main(arguments: list[str]) -> int:
    """Checks or writes the page; returns the exit code."""
    return settle(PAGE, page(), arguments)


def settle(path: pathlib.Path, text: str, arguments: list[str]) -> int:
    """Writes a file that is made from the schemas, or checks that it says `text`; returns the exit code."""
    if "--write" in arguments:
        path.write_text(text)
        return 0
    if not path.exists() or path.read_text() != text:
        print(f"{path.relative_to(ROOT)} is not what the schemas say: python {sys.argv[0]} --write")
        return 1
    return 0


def page() -> str:
    """The whole page."""
    schemas = {kind: json.loads((SCHEMAS / f"{kind}.json").read_text()) for kind in KINDS}
    first = schemas[KINDS[0]]["properties"]
    parts = [INTRODUCTION, "## The envelope\n", *table({name: first[name] for name in ENVELOPE}, ())]
    parts += ["\n`context` has:\n", *table(first["context"]["properties"], ())]
    for kind in KINDS:
        schema = schemas[kind]
        own = {name: member for name, member in schema["properties"].items() if name not in ENVELOPE}
        parts += [f"\n## `{kind}`\n", schema["description"] + "\n", *table(own, schema["required"])]
    return "\n".join(parts) + "\n"


def table(members: dict[str, Any], required: list[str] | tuple[str, ...]) -> list[str]:
    """Lines of a table of members; a required one is marked."""
    rows = ["| member | form | meaning | read as well |", "|---|---|---|---|"]
    for name, member in members.items():
        aliases = ", ".join(f"`{alias}`" for alias in member.get("x-aliases", []))
        mark = " (required)" if name in required else ""
        rows.append(f"| `{name}`{mark} | {form(member)} | {escaped(member.get('description', ''))} | {aliases} |")
    return rows


def form(member: dict[str, Any]) -> str:
    """What values a member takes, in a few words."""
    if "const" in member:
        return "the kind's name"
    if "anyOf" in member:
        return " or ".join(sorted({form(one) for one in member["anyOf"] if "pattern" not in one})) or "text"
    if "enum" in member:
        return "one of " + ", ".join(f"`{value}`" for value in member["enum"])
    kind = member.get("type", "any value")
    words = [" or ".join(kind) if isinstance(kind, list) else "text" if kind == "string" else str(kind)]
    if "format" in member:
        words = [str(member["format"])]
    if "maxLength" in member:
        words.append(f"up to {member['maxLength']} characters")
    low, high = member.get("minimum"), member.get("maximum")
    if low is not None and high is not None:
        words.append(f"{low} to {high}")
    elif low is not None:
        words.append(f"at least {low}")
    elif high is not None:
        words.append(f"at most {high}")
    if "exclusiveMinimum" in member:
        words.append(f"above {member['exclusiveMinimum']}")
    if kind == "array" and "items" in member:
        words.append("of " + form(member["items"]))
    return escaped(", ".join(words))


def escaped(text: str) -> str:
    """Text that does not end a cell."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
