"""What holds around a record: the current span, and the request that a middleware found.

Both live in one context variable, so threads, tasks and greenlets each have their own. Nobody asks for it while no span
and no request is open in the process, since asking costs a fifth of a capture.
"""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from scrubjay import _native

if TYPE_CHECKING:
    from scrubjay.request import RequestContext
    from scrubjay.trace import Span

#: Spellings of R1 and R4 of what a request knows. A record that has one of them keeps its own value.
_ALIASES: Final = {
    "ip_address": ("ip", "ipAddress"),
    "user_agent": ("userAgent",),
    "request_id": ("requestId",),
    "route_name": ("routeName",),
    "trace_id": ("traceId",),
    "span_id": ("spanId",),
}


class Ambient:
    """What records here have in common. Never changed: who adds something sets another one."""

    __slots__ = ("request", "span")

    def __init__(self, span: Span | None = None, request: RequestContext | None = None) -> None:
        self.span = span
        """The current span, if any."""
        self.request = request
        """The request that is being answered, if any."""


NOTHING: Final = Ambient()
_current: Final[contextvars.ContextVar[Ambient]] = contextvars.ContextVar("scrubjay", default=NOTHING)


def current() -> Ambient:
    """What holds here."""
    return _current.get()


def enter(ambient: Ambient) -> contextvars.Token[Ambient]:
    """Lets `ambient` hold from here on; what it returns goes to `leave`."""
    _native.ambient_enter()
    return _current.set(ambient)


def leave(token: contextvars.Token[Ambient]) -> None:
    """Lets hold again what held before."""
    _native.ambient_leave()
    try:
        _current.reset(token)
    except ValueError:
        # Left in another context than it was entered in, as a generator may be: there it still holds, here it does not.
        _current.set(NOTHING if token.old_value is contextvars.Token.MISSING else token.old_value)


def merged(context: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """A record's context with what holds here; what the record says itself stays."""
    ambient = _current.get()
    if ambient is NOTHING:
        return context
    found = ambient.request.members() if ambient.request is not None else {}
    if ambient.span is not None:
        found["trace_id"] = ambient.span.trace_id
        found["span_id"] = ambient.span.span_id
    if context is None:
        return found or None
    if not isinstance(context, Mapping):
        # The engine says what is wrong with it.
        return context
    for name, aliases in _ALIASES.items():
        if name in found and any(alias in context for alias in aliases):
            del found[name]
    found.update(context)
    return found


def merged_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of any kind with what holds here in its context. A span says itself to which trace it belongs."""
    if not _native.ambient_is_open() or not isinstance(record, Mapping):
        return record
    context = merged(record.get("context"))
    if context and record.get("schema") == "telemetry_span_v1" and "context" not in record:
        context = {name: value for name, value in context.items() if name not in ("trace_id", "span_id")}
    return {**record, "context": context} if context else record
