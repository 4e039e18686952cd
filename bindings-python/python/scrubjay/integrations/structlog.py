"""structlog: a processor that captures each event and passes it on; put it before the renderer."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

from scrubjay.integrations._http import tracker_of
from scrubjay.integrations.logging import EVENT_TYPE

#: structlog's names of levels, where they are not the record's.
_LEVELS: Final = {"warn": "warning", "critical": "fatal", "exception": "error", "notset": "debug"}
#: What becomes a member of its own.
_OWN: Final = frozenset(("event", "level", "logger", "timestamp", "exc_info"))


class TelemetryProcessor:
    """Captures events as `telemetry_log_v1`; never raises, and changes nothing of what it passes on."""

    def __init__(self, tracker: Any = None, component: str = "app") -> None:
        self._tracker = tracker_of(tracker)
        self._component = component

    def __call__(self, logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """One event, as structlog calls its processors."""
        name = event_dict.get("logger") or getattr(logger, "name", None) or self._component
        level = str(event_dict.get("level", method_name))
        metadata = {str(key): value for key, value in event_dict.items() if key not in _OWN}
        error = event_dict.get("exc_info")
        if isinstance(error, tuple) and len(error) > 1:
            error = error[1]
        elif error is True:
            import sys

            error = sys.exc_info()[1]
        if isinstance(error, BaseException):
            metadata["exception.type"] = type(error).__qualname__
            metadata["exception.message"] = str(error)
        self._tracker.track_record(
            {
                "schema": "telemetry_log_v1",
                "component": str(name),
                "level": _LEVELS.get(level, level),
                "message": str(event_dict.get("event", "")),
                "event_type": EVENT_TYPE,
                "feature_flag_context": {},
                "metadata": metadata,
            }
        )
        return event_dict
