"""Work on several things at once, with the results in the order of the things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 2
"""Things per thread that are begun before the first of them is taken: one at work, one waiting."""


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """One thing to do.

    Attributes:
        work: Does it, in a thread of its own; it handles its own errors.
        size: How much room it takes until its result has been taken.
    """

    work: Callable[[], T]
    size: int


def in_order(
    jobs: Iterable[Job[T]],
    threads: int,
    room: int,
    stopped: Callable[[], bool],
    abandon: Callable[[T], None],
) -> Generator[T]:
    """Does jobs side by side and gives their results in the order of the jobs.

    Only so many are begun ahead that their sizes fit into the room, so memory stays flat however many there are; a job
    larger than the room is done by itself. Once it is stopped, no job is begun any more; those at work are finished
    and given.

    Args:
        jobs: Taken one by one, in the thread that asks for the results.
        threads: How many are at work at once.
        room: What the sizes of all that are begun may come to.
        stopped: Whether no further job is to be begun.
        abandon: Is given the results of jobs that were begun and will not be taken, because the taker failed.
    """
    waiting: deque[tuple[Future[T], int]] = deque()
    used = 0
    with ThreadPoolExecutor(threads, thread_name_prefix="photo") as pool:
        try:
            for job in jobs:
                while waiting and (len(waiting) >= AHEAD * threads or used + job.size > room) and not stopped():
                    yield waiting[0][0].result()
                    used -= waiting.popleft()[1]
                if stopped():
                    break
                waiting.append((pool.submit(job.work), job.size))
                used += job.size
            while waiting:
                if stopped():
                    _cancel_what_has_not_begun(waiting)
                    if not waiting:
                        break
                yield waiting[0][0].result()
                waiting.popleft()
        finally:
            _abandon(waiting, abandon)


def _cancel_what_has_not_begun(waiting: deque[tuple[Future[T], int]]) -> None:
    """From the last one, so that what is left is a beginning of the jobs."""
    while waiting and waiting[-1][0].cancel():
        waiting.pop()


def _abandon(waiting: deque[tuple[Future[T], int]], abandon: Callable[[T], None]) -> None:
    for future, _ in reversed(waiting):
        future.cancel()
    for future, _ in waiting:
        try:
            result = future.result()
        except (CancelledError, Exception):  # noqa: S112 - the taker's own error is the one to be told
            continue
        abandon(result)
