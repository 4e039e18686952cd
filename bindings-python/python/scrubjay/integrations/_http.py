"""What the web frameworks' bridges share: a request as `RequestContext` and span."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextvars import Token
from typing import Any, Final

from scrubjay import _ambient, _default
from scrubjay.request import RequestContext, enter_request, leave_request
from scrubjay.trace import Span, is_traceparent

#: What a request id may be that somebody else made: it goes into records as it is.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: The header that carries one.
REQUEST_ID: Final = "x-request-id"
#: OpenTelemetry's name and unit of what a server takes for a request.
_DURATION: Final = "http.server.request.duration"
#: From here on, it is the server's fault.
_SERVER_ERROR: Final = 500
#: Methods whose names say nothing of a person; any other is what a client made up.
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"))


def tracker_of(tracker: Any) -> Any:
    """The tracker that was given, or whatever is the program's client at the time."""
    return _default.PRESENT if tracker is None else tracker


class Exchange:
    """One request and its response. `begin` before the application runs, `end` after, in the same context."""

    def __init__(
        self,
        tracker: Any,
        method: str,
        header: Callable[[str], str | None],
        *,
        ip_address: str | None,
        route: Callable[[], str | None],
    ) -> None:
        given = header(REQUEST_ID)
        self.request_id = given if given and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        parent = header("traceparent")
        self._route = route
        self._method = method if method in _METHODS else "_OTHER"
        self._request = RequestContext(
            request_id=self.request_id,
            route_name=lambda: _quietly(route),
            ip_address=ip_address,
            user_agent=header("user-agent"),
        )
        self._tracker = tracker
        self._span: Span = tracker_span(tracker, self._method, parent if parent and is_traceparent(parent) else "")
        self._tokens: list[Token[_ambient.Ambient]] = []

    def begin(self) -> None:
        """The request is about to be answered."""
        self._tokens.append(enter_request(self._request))
        self._span.begin()

    def end(self, status: int | None, error: BaseException | None = None) -> None:
        """It was answered with this status, or ended by an exception."""
        route = _quietly(self._route)
        attributes: dict[str, Any] = {"http.request.method": self._method}
        if route:
            self._span.update_name(f"{self._method} {route}")
            attributes["http.route"] = route
        if status is None and error is not None:
            status = _SERVER_ERROR
        if status is not None:
            attributes["http.response.status_code"] = status
            if status >= _SERVER_ERROR:
                self._span.set_status("error")
        for name, value in attributes.items():
            self._span.set_attribute(name, value)
        self._span.end(error)
        if self._span.duration_s:
            self._tracker.measure("histogram", _DURATION, self._span.duration_s, unit="s", attributes=attributes)
        while self._tokens:
            leave_request(self._tokens.pop())


def tracker_span(tracker: Any, name: str, parent: str) -> Span:
    """A server's span, which belongs to its caller's trace and to none that happens to be open here."""
    return Span(tracker, name, kind="server", parent=parent)


def _quietly(find: Callable[[], str | None]) -> str | None:
    """A route, or nothing where the framework has none, or fails to say it."""
    try:
        return find()
    except Exception:
        return None
