"""How well one person's references fit each other."""

from __future__ import annotations

import numpy as np

from gallery.domain.matching import Candidate, Whitelist, candidates


def closest_others(whitelist: Whitelist, name: str) -> dict[int, Candidate]:
    """For each reference of a person, by number, the closest of their others; nothing where there is only one.

    Args:
        whitelist: All templates.
        name: As it is spelled on the whitelist.
    """
    if name not in whitelist.places:
        return {}
    own = whitelist.groups.rows(whitelist.places[name])
    found = {}
    for row in own:
        others = own[own != row]
        rest = Whitelist(
            (name,) if len(others) else (),
            np.zeros(len(others), np.intp),
            whitelist.references[others],
            whitelist.templates[others],
        )
        for best in candidates(whitelist.templates[row][None], rest, most=1)[0]:
            found[int(whitelist.references[row])] = best
    return found
