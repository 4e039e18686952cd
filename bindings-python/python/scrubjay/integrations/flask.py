"""Flask extension: `Telemetry(app, tracker)`, or `telemetry = Telemetry()` and `telemetry.init_app(app)`."""

from __future__ import annotations

from typing import Any

from flask import g, request
from flask.signals import got_request_exception

from scrubjay.integrations._http import REQUEST_ID, Exchange, tracker_of


class Telemetry:
    """A span and a `RequestContext` for each request; records that are tracked meanwhile carry it."""

    def __init__(self, app: Any = None, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Any) -> None:
        """Watches the application's requests."""
        app.before_request(self._begin)
        app.after_request(self._answered)
        app.teardown_request(self._end)
        # Flask turns what a view raises into a response; only this signal still has it.
        got_request_exception.connect(_remember, app)
        app.extensions["scrubjay"] = self

    def _begin(self) -> None:
        if self._tracker.is_off():
            return
        g.scrubjay = Exchange(
            self._tracker,
            request.method,
            request.headers.get,
            ip_address=request.remote_addr,
            route=_route_of(request._get_current_object()),
        )
        g.scrubjay.begin()

    def _answered(self, response: Any) -> Any:
        exchange = g.get("scrubjay")
        if exchange is not None:
            g.scrubjay_status = response.status_code
            response.headers[REQUEST_ID] = exchange.request_id
        return response

    def _end(self, error: BaseException | None) -> None:
        exchange = g.pop("scrubjay", None)
        if exchange is not None:
            exchange.end(g.pop("scrubjay_status", None), error or g.pop("scrubjay_error", None))


def _route_of(answered: Any) -> Any:
    return lambda: None if answered.url_rule is None else answered.url_rule.rule


def _remember(_sender: Any, exception: BaseException, **_: Any) -> None:
    g.scrubjay_error = exception
