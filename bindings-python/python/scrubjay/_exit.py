"""How a process ends: trackers that nobody shut down deliver what they can, within one bound for all of them."""

from __future__ import annotations

import atexit
import sys
import time
from collections.abc import Iterable
from types import FrameType
from typing import Any, Final, Protocol

from scrubjay import _fork


class Leaving(Protocol):
    """Something that has to deliver before the end."""

    @property
    def exit_timeout(self) -> float:
        """Seconds that it may take."""
        ...

    def leave(self, deadline: float) -> None:
        """Ends by the time at which `time.monotonic()` says `deadline`."""
        ...


#: Held until shutdown, so that a tracker to which nobody refers any more still delivers what it captured.
_live: Final[set[Leaving]] = set()


class _Process:
    """This process, as a reference that `multiprocessing` keeps weakly."""

    hooked = False

    def _begin_anew(self) -> None:
        self.hooked = False
        _hook_multiprocessing()


_process: Final = _Process()


def hold(thing: Leaving) -> None:
    """Lets `thing` leave at the end of the process."""
    _live.add(thing)
    _hook_multiprocessing()


def let_go(thing: Leaving) -> None:
    """Forgets `thing`: it has left."""
    _live.discard(thing)


@atexit.register
def leave_all() -> None:
    """One deadline for all of them: the end is bounded, however many there are."""
    leaving = list(_live)
    deadline = time.monotonic() + max((thing.exit_timeout for thing in leaving), default=0.0)
    for thing in leaving:
        thing.leave(deadline)


def install_shutdown_hooks(signals: Iterable[int] | None = None) -> None:
    """Lets every tracker deliver when one of these signals, by default SIGTERM, ends the process without `atexit`.

    Never installed by itself: signals are the application's. A handler that is there already is called afterwards.
    To be called in the main thread.
    """
    import signal

    for number in (signal.SIGTERM,) if signals is None else signals:
        former = signal.getsignal(number)

        def handle(given: int, frame: FrameType | None, former: Any = former) -> None:
            leave_all()
            if callable(former):
                former(given, frame)
            elif former is not signal.SIG_IGN:
                signal.signal(given, signal.SIG_DFL)
                signal.raise_signal(given)

        signal.signal(number, handle)


def _hook_multiprocessing() -> None:
    """Children of `multiprocessing` end without `atexit`, but call what was registered with it in themselves."""
    util: Any = sys.modules.get("multiprocessing.util")
    if util is None or _process.hooked:
        return
    _process.hooked = True
    _finalize(util)
    # A child forgets what was registered so far before it begins, and then calls these.
    util.register_after_fork(_process, lambda _: _finalize(util))


def _finalize(util: Any) -> None:
    # A negative priority: after the process has waited for children of its own.
    util.Finalize(None, leave_all, exitpriority=-1)


_fork.watch(_process)
