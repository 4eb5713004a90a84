"""Finds whoever may be among the closest, or near enough, in blocks: its memory does not grow with the templates.

A block of templates is compared with all probes by one matrix product. Of its similarities only those are kept that may
still matter: the ones within rounding of the bound, which is how similar the last one to be reported is at least. It
only rises, because more templates only bring an identity closer; so nothing that was dropped would have come back. It
never rises above the similarity from which on everybody is reported.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Rows
from gallery.domain.vectors import aimless

SLACK = 1e-5
"""More than twice the rounding of the float32 product of two directions: measured below 1e-6 at 128 and 2622 values."""
FIRST = 64
"""Rows compared first: of these all similarities are looked at, and they give the first bound."""
BLOCK = 32768
"""Rows compared at once. Measured: the product is as fast from 8,192 on where the cores are free, and where they are
not, fewer and larger products wait less for each other's threads. With 64 probes their similarities are 8 MB."""
PENDING = 32
"""Similarities for each probe that are kept before the bound is raised by them, and at least as many as there were."""

Similarities = NDArray[np.float32]
Factors = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """The vectors that probes are compared with.

    Attributes:
        vectors: `(N, D) float32`.
        factors: `(N,)` what makes each of length one, 0 for one without direction; None where all are.
        owners: `(N,)` for each the index of its identity.
        sizes: `(I,)` how many vectors each identity has.
        less: `(N,)` what is taken from each similarity; None for nothing.
    """

    vectors: Embeddings
    factors: Factors | None
    owners: Rows
    sizes: Rows
    less: NDArray[np.float32] | None = None

    def similarities(self, directions: Embeddings, start: int, stop: int, room: Similarities) -> Similarities:
        """Cosines of the angles with some of the vectors; -1 for what has no direction.

        Args:
            directions: `(P, D) float32` probes of length one.
            start: The first row.
            stop: Behind the last.
            room: `(at least stop - start, P) float32`, overwritten.

        Returns:
            `(stop - start, P)`. This way round the product is the fastest.
        """
        found = np.matmul(self.vectors[start:stop], directions.T, out=room[: stop - start])
        if self.factors is not None:
            found *= self.factors[start:stop, None]
            found[self.factors[start:stop] == 0] = -1
        if self.less is not None:
            found -= self.less[start:stop, None]
        return found

    def all_similarities(self, direction: Embeddings) -> Similarities:
        """`(N,)` of one probe `(1, D)` with all of them."""
        found = np.empty((len(self.vectors), 1), np.float32)
        for start in range(0, len(found), BLOCK):
            stop = min(start + BLOCK, len(found))
            self.similarities(direction, start, stop, found[start:stop])
        found[:, aimless(direction)] = -1
        return found[:, 0]


