"""The installed Python package against scrubbers from PyPI, for `make bench`: rows on standard output, as JSON objects.

    peers.py EVENTS.jsonl

Peers live in an environment of their own under `target/`, with the wheel that `make build-python` left. A peer that
cannot be had is named on standard error, with the reason, and left out.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import pathlib
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / "target/bench/python"

PEERS = {
    "presidio": ["presidio-analyzer==2.2.366", "presidio-anonymizer==2.2.366"],
    "scrubadub": ["scrubadub==2.0.1"],
}

ROUNDS = 25
EVENTS_A_ROUND = 4
"""The slowest peer takes up to 10 ms an event, and a round is to stay below 50 ms."""
OUR_REPEATS = 100
"""Brings our round to a length that the clock resolves."""

Scrub = Callable[[bytes], str]


def main() -> int:
    """Installs what is missing, then measures in the environment that has it."""
    if pathlib.Path(sys.prefix).resolve() != ENVIRONMENT.resolve():
        python = installed(PEERS)
        os.execv(python, [str(python), __file__, *sys.argv[1:]])
    events = pathlib.Path(sys.argv[1]).read_bytes().splitlines()
    if len(events) < ROUNDS * EVENTS_A_ROUND:
        print(f"{len(events)} events are too few: {ROUNDS * EVENTS_A_ROUND} are needed", file=sys.stderr)
        return 1
    from scrubjay import Engine

    ours = Engine().process_text
    for name, make in (("presidio", presidio), ("scrubadub", scrubadub)):
        try:
            theirs = every_string(make())
            theirs(events[0])
        # What a peer lacks shows in many ways, and none of them may stop the other rows.
        except Exception as error:
            print(f"engine_vs_{name} left out: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        our_time, their_time = medians(ours, theirs, events)
        figures = {"ratio": their_time / our_time, "ours": our_time, "theirs": their_time, "unit": "ns/event"}
        print(json.dumps({"name": f"engine_vs_{name}", **figures}), flush=True)
    return 0


def installed(peers: dict[str, list[str]]) -> pathlib.Path:
    """The environment's interpreter, with the wheel and those of the peers that can be installed."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheels = list((ROOT / "target/wheels").glob("scrubjay-*.whl"))
    if not wheels:
        sys.exit("no wheel in target/wheels: run `make build-python` first")
    subprocess.run([*pip, "--force-reinstall", "--no-deps", *wheels], check=True, stdout=sys.stderr)
    for name, packages in peers.items():
        done = subprocess.run([*pip, *packages], check=False, stdout=sys.stderr)
        if done.returncode != 0:
            print(f"{name} cannot be installed: see above", file=sys.stderr)
    return python


def medians(ours: Scrub, theirs: Scrub, events: list[bytes]) -> tuple[float, float]:
    """Nanoseconds of CPU time an event of both, over interleaved rounds with the same events."""
    times: tuple[list[float], list[float]] = ([], [])
    for start in range(0, ROUNDS * EVENTS_A_ROUND, EVENTS_A_ROUND):
        part = events[start : start + EVENTS_A_ROUND]
        for scrub, repeats, of in ((ours, OUR_REPEATS, times[0]), (theirs, 1, times[1])):
            begun = time.thread_time_ns()
            for _ in range(repeats):
                for event in part:
                    scrub(event)
            of.append((time.thread_time_ns() - begun) / repeats / len(part))
    return statistics.median(times[0]), statistics.median(times[1])


def every_string(clean: Callable[[str], str]) -> Scrub:
    """A scrubber of records out of one of texts: each string that is a value, wherever it stands."""

    def scrub(record: bytes) -> str:
        tree = json.loads(record)
        left = [tree]
        while left:
            node = left.pop()
            for place, value in node.items() if isinstance(node, dict) else enumerate(node):
                if isinstance(value, str):
                    node[place] = clean(value)
                elif isinstance(value, (dict, list)):
                    left.append(value)
        return json.dumps(tree)

    return scrub


def presidio() -> Callable[[str], str]:
    """All recognizers of the default registry; a blank language model, as trained ones are on no registry.

    A trained model would find names too, and be slower.
    """
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_anonymizer import AnonymizerEngine

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    # The suffix list that the package carries, not one from the network.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    analyzer, anonymizer = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"]), AnonymizerEngine()
    return lambda text: anonymizer.anonymize(text, analyzer.analyze(text, language="en")).text


def scrubadub() -> Callable[[str], str]:
    """The detectors that are on without being asked for."""
    if importlib.util.find_spec("scrubadub") is None:
        raise ModuleNotFoundError("scrubadub is not installed")
    import scrubadub as peer

    return peer.Scrubber().clean


if __name__ == "__main__":
    sys.exit(main())
