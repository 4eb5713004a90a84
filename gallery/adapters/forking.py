"""What a process has to make for itself after it was forked from another: threads, locks, connections.

Only the thread that forks lives on in the child. A pool's threads are gone there, so whoever waits for them waits for
ever; a lock that another thread held is never released; and a connection to a database must not be used by two
processes. Multiprocessing forks by default on Linux, and so do servers that load their models first.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

_begun: weakref.WeakSet[ForkAware] = weakref.WeakSet()
_kept: list[Any] = []


class ForkAware:
    """Something that begins again in a forked child."""

    def __init__(self) -> None:
        _begun.add(self)
        self.begin()

    def before_fork(self) -> None:
        """Called in the parent, right before it forks."""

    def begin(self) -> None:
        """Makes what belongs to one process alone; called when it is made, and in a forked child.

        What was there before must not be freed in the child, which could wait for the parent's threads: see `keep`.
        """
        raise NotImplementedError


class ForkedLock(ForkAware):
    """A lock that is free in a forked child, whichever thread of the parent held it."""

    def begin(self) -> None:
        """Makes the lock."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def keep(*things: Any) -> None:
    """Keeps the parent's things alive in the child, where freeing them would wait for threads that are not there."""
    _kept.extend(thing for thing in things if thing is not None)


def in_every_child(action: Callable[[], None]) -> None:
    """Does something first thing in every forked child, before Python code goes on there."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=action)


def _begin_again() -> None:
    for thing in list(_begun):
        thing.begin()


def _before_fork() -> None:
    for thing in list(_begun):
        thing.before_fork()


in_every_child(_begin_again)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