@dataclass(frozen=True, slots=True, eq=False)
class Near:
    """Similarities that may matter, ordered by probe, then by identity, the largest first.

    Attributes:
        probes: `(K,)` of each the probe.
        rows: `(K,)` and the vector.
        values: `(K,)` the similarity.
        starts: `(G,)` where the similarities of one probe with one identity begin.
        fused: `(G,)` how similar that identity is at least, by what is known.
        hopeful: `(G,)` whether it may be among the closest.
    """

    probes: Rows
    rows: Rows
    values: Similarities
    starts: Rows
    fused: Similarities
    hopeful: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to find.

    Attributes:
        most: So many identities, the closest; fewer than there are.
        enough: And everybody who is at least so similar.
    """

    most: int
    enough: float = math.inf


@dataclass(frozen=True, slots=True)
class Steps:
    """How many rows are compared at once.

    Attributes:
        first: At first; it is doubled with every block.
        most: From then on.
    """

    first: int = FIRST
    most: int = BLOCK


def near(
    searched: Searched,
    directions: Embeddings,
    wanted: Wanted,
    second: bool,
    steps: Steps = Steps(),
) -> Near:
    """Whoever may be among the closest of each probe, or is similar enough.

    Args:
        searched: What the probes are compared with.
        directions: `(P, D) float32` of length one each.
        wanted: How many identities, and up to where all of them.
        second: Whether it is an identity's second closest vector that counts; where it has two, their mean; where it
            has one, that. Otherwise it is the closest.
        steps: The sizes of the blocks.
    """
    scan = _Scan(searched, wanted, second, np.full(len(directions), -np.inf, np.float32))
    room = np.empty((min(steps.most, len(searched.vectors)), len(directions)), np.float32)
    start, step = 0, min(steps.first, steps.most)
    while start < len(searched.vectors):
        stop = min(start + step, len(searched.vectors))
        scan.take(searched.similarities(directions, start, stop, room), start)
        start, step = stop, min(2 * step, steps.most)
    return scan.sifted()


class _Scan:
    """What is left of the blocks so far."""

    def __init__(self, searched: Searched, wanted: Wanted, second: bool, bounds: Similarities) -> None:
        self._owners, self._sizes = searched.owners, searched.sizes
        self._wanted, self._second, self._bounds = wanted, second, bounds
        self._kept: list[tuple[Rows, Rows, Similarities]] = []
        self._pending = self._sifted = 0

    def take(self, block: Similarities, start: int) -> None:
        """Keeps what may matter of a block whose first row is `start`."""
        rows, probes = np.divmod(np.flatnonzero(block >= self._bounds - 2 * SLACK), len(self._bounds))
        if len(rows):
            self._kept.append((probes, rows + start, block[rows, probes]))
            self._pending += len(rows)
        if self._pending >= max(PENDING * len(self._bounds), self._sifted):
            self.sifted()

    def sifted(self) -> Near:
        """Raises the bounds, and drops what lies below."""
        probes, rows, values = (np.concatenate(part) for part in zip(*self._kept, strict=True))
        owners = self._owners[rows]
        order = np.lexsort((-values, probes * len(self._sizes) + owners))
        probes, rows, values, owners = probes[order], rows[order], values[order], owners[order]
        new = np.append(True, (owners[1:] != owners[:-1]) | (probes[1:] != probes[:-1]))
        starts = np.flatnonzero(new)
        best, fused = values[starts], self._fused(values, starts, self._sizes[owners[starts]])
        self._raise(probes[starts], fused)
        bounds = self._bounds[probes]
        # Of two vectors the mean counts, and the second may lie anywhere below.
        at_most = np.where(self._sizes[owners[starts]] == 2, best, fused) if self._second else best
        hopeful = at_most >= bounds[starts] - SLACK
        kept = values >= bounds - 2 * SLACK
        self._kept = [(probes[kept], rows[kept], values[kept])]
        self._pending, self._sifted = 0, int(np.count_nonzero(kept))
        return Near(probes, rows, values, starts, fused, hopeful)

    def _fused(self, values: Similarities, starts: Rows, sizes: Rows) -> Similarities:
        """How similar an identity is at least; of no use where too few of its vectors have been met."""
        best = values[starts]
        if not self._second:
            return best
        several = np.diff(np.append(starts, len(values))) > 1
        second = np.full_like(best, -np.inf)
        second[several] = values[starts[several] + 1]
        return np.asarray(np.where(sizes == 1, best, np.where(sizes == 2, (best + second) / 2, second)), np.float32)

    def _raise(self, probes: Rows, fused: Similarities) -> None:
        """Each probe's bound is how similar the last identity to be reported is, of those that were met, or less."""
        order = np.lexsort((-fused, probes))
        count = np.bincount(probes, minlength=len(self._bounds))
        last = np.cumsum(count) - count + self._wanted.most - 1
        enough = count >= self._wanted.most
        raised = np.maximum(self._bounds[enough], fused[order][last[enough]])
        self._bounds[enough] = np.minimum(raised, self._wanted.enough)
