"""The official JSON-Schema-Test-Suite, as far as tracking plans have its keywords, through the Python package.

The suite comes from the registry: the source distribution of `jsonschema` carries it. A group whose schema a plan
refuses is out of scope and counted by the reason; every other case must give the suite's own verdict, except those in
`DIFFERENT`.
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys
import tarfile
from typing import Any

from scrubjay import Engine, ScrubjayError

ROOT = pathlib.Path(__file__).resolve().parents[1]
CACHE = ROOT / "target" / "json-schema-test-suite"
DISTRIBUTION = "jsonschema==4.26.0"
FOLDER = "/json/tests/draft2020-12/"

#: Optional files that are in scope: what plans take a position on.
OPTIONAL = {"bignum", "ecmascript-regex", "float-overflow", "non-bmp-regex"}
FORMATS = {"date-time", "date", "time", "uuid", "email", "uri", "ipv4", "ipv6"}

#: Verdicts that are another's on purpose: (file, why).
DIFFERENT = {
    "format": "plans check formats, which the suite's main part takes for annotations",
    "vocabulary": "plans have one vocabulary, whatever $schema says",
}

#: Cases that ran when the distribution above was chosen; fewer would mean that the suite was not read.
LEAST = 600


def main() -> int:
    """Runs the suite; returns the exit code."""
    ran = failed = 0
    out_of_scope: collections.Counter[str] = collections.Counter()
    different: collections.Counter[str] = collections.Counter()
    for name, groups in files():
        for group in groups:
            try:
                engine = engine_of(group["schema"])
            except ScrubjayError as error:
                out_of_scope[error.path.rpartition("/")[2]] += len(group["tests"])
                continue
            for case in group["tests"]:
                ran += 1
                if accepts(engine, case["data"]) == case["valid"]:
                    continue
                if name in DIFFERENT:
                    different[name] += 1
                    continue
                failed += 1
                print(f"{name}: {group['description']}: {case['description']}: should be valid: {case['valid']}")
    for name, count in different.items():
        print(f"{count} cases of {name} differ: {DIFFERENT[name]}")
    print(f"{out_of_scope.total()} cases are out of scope, their schemas have: {dict(out_of_scope.most_common())}")
    passed = ran - failed - different.total()
    print(f"json schema suite: {passed} passed, {failed} failed")
    return 0 if passed >= LEAST and not failed else 1


def files() -> list[tuple[str, list[dict[str, Any]]]]:
    """Each file in scope, by its name, with its groups."""
    found = []
    with tarfile.open(distribution()) as archive:
        for member in archive.getmembers():
            _, _, name = member.name.partition(FOLDER)
            folder, _, stem = name.removesuffix(".json").rpartition("/")
            in_scope = {"": True, "optional": stem in OPTIONAL, "optional/format": stem in FORMATS}.get(folder, False)
            text = archive.extractfile(member) if name.endswith(".json") and in_scope else None
            if text is not None:
                found.append((stem, json.load(text)))
    return found


def distribution() -> pathlib.Path:
    """The source distribution, fetched once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    if not list(CACHE.glob("*.tar.gz")):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "jsonschema"]
        subprocess.run([*pip, "--dest", str(CACHE), DISTRIBUTION], check=True)
    return next(CACHE.glob("*.tar.gz"))


def engine_of(schema: Any) -> Engine:
    """An engine with a plan of one event, whose member `value` has the schema."""
    event = {"properties": {"value": schema}}
    return Engine({"privacy": {"mode": "minimal"}, "plan": {"events": {"suite.case": event}}})


def accepts(engine: Engine, value: Any) -> bool:
    """Whether the plan accepts a value."""
    record = {"timestamp": "2026-01-02T03:04:05Z", "channel": "suite", "event": "case", "payload": {"value": value}}
    return engine.process(record)["status"] == "accepted"


if __name__ == "__main__":
    sys.exit(main())
