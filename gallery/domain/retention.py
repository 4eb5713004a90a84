"""How long runs are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from gallery.domain.errors import BadArgument
from gallery.domain.runs import RunSummary

_DAYS = {"d": 1, "w": 7, "y": 365}
STILL_GOING_ON = timedelta(days=1)
"""A run that has not ended is taken for one that was cut off after this; nothing takes that long."""


def age(text: str) -> timedelta:
    """A span such as `90d`, `12w` or `2y`: days, weeks, years of 365 days.

    Raises:
        BadArgument: If it is none, or longer than there are dates.
    """
    found = re.fullmatch(r"([0-9]{1,5})([dwy])", text.strip().lower())
    if found is None:
        raise BadArgument(f"{text!r} is no age.", "Give days, weeks or years, as 90d, 12w or 2y.")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])


def too_old(runs: Iterable[RunSummary], limit: timedelta, now: datetime) -> list[RunSummary]:
    """The runs that ended longer ago than that and are not pruned; the oldest first.

    One that has not ended counts from its start, and at least a day: it may be going on.

    Args:
        runs: All runs.
        limit: How long they are kept.
        now: The moment.
    """
    found = []
    for run in runs:
        kept = limit if run.finished else max(limit, STILL_GOING_ON)
        if run.pruned is None and now - (run.finished or run.started) > kept:
            found.append(run)
    return sorted(found, key=lambda run: run.id)
