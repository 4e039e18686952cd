"""Spans, and the W3C `traceparent` that carries them from service to service."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
import time
from collections.abc import Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar, cast

from scrubjay import _ambient, _native
from scrubjay._ambient import Ambient

SpanKind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]

#: W3C's header, in lower case as HTTP/2 and ASGI write it.
TRACEPARENT: Final = "traceparent"
#: Events of a span that are kept, as OpenTelemetry's SDKs keep.
MAX_EVENTS: Final = 128
#: Nanoseconds of a second.
_NS_A_S: Final = 1_000_000_000

Function = TypeVar("Function", bound=Callable[..., Any])


class Records(Protocol):
    """What a finished span is handed to."""

    def track_record(self, record: Mapping[str, Any]) -> bool:
        """Takes a record of any kind."""
        ...

    def is_off(self) -> bool:
        """Whether nothing is taken."""
        ...


class Span:
    """One unit of work, from entering to leaving a `with` or `async with` block. As a decorator, one of each call.

    Records that are tracked inside, and spans that are begun inside, belong to it: threads, tasks and greenlets each
    have their own. Where collection is off, nothing is made, no ids either. Methods never raise.
    """

    def __init__(
        self,
        records: Records,
        name: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        kind: SpanKind = "internal",
        parent: str | None = None,
    ) -> None:
        self._records = records
        self._name = name
        self._kind = kind
        self._parent = parent
        self._given = attributes
        self._attributes: dict[str, Any] = dict(attributes or ())
        self._events: list[dict[str, Any]] = []
        self._dropped_events = 0
        self._status: dict[str, str] | None = None
        self._token: contextvars.Token[Ambient] | None = None
        self._start = self._end = self._began = 0
        self.traceparent = ""
        """The header for whoever is called from here; empty where collection is off or the span is not entered."""
        self.trace_id = ""
        """32 hex digits, or empty."""
        self.span_id = ""
        """16 hex digits, or empty."""
        self.parent_span_id = ""
        """16 hex digits, or empty for a root."""

    def update_name(self, name: str) -> Span:
        """Gives the span another name, for hosts that know it only later, such as a request's route."""
        self._name = name
        return self

    def set_attribute(self, name: str, value: Any) -> Span:
        """Adds an attribute, in place of one of that name."""
        self._attributes[name] = value
        return self

    def set_status(self, code: Literal["unset", "ok", "error"], message: str = "") -> Span:
        """Says how it went. An exception that leaves the block says `error` where nothing else was said."""
        self._status = {"code": code, "message": message} if message else {"code": code}
        return self

    def add_event(self, name: str, attributes: Mapping[str, Any] | None = None) -> Span:
        """Adds something that happens now."""
        if len(self._events) == MAX_EVENTS:
            self._dropped_events += 1
            return self
        event: dict[str, Any] = {"time_unix_nano": str(time.time_ns()), "name": name}
        if attributes:
            event["attributes"] = dict(attributes)
        self._events.append(event)
        return self

    def record_exception(self, error: BaseException) -> Span:
        """Adds an exception as an event; its message is scrubbed like every text."""
        found = {"exception.type": type(error).__qualname__}
        # An exception that cannot be printed is one without a message.
        with contextlib.suppress(Exception):
            found["exception.message"] = str(error)
        return self.add_event("exception", found)

    def begin(self) -> Span:
        """What entering the block does, for hosts that have no block to put it around; `end` ends it."""
        if self._token is not None or self._records.is_off():
            return self
        ambient = _ambient.current()
        above = self._parent if self._parent is not None else ambient.span.traceparent if ambient.span else ""
        self.traceparent = _native.new_traceparent(above)
        self.trace_id, self.span_id = self.traceparent[3:35], self.traceparent[36:52]
        # A header that is no valid one begins a new trace.
        self.parent_span_id = above.strip()[36:52] if above.strip()[3:35] == self.trace_id else ""
        self._start, self._began = time.time_ns(), time.perf_counter_ns()
        self._token = _ambient.enter(Ambient(self, ambient.request))
        return self

    def end(self, error: BaseException | None = None) -> None:
        """Ends what `begin` began, with the exception that ended the work, if any."""
        token, self._token = self._token, None
        if token is None:
            return
        _ambient.leave(token)
        if error is not None and not _is_no_fault(error):
            self.record_exception(error)
            if self._status is None:
                self.set_status("error", type(error).__qualname__)
        # By the clock that does not go back.
        self._end = self._start + max(0, time.perf_counter_ns() - self._began)
        self._records.track_record(self._record())

    @property
    def duration_s(self) -> float:
        """Seconds from `begin` to `end`; zero before, and where collection is off."""
        return (self._end - self._start) / _NS_A_S if self._end else 0.0

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "schema": "telemetry_span_v1",
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "name": self._name,
            "kind": self._kind,
            "start_time_unix_nano": str(self._start),
            "end_time_unix_nano": str(self._end),
            "flags": int(self.traceparent[53:], 16),
        }
        if self.parent_span_id:
            record["parent_span_id"] = self.parent_span_id
        if self._attributes:
            record["attributes"] = self._attributes
        if self._events:
            record["events"] = self._events
        if self._dropped_events:
            record["dropped_events_count"] = self._dropped_events
        if self._status is not None:
            record["status"] = self._status
        return record

    def __enter__(self) -> Span:
        return self.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)

    async def __aenter__(self) -> Span:
        return self.begin()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)

    def __call__(self, function: Function) -> Function:
        """A function of which each call is a span."""
        return wrapped(function, self._anew)

    def _anew(self) -> Span:
        return Span(self._records, self._name, self._given, kind=self._kind, parent=self._parent)


def wrapped(function: Function, block: Callable[[], Any]) -> Function:
    """`function` with each call inside a block of its own: of a coroutine function, the time until it is done."""
    # Takes as long to import as all the rest.
    import inspect

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*args: Any, **kwargs: Any) -> Any:
            with block():
                return await function(*args, **kwargs)

        return cast(Function, call_async)
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def iterate_async(*args: Any, **kwargs: Any) -> Any:
            with block():
                async for item in function(*args, **kwargs):
                    yield item

        return cast(Function, iterate_async)
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def iterate(*args: Any, **kwargs: Any) -> Any:
            with block():
                return (yield from function(*args, **kwargs))

        return cast(Function, iterate)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with block():
            return function(*args, **kwargs)

    return cast(Function, call)


def current_span() -> Span | None:
    """The span that holds here."""
    return _ambient.current().span


def inject(headers: MutableMapping[str, str]) -> None:
    """Adds the current span's `traceparent` to the headers of a request that is about to be made."""
    span = current_span()
    if span is not None and span.traceparent:
        headers[TRACEPARENT] = span.traceparent


def extract(headers: Mapping[str, Any]) -> str | None:
    """The valid `traceparent` of a request's headers, whatever the case of their names; a span's `parent`."""
    for name, value in headers.items():
        if isinstance(name, str) and name.lower() == TRACEPARENT:
            return value if isinstance(value, str) and is_traceparent(value) else None
    return None


def is_traceparent(header: str) -> bool:
    """Whether a text is a valid `traceparent`."""
    return json.loads(_native.read_traceparent(header)) is not None


def _is_no_fault(error: BaseException) -> bool:
    """Whether an exception only ends something early: a closed generator, a program that ends with success."""
    return isinstance(error, GeneratorExit) or (isinstance(error, SystemExit) and not error.code)
