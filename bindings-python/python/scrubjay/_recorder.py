"""What `Tracker` and `TelemetryRouter` share: how records come in, and that no exception comes out."""

from __future__ import annotations

import abc
import datetime
from collections.abc import Mapping
from typing import Any, Final

from scrubjay import _native
from scrubjay._complaint import Complaint
from scrubjay._json import UnwritableError
from scrubjay._native import CheckedOutcome
from scrubjay._types import Outcome


class Recorder(abc.ABC):
    """Takes `telemetry_event_v1` records (R0). Safe to share between threads."""

    def __init__(self) -> None:
        self._unwritable = Complaint("a record was not captured")

    @abc.abstractmethod
    def track(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tenant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        timestamp: datetime.datetime | str | None = None,
    ) -> bool:
        """Takes one record; its values are copied before this returns.

        `timestamp` is a `datetime` with an offset, or RFC 3339 text; absent means now. In the payload and the
        context, times, UUIDs and decimals are written as text and enumerations as their value. A record with a
        value that JSON cannot hold is not captured: counted, and said once through the logger `telemetry`.
        Returns whether the record was taken; `stats` says why not. Never raises.
        """

    @abc.abstractmethod
    def track_checked(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        session_id: str | None = None,
        tenant_id: str | None = None,
        context: Mapping[str, Any] | None = None,
        timestamp: datetime.datetime | str | None = None,
    ) -> Outcome | CheckedOutcome:
        """`track`, but the engine runs at once and its outcome is returned. Costs the caller the engine's time.

        A record with a value that JSON cannot hold is rejected as `json_invalid`.
        """


#: The outcome of a record with a value that JSON cannot hold: nothing is the one honest text of it.
UNWRITTEN: Final = _native.Engine().process(b"")


def complain(of: Complaint, error: Exception) -> None:
    """Counts a record that an exception kept from being written; the first time, says what it was."""
    if isinstance(error, UnwritableError):
        of.add(str(error))
    else:
        # Raised by the host's own values. Only the type is said: the text may quote a value.
        of.add(f"{type(error).__name__} while it was written as JSON")
