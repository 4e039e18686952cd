"""ASGI middleware, for Starlette, FastAPI and every other ASGI application; pure, so streams stay streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from scrubjay.integrations._http import Exchange, tracker_of

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class TelemetryMiddleware:
    """A span and a `RequestContext` for each HTTP request: `app.add_middleware(TelemetryMiddleware, tracker=tracker)`.

    Records that are tracked while a request is answered carry its id, route, address and user agent. The response says
    the request's id in `x-request-id`. Paths are not recorded, only the routes' patterns.
    """

    def __init__(self, app: App, tracker: Any = None) -> None:
        self._app = app
        self._tracker = tracker_of(tracker)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of the server's."""
        if scope["type"] != "http" or self._tracker.is_off():
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope.get("headers", ())}

        def header(name: str) -> str | None:
            value = headers.get(name.encode("latin-1"))
            return None if value is None else value.decode("latin-1")

        client = scope.get("client")
        exchange = Exchange(
            self._tracker,
            str(scope.get("method", "")),
            header,
            ip_address=client[0] if client else None,
            # The router writes it into the scope.
            route=lambda: getattr(scope.get("route"), "path", None),
        )
        status: int | None = None

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", exchange.request_id.encode("latin-1"))
                message = {**message, "headers": [*message.get("headers", ()), named]}
            await send(message)

        exchange.begin()
        try:
            await self._app(scope, receive, answer)
        except BaseException as error:
            exchange.end(status, error)
            raise
        exchange.end(status)
