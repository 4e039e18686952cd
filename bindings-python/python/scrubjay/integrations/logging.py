"""`logging`: records of the standard library's loggers as `telemetry_log_v1`."""

from __future__ import annotations

import contextvars
import logging
from typing import Any, Final

from scrubjay._complaint import LOGGER
from scrubjay.integrations._http import tracker_of

#: What kind of thing happened, where a logger does not say it: something was logged.
EVENT_TYPE: Final = "log"
#: The record's levels, by the least number that `logging` gives them.
_LEVELS: Final = (
    (logging.CRITICAL, "fatal"),
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
)
#: What every `LogRecord` has; anything else was given by the caller as `extra`.
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
#: While a record is handed over: what is logged meanwhile, by us or by values that are looked at, is not.
_inside: Final[contextvars.ContextVar[bool]] = contextvars.ContextVar("scrubjay_logging", default=False)


class TelemetryHandler(logging.Handler):
    """Captures what is logged: message, level, logger, `extra`, and the type and message of an exception.

    Never raises and never recurses: what the tracker itself logs, through `telemetry`, goes elsewhere.
    """

    def __init__(self, tracker: Any = None, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._tracker = tracker_of(tracker)

    def emit(self, record: logging.LogRecord) -> None:
        """Captures one record."""
        if _inside.get() or record.name == LOGGER or record.name.startswith(f"{LOGGER}."):
            return
        token = _inside.set(True)
        try:
            made = log_record(record)
        except Exception:
            # As every handler of the standard library does.
            self.handleError(record)
        else:
            self._tracker.track_record(made)
        finally:
            _inside.reset(token)


def level_of(number: int) -> str:
    """The record's word for a level of `logging`."""
    return next((word for least, word in _LEVELS if number >= least), "debug")


def log_record(record: logging.LogRecord) -> dict[str, Any]:
    """A record of `logging` as a record of ours, before it is scrubbed."""
    metadata = {name: value for name, value in vars(record).items() if name not in _OWN and _is_plain(value)}
    metadata["code.function"] = record.funcName
    metadata["code.lineno"] = record.lineno
    if record.exc_info and record.exc_info[0] is not None:
        metadata["exception.type"] = record.exc_info[0].__qualname__
        metadata["exception.message"] = str(record.exc_info[1])
    return {
        "schema": "telemetry_log_v1",
        "component": record.name,
        "level": level_of(record.levelno),
        "message": record.getMessage(),
        "event_type": EVENT_TYPE,
        "feature_flag_context": {},
        "metadata": metadata,
    }


def _is_plain(value: object) -> bool:
    """Whether it can be written: `extra` may hold requests, sockets and other things that are no data."""
    return value is None or isinstance(value, str | int | float | bool | list | tuple | dict)
