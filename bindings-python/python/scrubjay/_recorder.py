"""What `Tracker` and `TelemetryRouter` share: how records come in, and that no exception comes out."""

from __future__ import annotations

import abc
import datetime
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar, cast

from scrubjay import _native
from scrubjay._complaint import Complaint
from scrubjay._json import UnwritableError

if TYPE_CHECKING:
    from scrubjay._native import CheckedOutcome
    from scrubjay._types import Outcome

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def declared_by(other: Callable[Parameters, Any]) -> Callable[[Callable[..., Answer]], Callable[Parameters, Answer]]:
    """Gives a function that hands on what it gets the parameters of `other`, for type checkers and for `help`."""

    def declare(function: Callable[..., Answer]) -> Callable[Parameters, Answer]:
        # What `inspect.signature` follows: the parameters of the one, the answer of the other. `inspect` itself, which
        # could make a signature, takes longer to import than this package.
        of: Any = other
        shape = types.FunctionType(of.__code__, of.__globals__, of.__name__, of.__defaults__)
        shape.__kwdefaults__ = of.__kwdefaults__
        shape.__annotations__ = {**of.__annotations__, "return": function.__annotations__["return"]}
        function.__wrapped__ = shape  # type: ignore[attr-defined]
        return cast("Callable[Parameters, Answer]", function)

    return declare


def event_of(
    channel: str,
    event: str,
    payload: Mapping[str, Any] | None = None,
    *,
    user_id: str | None = None,
    session_id: str | None = None,
    tenant_id: str | None = None,
    context: Mapping[str, Any] | None = None,
    timestamp: datetime.datetime | str | None = None,
) -> dict[str, Any]:
    """The arguments of `Recorder.track` as a record; what is absent is not in it."""
    record: dict[str, Any] = {"channel": channel, "event": event, "payload": {} if payload is None else payload}
    others = {
        "timestamp": timestamp,
        "user_id": user_id,
        "session_id": session_id,
        "tenant_id": tenant_id,
        "context": context,
    }
    record.update((name, value) for name, value in others.items() if value is not None)
    return record


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
    @declared_by(track)
    def track_checked(self, *args: Any, **kwargs: Any) -> Outcome | CheckedOutcome:
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
