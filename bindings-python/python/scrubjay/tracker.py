"""Sends records to a collector from a bounded queue: never blocks the host, never raises into it."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, cast

from scrubjay import _ambient, _exit, _fork, _native
from scrubjay._complaint import warn
from scrubjay._control import Controlled
from scrubjay._instruments import Instrumented
from scrubjay._json import config_text, plain
from scrubjay._recorder import Recorder, complain, declared_by

if TYPE_CHECKING:
    from pathlib import Path

    from scrubjay._native import CheckedOutcome
    from scrubjay._types import Config, Stats

#: Seconds that leaving a `with` block, or the interpreter, may take: a host that hangs is worse than a lost record.
EXIT_TIMEOUT: Final = 1.0
#: Seconds between two looks of a coroutine whether all was delivered: at first, and at most.
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1
#: Seconds (a day). Longer waits are cut to this; infinity has no count of milliseconds.
_MAX_TIMEOUT: Final = 86_400.0


class Tracker(Controlled, Instrumented, Recorder):
    """Captures records and delivers them from one background thread, which the first record starts.

    Off unless turned on: by `{"client": {"enabled": True, "endpoint": "https://…"}}`, by `TELEMETRY_ENABLED` and
    `TELEMETRY_ENDPOINT`, by a configuration file, or by the user (`opt_in`). Any "off" wins over all of them:
    `DO_NOT_TRACK`, `OTEL_SDK_DISABLED`, the configuration, the user's consent file. What becomes of every record is in
    `stats()`. Leaving the `with` block flushes and shuts down within `exit_timeout` seconds; so does the end of
    the interpreter for trackers that nobody shut down.

    Raises `ScrubjayError` (`config_invalid`, `config_unknown_key`) for a wrong configuration, and nothing later.
    """

    def __init__(self, config: Config = None, *, exit_timeout: float = EXIT_TIMEOUT) -> None:
        super().__init__()
        self.exit_timeout: Final = exit_timeout
        """Seconds that leaving may take."""
        # The callable refers to no tracker: the client would keep one alive that holds the client.
        refused = functools.partial(complain, self._unwritable)
        self._client = _native.Client(config_text(config), plain, refused, _ambient.merged, warn)
        if type(self).track is Tracker.track:
            # The interpreter then calls the native method at once, at half the cost.
            self.__dict__["track"] = self._client.track
        if type(self).track_checked is Tracker.track_checked:
            self.__dict__["track_checked"] = self._client.track_checked
        _exit.hold(self)
        _fork.watch(self)

    @classmethod
    def from_file(cls, path: str | Path, *, exit_timeout: float = EXIT_TIMEOUT) -> Tracker:
        """A tracker of the configuration in a JSON file. Raises OSError where the file cannot be read."""
        from pathlib import Path

        return cls(Path(path).read_text(encoding="utf-8"), exit_timeout=exit_timeout)

    @declared_by(Recorder.track)
    def track(self, *args: Any, **kwargs: Any) -> bool:
        """Does what `Recorder.track` says."""
        return self._client.track(*args, **kwargs)

    @declared_by(Recorder.track)
    def track_checked(self, *args: Any, **kwargs: Any) -> CheckedOutcome:
        """Does what `Recorder.track_checked` says.

        The outcome reads like a dict; its members are made when first asked for more than the status. What wants a
        dict, as `json.dumps` does, gets one from `to_dict()`.
        """
        return self._client.track_checked(*args, **kwargs)

    def track_record(self, record: Mapping[str, Any]) -> bool:
        """`track` of a record of any kind, such as a metric or a span: a mapping of its members."""
        return self._client.track_record(_ambient.merged_record(record))

    def flush(self, timeout: float = 5.0) -> bool:
        """Waits up to `timeout` seconds; whether all that was captured before was delivered or finally dropped."""
        return self._client.flush(_milliseconds(timeout))

    def shutdown(self, timeout: float = EXIT_TIMEOUT) -> bool:
        """Ends capturing and delivers what it can within `timeout` seconds; whether nothing was left. Idempotent."""
        _exit.let_go(self)
        return self._client.shutdown(_milliseconds(timeout))

    @declared_by(Recorder.track)
    async def atrack(self, *args: Any, **kwargs: Any) -> bool:
        """`track` for coroutines: in durable mode the loop goes on until the record is on the disk.

        Those that are awaited at once share one sync. The record is captured when this is first awaited, and kept also
        where who awaits it is cancelled.
        """
        if not self._client.is_durable():
            return self.track(*args, **kwargs)
        from scrubjay import _later

        waiting = _later.here()
        number = self._client.track_async(waiting.tickets, *args, **kwargs)
        return False if number is None else await waiting.of(number)

    async def aflush(self, timeout: float = 5.0) -> bool:
        """`flush` for coroutines: the loop goes on meanwhile, and no thread is started for it."""
        import asyncio

        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        while not self.flush(0):
            if time.monotonic() + pause > deadline:
                return self.flush(0)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return True

    async def ashutdown(self, timeout: float = EXIT_TIMEOUT) -> bool:
        """`shutdown` for coroutines: delivers while the loop goes on; only the rest, if any, is left at once."""
        await self.aflush(timeout)
        return self.shutdown(0)

    def stats(self) -> Stats:
        """The books: `accepted == delivered + pending + sum(dropped.values())`."""
        stats = cast("Stats", json.loads(self._client.stats()))
        stats["not_captured"] += self._unwritable.count
        return stats

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave(time.monotonic() + self.exit_timeout)

    def leave(self, deadline: float) -> None:
        """`shutdown` until `time.monotonic()` says `deadline`."""
        # Not flushed first: that could take all the time, and leave none for the spool.
        self.shutdown(deadline - time.monotonic())

    def _begin_anew(self) -> None:
        # The native client sees by itself that it was forked, with its next call. A child may never make one, and would
        # keep the parent's place in the spool when that has died.
        self._client.after_fork()
        # The thread that looks for changes is not here.
        self._listen_anew()


def _milliseconds(seconds: float) -> int:
    # Written so that a NaN, which compares false, waits not at all.
    return int(min(seconds, _MAX_TIMEOUT) * 1_000) if seconds > 0 else 0
