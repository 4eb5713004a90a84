"""The largest values among rows of groups of any sizes, without a loop over the groups.

Rows are taken in slabs: the first row of every group, then the second of every group that has one, and so on. One step
of NumPy handles a slab. So that one huge group does not make for as many steps, groups longer than `LONGEST` are cut
into runs first, and the runs' results are grouped again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 16
"""Rows of a run."""

Rows = NDArray[np.intp]
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows of an array, grouped.

    Attributes:
        order: `(N,)` all rows, group by group, in each in ascending order.
        starts: `(G,)` where in `order` each group starts.
        sizes: `(G,)` rows of each group, each at least 1.
    """

    order: Rows
    starts: Rows
    sizes: Rows
    _steps: _Steps

    @classmethod
    def of(cls, owners: Rows, count: int) -> Groups:
        """Groups rows by whose they are.

        Args:
            owners: `(N,)` for each row its group, from 0 to below `count`.
            count: How many groups there are, none of them empty.
        """
        order = np.argsort(owners, kind="stable")
        sizes = np.bincount(owners, minlength=count).astype(np.intp)
        starts = np.cumsum(sizes) - sizes
        return cls(order, starts, sizes, _Steps.of(order, starts, sizes))

    def rows(self, group: int) -> Rows:
        """The rows of one group, ascending."""
        start = self.starts[group]
        return self.order[start : start + self.sizes[group]]

    def largest(self, values: Values) -> Values:
        """The largest of each group.

        Args:
            values: `(N, P) float32`.

        Returns:
            `(G, P) float32`.
        """
        return self._steps.largest(values)

    def two_largest(self, values: Values) -> tuple[Values, Values]:
        """The largest and the second largest of each group.

        Args:
            values: `(N, P) float32`.

        Returns:
            Twice `(G, P) float32`; the second is -inf in a group of one row.
        """
        return self._steps.two_largest(values, None)


def slabs(order: Rows, starts: Rows, sizes: Rows) -> tuple[Rows, list[Rows]]:
    """First rows, second rows and so on.

    Args:
        order: All rows, group by group.
        starts: `(G,)` where in `order` each group starts.
        sizes: `(G,)` rows of each, at least 1.

    Returns:
        The groups from the largest down, and the slabs: the n-th slab holds the n-th row of each of those groups that
        has one, so that it belongs to the first of them.
    """
    by_size = np.argsort(-sizes, kind="stable")
    return by_size, list(_slabs(order, starts[by_size], sizes[by_size]))


def _slabs(order: Rows, starts: Rows, sizes: Rows) -> Iterator[Rows]:
    for step in range(int(sizes[0]) if len(sizes) else 0):
        long_enough = int(np.searchsorted(-sizes, -step, side="left"))
        yield order[starts[:long_enough] + step]


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """How to go through groups; `then` goes through the results of their runs."""

    slabs: list[Rows]
    place: Rows
    then: _Steps | None

    @classmethod
    def of(cls, order: Rows, starts: Rows, sizes: Rows) -> _Steps:
        runs = -(-sizes // LONGEST)
        group = np.repeat(np.arange(len(sizes)), runs)
        first = np.cumsum(runs) - runs
        offset = (np.arange(len(group)) - first[group]) * LONGEST
        by_size, found = slabs(order, starts[group] + offset, np.minimum(LONGEST, sizes[group] - offset))
        place = np.empty(len(group), np.intp)
        place[by_size] = np.arange(len(group))
        return cls(found, place, cls.of(place, first, runs) if len(group) > len(sizes) else None)

    def largest(self, values: Values) -> Values:
        found = values[self.slabs[0]]
        for slab in self.slabs[1:]:
            top = found[: len(slab)]
            np.maximum(top, values[slab], out=top)
        return found[self.place] if self.then is None else self.then.largest(found)

    def two_largest(self, values: Values, seconds: Values | None) -> tuple[Values, Values]:
        found = values[self.slabs[0]]
        second = np.full_like(found, -np.inf) if seconds is None else seconds[self.slabs[0]]
        for slab in self.slabs[1:]:
            more, top, below = values[slab], found[: len(slab)], second[: len(slab)]
            np.maximum(below, np.minimum(top, more), out=below)
            np.maximum(top, more, out=top)
            if seconds is not None:
                np.maximum(below, seconds[slab], out=below)
        return (found[self.place], second[self.place]) if self.then is None else self.then.two_largest(found, second)
