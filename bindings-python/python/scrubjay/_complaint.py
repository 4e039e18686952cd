"""Trouble that must not reach the host: counted always, said once."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from scrubjay import _fork

if TYPE_CHECKING:
    import logging

#: R1 names this logger for whoever debugs telemetry.
LOGGER: Final = "telemetry"


def logger() -> logging.Logger:
    """The logger of that name; `logging` is imported when there is something to say."""
    import logging

    return logging.getLogger(LOGGER)


def warn(lines: list[str]) -> None:
    """Says lines of the engine, which limits their rate, through the logger `telemetry`."""
    # A handler of the host may raise; telemetry must not.
    with contextlib.suppress(Exception):
        for line in lines:
            logger().warning("%s", line)


class Complaint:
    """One kind of trouble of one object."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._begin_anew()
        _fork.watch(self)

    def add(self, why: str, count: int = 1) -> None:
        """Counts; the first time, says `why` (which quotes no user value) through the logger `telemetry`."""
        with self._lock:
            first = self.count == 0
            self.count += count
        if first:
            # A handler of the host may raise; telemetry must not.
            with contextlib.suppress(Exception):
                logger().warning("%s: %s; further ones are only counted, see stats()", self._what, why)

    def _begin_anew(self) -> None:
        self.count = 0
        self._lock = threading.Lock()
