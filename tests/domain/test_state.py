"""The hash of all that decisions rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.geometry import Box
from gallery.domain.matching import Whitelist
from gallery.domain.state import people_hash, state_hash

WORD = Override(1, "0" * 64, Box(1, 2, 3, 4), Verdict.KEEP, "a.jpg", "me", datetime(2026, 1, 1, tzinfo=UTC))


def whitelist(**changed) -> Whitelist:
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    both = Whitelist(("Ada", "Grace"), np.array([0, 0, 1]), np.array([1, 2, 3]), vectors)
    return replace(both, **changed)


def test_the_same_people_have_the_same_hash():
    assert people_hash(whitelist()) == people_hash(whitelist())


@pytest.mark.parametrize(
    "changed",
    [
        {"names": ("Ada", "Bob")},
        {"owners": np.array([0, 1, 1])},
        {"references": np.array([1, 2, 4])},
        {"templates": np.ones((3, 2), np.float32)},
        {"withheld": {"Ada": None}},
        {"withheld": {"Ada": date(2026, 1, 1)}},
    ],
)
def test_every_change_of_the_people_changes_it(changed):
    assert people_hash(whitelist(**changed)) != people_hash(whitelist())


@pytest.mark.parametrize(
    "words", [(WORD,), (replace(WORD, verdict=Verdict.BLUR),), (replace(WORD, box=Box(1, 2, 3, 5)),), (WORD, WORD)]
)
def test_every_word_on_a_photo_changes_it(words):
    others = [(), (WORD,), (WORD, WORD)]
    assert sum(state_hash("x", words) == state_hash("x", other) for other in others) <= 1
    assert state_hash("x", words) != state_hash("y", words)


def test_the_order_of_words_does_not_matter():
    other = replace(WORD, verdict=Verdict.BLUR)
    assert state_hash("x", (WORD, other)) == state_hash("x", (other, WORD))
