"""People in a gallery who are closer to each other than its limits allow: brothers and sisters, twins."""

from __future__ import annotations

import numpy as np

from gallery.domain.cohorts import normalised
from gallery.domain.deciding import Policy
from gallery.domain.grouping import Rows
from gallery.domain.matching import Whitelist
from gallery.domain.searching import SLACK
from gallery.domain.vectors import pair_distances

MOST = 20_000
"""Templates up to which all pairs are compared when a run begins, within a second or two."""
AT_ONCE = 1024
"""Templates compared with all others at once."""


def look_alikes(whitelist: Whitelist, policy: Policy) -> frozenset[frozenset[str]]:
    """Pairs of people any of whose references match each other within the lax limits.

    Args:
        whitelist: All templates.
        policy: The rules' numbers.

    Returns:
        The pairs by name; none in a gallery of more than `MOST` templates.
    """
    if len(whitelist) > MOST:
        return frozenset()
    found: set[frozenset[str]] = set()
    for start in range(0, len(whitelist), AT_ONCE):
        similarity = whitelist.directions[start : start + AT_ONCE] @ whitelist.directions.T
        rows, columns = np.nonzero(similarity >= 1 - policy.widest - SLACK)
        rows += start
        apart = (whitelist.owners[rows] != whitelist.owners[columns]) & (rows < columns)
        found |= _matching(whitelist, rows[apart], columns[apart], policy)
    return frozenset(found)


def _matching(whitelist: Whitelist, rows: Rows, columns: Rows, policy: Policy) -> set[frozenset[str]]:
    cosine, euclidean = pair_distances(whitelist.templates, rows, whitelist.templates, columns)
    alike = np.ones(len(rows), np.bool_)
    if policy.scores is not None and whitelist.standing is not None:
        alike = normalised(cosine, whitelist.standing[rows], whitelist.standing[columns]) >= policy.scores.lax
    found = set()
    for place in np.flatnonzero(alike):
        one, other = (whitelist.names[whitelist.owners[side[place]]] for side in (rows, columns))
        limits = policy.limit(one), policy.limit(other)
        if any(cosine[place] <= limit.cosine and euclidean[place] <= limit.euclidean for limit in limits):
            found.add(frozenset((one, other)))
    return found
