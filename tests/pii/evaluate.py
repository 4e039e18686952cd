"""How well scrubbing works: `make pii-eval`.

The project's own small set always; and, where a folder of that name stands beside the checkout, the large labelled
set `shared/pii-eval` with its scorer; `--own` leaves that out. Exits 1 where the own set has a miss that
`EXPECTED_MISSES` does not name.
"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ROOT / "tests/pii/own.jsonl"
LABELLED = ROOT.parent / "shared/pii-eval"
COMMAND = f"{ROOT / '.venv/bin/scrubjay'} scrub --jsonl -"

EXPECTED_MISSES = {
    "look_alike": "a four-part version without a word beside it is taken for an address",
}
"""Kinds that are not found yet, each with its reason."""


def own_set() -> int:
    """Prints found and intact by kind; returns the exit code."""
    cases = [json.loads(line) for line in OWN.read_text().splitlines()]
    lines = "".join(json.dumps(request(i, case)) + "\n" for i, case in enumerate(cases))
    done = subprocess.run(COMMAND.split(), input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    good: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    faults = []
    for case, answer in zip(cases, answers, strict=True):
        total[case["kind"]] += 1
        if holds(case, answer):
            good[case["kind"]] += 1
        elif case["kind"] not in EXPECTED_MISSES:
            faults.append(f"{case['kind']}: {case['text']!r} became {answer.get('text', answer.get('json'))!r}")
    for kind, count in total.items():
        print(f"{kind:16} {good[kind]:3} of {count}" + (f"  ({why})" if (why := EXPECTED_MISSES.get(kind)) else ""))
    print(*faults, sep="\n")
    print(f"own set: {sum(good.values())} passed, {len(faults)} failed")
    return 1 if faults else 0


def request(i: int, case: dict[str, object]) -> dict[str, object]:
    """The line that the command reads: a text that is JSON goes as a document too."""
    line: dict[str, object] = {"id": i, "text": case["text"]}
    if str(case["text"]).startswith("{"):
        line["json"] = json.loads(str(case["text"]))
    return line


def holds(case: dict[str, object], answer: dict[str, object]) -> bool:
    """Whether everything that must go is gone, or everything clean is as it was."""
    gone = case["gone"]
    assert isinstance(gone, list)
    if "json" in answer:
        if not gone:
            return answer["json"] == json.loads(str(case["text"]))
        return not any(value in json.dumps(answer["json"], ensure_ascii=False) for value in gone)
    return answer["text"] == case["text"] if not gone else not any(value in str(answer["text"]) for value in gone)


def main() -> int:
    """Runs both sets; returns the exit code."""
    code = own_set()
    if "--own" in sys.argv:
        return code
    if LABELLED.is_dir():
        scorer = [sys.executable, "score.py", "--data", "dev.jsonl.gz", "--mode", "json", "--cmd", COMMAND]
        subprocess.run(scorer, cwd=LABELLED, check=True)
    else:
        print("the labelled set is not beside this checkout: only the own set was run")
    return code


if __name__ == "__main__":
    sys.exit(main())
