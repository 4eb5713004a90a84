"""A graph of templates (HNSW, Malkov and Yashunin 2016) that names a probe's nearest without looking at all of them.

It lives in memory only, and for one run only: an index in a file would be a second copy of the templates, which
encryption, `gallery forget` and backups would have to know of.
"""

from __future__ import annotations

import numpy as np

from gallery.domain.faces import Embeddings
from gallery.domain.grouping import Rows
from gallery.domain.matching import Whitelist

NEAREST = 10
"""Templates named for each probe."""
LINKS, CARE = 16, 64
"""Links of each template, and how many are weighed for them. Measured in `tests/benchmarks/bench_scale_large.py`."""
LOOKS = 512
"""Templates that a search keeps in view. With 64, 11 % of those who match would be missed among 1,000,000 made-up
templates, with 512 hardly anybody, in a fifth of the time of an exact search (the same benchmark)."""
AT_ONCE = 32768
"""Templates added at once."""


class UsearchShortlist:
    """Implements `gallery.domain.matching.Shortlist` by usearch (Apache-2.0), on all cores, in float16.

    Args:
        whitelist: The templates; those without direction are left out.
    """

    def __init__(self, whitelist: Whitelist) -> None:
        from usearch.index import Index

        self._index = Index(
            ndim=whitelist.templates.shape[1],
            metric="ip",
            dtype="f16",
            connectivity=LINKS,
            expansion_add=CARE,
            expansion_search=LOOKS,
        )
        for start in range(0, len(whitelist), AT_ONCE):
            self._add(whitelist, np.arange(start, min(start + AT_ONCE, len(whitelist))))

    def _add(self, whitelist: Whitelist, rows: Rows) -> None:
        vectors = whitelist.templates[rows]
        if whitelist.factors is not None:
            factors = whitelist.factors[rows]
            vectors, rows = (vectors * factors[:, None])[factors > 0], rows[factors > 0]
        if len(rows):
            self._index.add(rows.astype(np.uint64), vectors)

    def nearest(self, directions: Embeddings) -> list[Rows]:
        """For each probe the rows of some templates that are most likely its nearest."""
        if not len(self._index):
            return [np.zeros(0, np.intp) for _ in directions]
        found = self._index.search(directions, NEAREST)
        keys, counts = found.keys, found.counts
        return [row[:count].astype(np.intp) for row, count in zip(keys, counts, strict=True)]
