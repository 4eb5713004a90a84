"""One hash of all that decisions rest on, so that a later run knows whether it would decide alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.matching import Whitelist


def people_hash(whitelist: Whitelist) -> str:
    """SHA-256 of the whitelist: names, templates, whose they are, and who is withheld."""
    withheld = sorted((name, str(end)) for name, end in whitelist.withheld.items())
    found = sha256(json.dumps([whitelist.names, withheld]).encode())
    for part in (whitelist.owners.astype("<i8"), whitelist.references.astype("<i8"), whitelist.templates):
        found.update(np.ascontiguousarray(part).data)
    return found.hexdigest()


def state_hash(people: str, overrides: Sequence[Override]) -> str:
    """SHA-256 of the people and of what was decided by hand on one photo.

    Args:
        people: As `people_hash` gives it.
        overrides: Those on the photo.
    """
    words = sorted(_word(word) for word in overrides)
    return sha256(json.dumps([people, words]).encode()).hexdigest()


def _word(word: Override) -> list[Any]:
    """What a manual decision does: one that keeps a face does so for somebody, as long as they may stay visible."""
    whom = [word.keeps, word.ended] if word.verdict is Verdict.KEEP else []
    return [word.box.as_list(), word.verdict.value, word.made.isoformat(), word.by, *map(str, whom)]
