"""The conformance vectors: the exact text that every runtime must return. See tests/README.md of the project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scrubjay import Engine, ScrubjayError, _native

VECTORS = Path(__file__).parents[2] / "tests" / "vectors"


def call(config: str, case: dict[str, Any]) -> str:
    given = bytes.fromhex(case["input_hex"]) if "input_hex" in case else case["input"].encode()
    native = _native.Engine(config)
    calls: dict[str, Callable[[], Any]] = {
        "process": lambda: Engine(config).process_text(given, stamp=case.get("stamp")),
        "scrub_text": lambda: native.scrub_text(case["input"]),
        "scrub_json": lambda: native.scrub_json(given),
        "explain": lambda: Engine(config).explain_text(given, stamp=case.get("stamp")),
        "unseal": lambda: _native.unseal(*case["input"].split("\n", 1)),
        "config": lambda: _native.Engine(case["input"]),
        "sample": lambda: _native.sample(config, case["input"]),
        "traceparent": lambda: _native.read_traceparent(case["input"]),
        "new_traceparent": lambda: masked(_native.new_traceparent(case["input"]), case["input"]),
        "plan_check": lambda: _native.plan_check(case["input"]),
        "plan_diff": lambda: _native.plan_diff(case["input"], case["new"]),
        "stamp": lambda: native.process(b"{}", case["input"]),
        "fail": lambda: _native.fail_for_test(case["input"]),
        "panic": _native.panic_for_test,
    }
    return str(calls[case.get("call", "process")]())


def masked(header: str, parent: str) -> str:
    """A new `traceparent` without what is random: the span's digits, and the trace's where no parent gives them."""
    trace = header[3:35]
    return f"{header[:2]}-{trace if trace in parent else '_' * 32}-{'_' * 16}{header[52:]}"


def test_every_vector_gives_its_exact_text() -> None:
    cases = files = 0
    for path in sorted(VECTORS.rglob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            place = f"{path.relative_to(VECTORS)}: {case['name']}"
            try:
                config = file["config"]
                text = call(config if isinstance(config, str) else json.dumps(config), case)
            except ScrubjayError as error:
                assert {"code": error.code, "path": error.path} == case.get("error"), place
            else:
                assert text == case.get("outcome"), place
            cases += 1
        files += 1
    assert cases > 0, "no vectors found"
    print(f"\nvectors: {cases} cases in {files} files")
