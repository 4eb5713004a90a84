"""Scoring attacks on redacted faces, and what weaker settings give away."""

from __future__ import annotations

import numpy as np
import pytest

from gallery.domain.models import Thresholds
from gallery.domain.redacting import MARGIN, SIZES, Attack, Embedded, attacks, given_away, score, sizes

LIMITS = Thresholds(0.3, 10.0, "made up")
AXES = np.eye(4, dtype=np.float32)


def test_faces_that_stay_as_they_are_are_always_found():
    result = score(AXES, AXES, LIMITS)

    assert (result.rank_one.hits, result.rank_one.trials) == (4, 4)
    assert (result.passing.hits, result.others.hits, result.others.trials) == (4, 0, 12)


def test_faces_that_are_all_the_same_are_never_found_though_all_pass():
    same = np.ones((5, 3), np.float32)
    result = score(same, same, LIMITS)

    assert result.rank_one.hits == 0
    assert (result.passing.value, result.others.value) == (1, 1)


def test_both_thresholds_must_pass():
    assert score(AXES, 20 * AXES, LIMITS).passing.hits == 0
    assert score(AXES, 20 * AXES, LIMITS).rank_one.hits == 4


def test_each_attack_has_its_own_gallery():
    clear = Embedded(gallery=AXES, probes=np.roll(AXES, 1, axis=0))
    redacted = Embedded(gallery=np.roll(AXES, 2, axis=0), probes=AXES)
    found = {attack: result.rank_one.hits for attack, result in attacks(clear, redacted, LIMITS).items()}
    assert found == {Attack.CLEAR: 4, Attack.SAME: 0, Attack.ITSELF: 0}

    found = attacks(clear, Embedded(AXES, np.roll(AXES, 1, axis=0)), LIMITS)
    assert {attack: result.rank_one.hits for attack, result in found.items()} == {
        Attack.CLEAR: 0,
        Attack.SAME: 0,
        Attack.ITSELF: 4,
    }


@pytest.mark.parametrize(("probes", "gallery"), [(AXES[:1], AXES[:1]), (AXES, AXES[:3])])
def test_an_attack_needs_people_and_one_probe_of_each(probes, gallery):
    with pytest.raises(ValueError, match="make no attack"):
        score(probes, gallery, LIMITS)


def test_nothing_is_said_of_margins_that_are_no_smaller():
    assert given_away(None) == given_away(MARGIN) == given_away(1.0) == ""


def test_a_smaller_margin_says_what_it_gives_away():
    assert "below the default of 0.45" in given_away(0.25)
    assert "0.3 % would be chance" in given_away(0.0)


def test_sizes():
    assert sizes(()) == SIZES
    assert sizes((50, 60, 50)) == (50, 60)
