"""Celery: each task is a span in the trace of whoever sent it, and a worker's processes deliver before they end."""

from __future__ import annotations

from typing import Any, Final

from celery import signals

from scrubjay import _exit
from scrubjay.integrations._http import tracker_of
from scrubjay.trace import TRACEPARENT, Span, inject, is_traceparent

#: Where a running task's span is kept.
_SPAN: Final = "_scrubjay_span"


class CeleryTelemetry:
    """Connects to Celery's signals, in the worker and in whoever sends tasks. `disconnect` ends that."""

    def __init__(self, tracker: Any = None) -> None:
        self._tracker = tracker_of(tracker)
        self._connected = (
            (signals.before_task_publish, self._publish),
            (signals.task_prerun, self._begin),
            (signals.task_postrun, self._end),
            (signals.task_failure, self._failed),
            (signals.worker_process_shutdown, self._leave),
        )
        for signal, receiver in self._connected:
            signal.connect(receiver, weak=False)

    def disconnect(self) -> None:
        """Lets go of the signals."""
        for signal, receiver in self._connected:
            signal.disconnect(receiver)

    def _publish(self, headers: Any = None, **_: Any) -> None:
        if isinstance(headers, dict):
            inject(headers)

    def _begin(self, task: Any = None, **_: Any) -> None:
        if self._tracker.is_off():
            return
        parent = getattr(task.request, TRACEPARENT, None)
        known = parent if isinstance(parent, str) and is_traceparent(parent) else ""
        attributes = {"messaging.system": "celery", "celery.task": task.name, "celery.retries": task.request.retries}
        span = Span(self._tracker, task.name, attributes, kind="consumer", parent=known)
        task.request.update({_SPAN: span.begin()})

    def _failed(self, sender: Any = None, exception: BaseException | None = None, **_: Any) -> None:
        span = getattr(sender.request, _SPAN, None)
        if span is not None and exception is not None:
            span.record_exception(exception).set_status("error", type(exception).__qualname__)

    def _end(self, task: Any = None, state: str | None = None, **_: Any) -> None:
        span = getattr(task.request, _SPAN, None)
        if span is not None:
            span.set_attribute("celery.state", state)
            span.end()

    def _leave(self, **_: Any) -> None:
        # Such processes end without `atexit`.
        _exit.leave_all()
