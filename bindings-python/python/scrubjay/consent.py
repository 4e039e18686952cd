"""The user's consent apart from any tracker, for settings pages and the command line; and the doctor."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from scrubjay import _native
from scrubjay._json import config_text

if TYPE_CHECKING:
    from scrubjay._types import Config, ConsentEntry, DoctorReport, Purpose, Status, TrailState


class Consent:
    """The consent of the user who runs this program, shared by all programs with the same state folder.

    Looking makes no file. Raises `ScrubjayError` (`config_invalid`, `config_unknown_key`) for a wrong configuration.
    """

    def __init__(self, config: Config = None) -> None:
        self._consent = _native.Consent(config_text(config))

    def status(self) -> Status:
        """What holds and who decided it."""
        return cast("Status", json.loads(self._consent.status()))

    def grant(self, *purposes: Purpose, notice_version: str | None = None, source: str) -> None:
        """Records that the user agrees, by default to all purposes, under the version of the notice that they saw."""
        self._consent.grant(word(purposes, source, notice_version))

    def withdraw(self, *purposes: Purpose, source: str) -> None:
        """Records that the user no longer agrees, by default to anything.

        Programs that run follow within a second; what others left to be sent is erased.
        """
        self._consent.withdraw(word(purposes, source))

    def history(self) -> list[ConsentEntry]:
        """Every change there was."""
        return cast("list[ConsentEntry]", json.loads(self._consent.history()))

    def verify(self) -> TrailState:
        """Checks that no entry of the audit trail was changed or removed."""
        return cast("TrailState", json.loads(self._consent.verify()))


def doctor(config: Config = None) -> DoctorReport:
    """Checks what a tracker of this configuration needs, and says what to do. Asks the endpoint."""
    return cast("DoctorReport", json.loads(_native.doctor(config_text(config))))


def word(purposes: Iterable[Purpose], source: str, notice_version: str | None = None) -> str:
    """What a user says, as the core reads it; no purposes mean all."""
    said: dict[str, Any] = {"source": source}
    if named := list(purposes):
        said["purposes"] = named
    if notice_version is not None:
        said["notice_version"] = notice_version
    return json.dumps(said)
