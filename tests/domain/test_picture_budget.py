"""However many photos there are, their pictures fit into the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.picture_budget import LARGEST, LEAST, MOST, ROOM, SMALLEST, plan


@given(st.integers(0, 10**6), st.integers(1, 2), st.integers(0, 10**8))
def test_the_pictures_fit_into_the_room(photos, each, room):
    planned = plan(photos, each, room)
    assert planned.photos * each * planned.fit.size <= room
    assert planned.photos <= photos
    assert SMALLEST <= planned.fit.side <= LARGEST
    assert LEAST <= planned.fit.size <= MOST


def test_few_photos_are_large_many_are_small_and_too_many_go_without():
    assert plan(10).fit.side == LARGEST
    thousand = plan(1000)
    assert thousand.photos == 1000
    assert 300 < thousand.fit.side < 500
    assert plan(1000, 2).fit.side < thousand.fit.side
    assert plan(10_000).photos == ROOM // LEAST


@pytest.mark.parametrize("words", [(-1,), (1, 0), (1, 1, -1)])
def test_nonsense_is_refused(words):
    with pytest.raises(ValueError, match="no plan"):
        plan(*words)
