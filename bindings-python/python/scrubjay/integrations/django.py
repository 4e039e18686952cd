"""Django middleware, sync and async: `"scrubjay.integrations.django.TelemetryMiddleware"` first in `MIDDLEWARE`.

The tracker is the setting `SCRUBJAY_TRACKER`, or the program's client (`scrubjay.init`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings

from scrubjay.integrations._http import REQUEST_ID, Exchange, tracker_of


class TelemetryMiddleware:
    """A span and a `RequestContext` for each request; records that are tracked meanwhile carry it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        """One request; of an asynchronous application, what is to be awaited."""
        tracker = tracker_of(getattr(settings, "SCRUBJAY_TRACKER", None))
        if tracker.is_off():
            return self._get_response(request)
        exchange = _exchange(tracker, request)
        if self._is_async:
            return self._answer(exchange, request)
        exchange.begin()
        try:
            response = self._get_response(request)
        except BaseException as error:
            exchange.end(None, error)
            raise
        return _end(exchange, request, response)

    async def _answer(self, exchange: Exchange, request: Any) -> Any:
        exchange.begin()
        try:
            response = await self._get_response(request)
        except BaseException as error:
            exchange.end(None, error)
            raise
        return _end(exchange, request, response)

    def process_exception(self, request: Any, error: Exception) -> None:
        """Django turns what a view raises into a response before the middleware could see it."""
        request._scrubjay_error = error


def _exchange(tracker: Any, request: Any) -> Exchange:
    def route() -> str | None:
        match = request.resolver_match
        return "/" + match.route.lstrip("^/") if match is not None else None

    return Exchange(
        tracker, request.method or "", request.headers.get, ip_address=request.META.get("REMOTE_ADDR"), route=route
    )


def _end(exchange: Exchange, request: Any, response: Any) -> Any:
    exchange.end(response.status_code, getattr(request, "_scrubjay_error", None))
    response.headers[REQUEST_ID] = exchange.request_id
    return response
