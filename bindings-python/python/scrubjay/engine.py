"""The pure part: (configuration, record) to outcome, the same bytes in every runtime."""

from __future__ import annotations

import functools
import json
from typing import Any, cast

from scrubjay import _native
from scrubjay._json import config_text, octets
from scrubjay._types import (
    CatalogMetric,
    Codes,
    Config,
    Explanation,
    KeyPair,
    Outcome,
    Record,
    ScrubbedJson,
    ScrubbedText,
    Stamp,
    Unsealed,
)


class Engine:
    """A compiled configuration. Cheap to call, safe to share between threads; no clock, disk or network.

    Raises `ScrubjayError` (`config_invalid`, `config_unknown_key`) for a wrong configuration.
    """

    def __init__(self, config: Config = None) -> None:
        self._native = _native.Engine(config_text(config))

    def process(self, record: Record, *, stamp: Stamp | None = None) -> Outcome:
        """Validates and scrubs one record; `stamp` fills an absent timestamp and id.

        A bad record comes back as an outcome with violations. Raises `ScrubjayError` (`argument_invalid`) for a
        malformed stamp, and TypeError or ValueError for a mapping that JSON cannot hold.
        """
        return cast(Outcome, json.loads(self.process_text(record, stamp=stamp)))

    def process_text(self, record: Record, *, stamp: Stamp | None = None) -> str:
        """`process`, as the exact canonical text of the outcome."""
        return self._native.process(octets(record), None if stamp is None else json.dumps(stamp))

    def process_now(self, record: Record) -> Outcome:
        """`process` with the clock's time and fresh random bits as its stamp."""
        return cast(Outcome, json.loads(self.process_now_text(record)))

    def process_now_text(self, record: Record) -> str:
        """`process_now`, as the exact canonical text of the outcome."""
        return self._native.process_now(octets(record))

    def explain(self, record: Record, *, stamp: Stamp | None = None) -> Explanation:
        """Why `process` changes what it changes in a record, and keeps what it keeps although a rule finds it.

        Never quotes a value. For people and reports: costs several times what processing does.
        """
        return cast(Explanation, json.loads(self.explain_text(record, stamp=stamp)))

    def explain_text(self, record: Record, *, stamp: Stamp | None = None) -> str:
        """`explain`, as the exact canonical text of the explanation."""
        return self._native.explain(octets(record), None if stamp is None else json.dumps(stamp))

    def scrub_text(self, text: str) -> ScrubbedText:
        """Scrubs free text. A half surrogate, which UTF-8 cannot hold, becomes U+FFFD."""
        try:
            answer = self._native.scrub_text(text)
        except UnicodeEncodeError:
            answer = self._native.scrub_text(octets(text).decode("utf-8", "replace"))
        return cast(ScrubbedText, json.loads(answer))

    def scrub_json(self, document: Record | list[Any]) -> ScrubbedJson:
        """Scrubs any JSON document, given as a mapping, a list, or its JSON text."""
        return cast(ScrubbedJson, json.loads(self.scrub_json_text(document)))

    def scrub_json_text(self, document: Record | list[Any]) -> str:
        """`scrub_json`, as the exact text: members `violations redactions json`, in this order."""
        return self._native.scrub_json(octets(document))


@functools.lru_cache(maxsize=1)
def _default_engine() -> Engine:
    return Engine()


def validate_record(record: Record, config: Config = None) -> Outcome:
    """The outcome of one record as it stands: nothing is stamped, stored or sent (R0).

    The outcome's record carries `schema` even where the given one did not.
    """
    return (_default_engine() if config is None else Engine(config)).process(record)


def codes() -> Codes:
    """Every stable word of the engine: statuses, codes of violations and errors, actions, rules."""
    return cast(Codes, json.loads(_native.codes()))


def schemas() -> dict[str, dict[str, Any]]:
    """The record kinds as JSON Schema documents (2020-12), by the kinds' names."""
    return cast("dict[str, dict[str, Any]]", json.loads(_native.schemas()))


def metrics_catalog() -> list[CatalogMetric]:
    """The metrics whose type and unit are fixed (R4)."""
    return cast("list[CatalogMetric]", json.loads(_native.metrics_catalog()))


def seal_keypair() -> KeyPair:
    """A fresh key pair for sealed values (`privacy.seal`)."""
    return cast(KeyPair, json.loads(_native.seal_keypair()))


def unseal(secret_key: str, text: str) -> Unsealed:
    """Opens the sealed values in a text, a JSON document, or lines of JSON; boxes of another key stay.

    Raises `ScrubjayError` (`argument_invalid`) for a key that is none.
    """
    return cast(Unsealed, json.loads(_native.unseal(secret_key, text)))
