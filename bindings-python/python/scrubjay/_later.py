"""Tells coroutines what became of their records, once an event loop for all of them.

The native library calls back nobody: a call from its thread into an interpreter that ends is a crash in waiting. So the
loop looks, as long as somebody waits.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Final

from scrubjay import _native

#: Seconds between two looks: about what a disk takes to sync.
_PAUSE: Final = 0.001


class Waiting:
    """What the coroutines of one event loop wait for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.tickets: Final = _native.Tickets()
        # Not held: the loop holds this, by the call that it is about to make.
        self._loop: Final = weakref.ref(loop)
        self._futures: Final[dict[int, asyncio.Future[bool]]] = {}

    def of(self, number: int) -> asyncio.Future[bool]:
        """What is told of a number."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        is_looking = bool(self._futures)
        self._futures[number] = future
        if not is_looking:
            self._look()
        return future

    def _look(self) -> None:
        for number, is_kept in self.tickets.take():
            future = self._futures.pop(number)
            # Who waited may have been cancelled; the record is kept all the same.
            if not future.done():
                future.set_result(is_kept)
        loop = self._loop()
        if self._futures and loop is not None:
            loop.call_later(_PAUSE, self._look)


_waiting: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Waiting] = weakref.WeakKeyDictionary()


def here() -> Waiting:
    """Of the loop that runs."""
    loop = asyncio.get_running_loop()
    waiting = _waiting.get(loop)
    if waiting is None:
        waiting = _waiting[loop] = Waiting(loop)
    return waiting
