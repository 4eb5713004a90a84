"""Rows of an array by whose they are, and a way through all groups at once.

That goes in slabs: the first row of every group, then the second of every group that has one, and so on. One step of
NumPy handles a slab.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.intp]


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
        return cls(order, starts, sizes)

    def rows(self, group: int) -> Rows:
        """The rows of one group, ascending."""
        start = self.starts[group]
        return self.order[start : start + self.sizes[group]]


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
