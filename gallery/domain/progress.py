"""How those who wait are told how far something has come."""

from __future__ import annotations

from collections.abc import Callable

Advance = Callable[[int, int], None]
"""Is told how many are done, and how many there are."""


def unwatched(_done: int, _all: int) -> None:
    """For whom nobody waits."""
