"""Removes the record of old runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gallery.domain.ports import Store
from gallery.domain.retention import too_old
from gallery.domain.runs import RunSummary


@dataclass(frozen=True, slots=True)
class PruneRuns:
    """The use case.

    Attributes:
        store: The gallery.
        by: Who does it, for the stubs; empty where that is not known.
        clock: Tells the time, in UTC.
    """

    store: Store
    by: str
    clock: Callable[[], datetime]

    def planned(self, limit: timedelta) -> list[RunSummary]:
        """The runs that ended longer ago than that, the oldest first."""
        return too_old(self.store.runs(), limit, self.clock())

    def __call__(self, runs: list[RunSummary]) -> None:
        """Removes their photos and decisions, and leaves a stub of each.

        Raises:
            TrailBroken: If the record does not fit the trail; nothing is removed.
        """
        if runs:
            self.store.prune([run.id for run in runs], self.by)
