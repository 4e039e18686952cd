"""What a forked child does with what it inherits: locks that nobody will release, and a worker that is gone."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that must begin anew in a forked child."""

    def _begin_anew(self) -> None: ...


_objects: weakref.WeakSet[Forkable] = weakref.WeakSet()


def watch(thing: Forkable) -> None:
    """Lets `thing` begin anew in every child that is forked while it lives."""
    _objects.add(thing)


def _after_in_child() -> None:
    for thing in list(_objects):
        thing._begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_in_child)
