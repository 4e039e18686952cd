"""What `Tracker` and `TelemetryRouter` share: host values in, one record's text out, and never an exception."""

from __future__ import annotations

import abc
import datetime
import json
from collections.abc import Mapping
from typing import Any, cast

from scrubjay import _native
from scrubjay._complaint import Complaint
from scrubjay._json import UnwritableError, octets
from scrubjay._types import Outcome


class Recorder(abc.ABC):
    """Takes `telemetry_event_v1` records (R0). Safe to share between threads."""

    def __init__(self) -> None:
        self._unwritable = Complaint("a record was not captured")

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
        record = self._text(channel, event, payload, user_id, session_id, tenant_id, context, timestamp)
        return record is not None and self._take(record)

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
    ) -> Outcome:
        """`track`, but the engine runs at once and its outcome is returned. Costs the caller the engine's time.

        A record with a value that JSON cannot hold is rejected as `json_invalid`.
        """
        record = self._text(channel, event, payload, user_id, session_id, tenant_id, context, timestamp)
        if record is None:
            # Nothing is the one honest text of what cannot be written; the engine gives its verdict on that.
            return cast(Outcome, json.loads(_native.Engine().process(b"")))
        return cast(Outcome, json.loads(self._take_checked(record)))

    @abc.abstractmethod
    def _take(self, record: bytes) -> bool: ...

    @abc.abstractmethod
    def _take_checked(self, record: bytes) -> str: ...

    def _text(
        self,
        channel: str,
        event: str,
        payload: Mapping[str, Any] | None,
        user_id: str | None,
        session_id: str | None,
        tenant_id: str | None,
        context: Mapping[str, Any] | None,
        timestamp: datetime.datetime | str | None,
    ) -> bytes | None:
        record: dict[str, Any] = {"channel": channel, "event": event, "payload": {} if payload is None else payload}
        if timestamp is not None:
            record["timestamp"] = timestamp
        if user_id is not None:
            record["user_id"] = user_id
        if session_id is not None:
            record["session_id"] = session_id
        if tenant_id is not None:
            record["tenant_id"] = tenant_id
        if context is not None:
            record["context"] = context
        try:
            return octets(record)
        except UnwritableError as error:
            self._unwritable.add(str(error))
        except Exception as error:
            # Raised by the host's own values. Only the type is said: the text may quote a value.
            self._unwritable.add(f"{type(error).__name__} while it was written as JSON")
        return None
