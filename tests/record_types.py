"""Writes bindings-node/shapes/records.d.ts from the published schemas. Without an argument it only checks.

`python tests/record_types.py --write` after `core/schemas/` changed.
"""

from __future__ import annotations

import json
import sys
import textwrap
from typing import Any

import record_reference

TYPES = record_reference.ROOT / "bindings-node/shapes/records.d.ts"

LINE = 112
"""Characters of a line of a comment."""

HEAD = """/**
 * Canonical records: what the engine writes. Made from core/schemas by tests/record_types.py.
 *
 * `schema` tells the kinds apart: `if (record.schema === 'telemetry_event_v1') record.payload`.
 */

/** What scrubbing put in place of a value; satisfies every form. */
export type Token = `[${string}]`

/** Members that are an application's own. */
export interface Members { [name: string]: unknown }
"""


def main(arguments: list[str]) -> int:
    """Checks or writes the file; returns the exit code."""
    return record_reference.settle(TYPES, declarations(), arguments)


def declarations() -> str:
    """The whole file."""
    names = [interface_name(kind) for kind in record_reference.KINDS]
    first = json.loads((record_reference.SCHEMAS / f"{record_reference.KINDS[0]}.json").read_text())
    context = first["properties"]["context"]
    parts = [HEAD, f"{comment(context['description'], '')}export interface Context {members(context, '')}\n"]
    for kind, name in zip(record_reference.KINDS, names, strict=True):
        schema = json.loads((record_reference.SCHEMAS / f"{kind}.json").read_text())
        parts.append(f"{comment(schema['description'], '')}export interface {name} {members(schema, '')}\n")
    parts.append(f"/** A record of any kind. */\nexport type CanonicalRecord = {' | '.join(names)}\n")
    return "\n".join(parts)


def interface_name(kind: str) -> str:
    """`TelemetryEvent` of `telemetry_event_v1`."""
    return "".join(word.capitalize() for word in kind.split("_")[:-1])


def members(schema: dict[str, Any], indent: str) -> str:
    """The members of an object, in braces."""
    required = schema.get("required", [])
    inner = indent + "  "
    lines = []
    for name, member in schema["properties"].items():
        optional = "" if name in required else "?"
        described = comment(member.get("description", ""), inner)
        # All kinds have one context.
        held = "Context" if name == "context" else form(member, inner)
        lines.append(f"{described}{inner}{name}{optional}: {held}\n")
    if schema.get("additionalProperties", True):
        lines.append(f"{inner}[name: string]: unknown\n")
    return "{\n" + "".join(lines) + indent + "}"


def form(member: dict[str, Any], indent: str) -> str:
    """The type of a member's values."""
    if "const" in member:
        return f"'{member['const']}'"
    if "enum" in member:
        return " | ".join([*(f"'{value}'" for value in member["enum"]), "Token"])
    if "anyOf" in member:
        return " | ".join(dict.fromkeys(form(one, indent) for one in member["anyOf"]))
    kind = member.get("type", "unknown")
    if isinstance(kind, list):
        return " | ".join(dict.fromkeys(form({**member, "type": one}, indent) for one in kind))
    if kind == "object":
        return members(member, indent) if "properties" in member else "Members"
    if kind == "array":
        of = form(member["items"], indent)
        return f"({of})[]" if " | " in of else f"{of}[]"
    return {"integer": "number"}.get(kind, kind)


def comment(text: str, indent: str) -> str:
    """A documentation comment with the line's end, or nothing."""
    if not text:
        return ""
    line = f"{indent}/** {text} */\n"
    if len(line) <= LINE:
        return line
    lines = textwrap.wrap(text, LINE, initial_indent=f"{indent} * ", subsequent_indent=f"{indent} * ")
    return "\n".join([f"{indent}/**", *lines, f"{indent} */"]) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
