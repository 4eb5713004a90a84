"""Items that another thread brings, and that are given up on when they are too long in coming."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from typing import Generic, TypeVar

T = TypeVar("T")

_AHEAD = 16
"""Items that are fetched before they are asked for."""


class TooLate(Exception):
    """An item was too long in coming."""


def in_time(source: Callable[[], Generator[T]], seconds: float) -> Generator[T]:
    """The items of a generator, which runs in a thread of its own.

    Whatever it waits for, its reader does not wait longer than that for an item; a thread that is given up on ends with
    the process at the latest.

    Args:
        source: Makes the generator; it is closed in its thread.
        seconds: How long an item may take.

    Yields:
        Its items.

    Raises:
        TooLate: If one takes longer.
        Exception: Whatever the generator raises.
    """
    thread = _Thread(source)
    thread.start()
    try:
        while (item := thread.next(seconds)) is not None:
            yield item
    finally:
        thread.given_up.set()


class _Thread(threading.Thread, Generic[T]):
    """Brings the items of a generator until they end, or are given up on."""

    def __init__(self, source: Callable[[], Generator[T]]) -> None:
        super().__init__(daemon=True)
        self.given_up = threading.Event()
        self._source = source
        self._coming: queue.Queue[T | BaseException | None] = queue.Queue(_AHEAD)

    def run(self) -> None:
        try:
            with closing(self._source()) as items:
                for item in items:
                    self._put(item)
                    if self.given_up.is_set():
                        return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, item: T | BaseException | None) -> None:
        while not self.given_up.is_set():
            with suppress(queue.Full):
                self._coming.put(item, timeout=1)
                return

    def next(self, seconds: float) -> T | None:
        """The next item; None at the end."""
        try:
            item = self._coming.get(timeout=seconds)
        except queue.Empty:
            raise TooLate from None
        if isinstance(item, BaseException):
            raise item
        return item
