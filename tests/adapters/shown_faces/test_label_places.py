"""Where labels go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gallery.adapters.shown_faces.label_places import Places
from gallery.domain.geometry import Box

PICTURE = Box(0, 0, 400, 300)


def test_a_lone_face_has_its_label_below():
    place = Places(400, 300, [Box(100, 100, 50, 60)]).best(0, 80, 20)
    assert place.clear
    assert place.box == Box(100, 160, 80, 20)


def test_at_the_lower_edge_it_goes_above():
    place = Places(400, 300, [Box(100, 240, 50, 60)]).best(0, 80, 20)
    assert place.clear
    assert place.box == Box(100, 220, 80, 20)


def test_a_face_that_fills_the_picture_carries_it_on_its_edge():
    place = Places(400, 300, [PICTURE]).best(0, 80, 20)
    assert place.clear
    assert place.box.bottom == 300


def test_it_keeps_off_other_faces_and_labels():
    faces = [Box(100, 100, 50, 60), Box(90, 165, 80, 60)]
    places = Places(400, 300, faces)
    first = places.best(0, 60, 20)
    assert first.clear
    assert first.box.intersect(faces[1]) is None
    places.take(first.box)
    second = places.best(0, 60, 20)
    assert second.clear
    assert second.box.intersect(first.box) is None


def test_no_room_is_said():
    walls = [Box(x, y, 40, 30) for x in range(0, 400, 40) for y in range(0, 300, 30)]
    place = Places(400, 300, walls).best(35, 60, 20)
    assert not place.clear
    assert Places(400, 300, walls).best(35, 401, 20) is None


@given(
    st.lists(
        st.builds(Box, st.integers(0, 380), st.integers(0, 280), st.integers(1, 20), st.integers(1, 20)), min_size=1
    ),
    st.integers(1, 400),
    st.integers(1, 300),
)
def test_a_place_is_inside_and_clear_ones_cover_nothing(faces, width, height):
    places, taken = Places(400, 300, faces), []
    for index in range(len(faces)):
        place = places.best(index, width, height)
        assert (place.box.width, place.box.height) == (width, height)
        assert place.box.clip(400, 300) == place.box
        if place.clear:
            others = [face for other, face in enumerate(faces) if other != index] + taken
            assert all(place.box.intersect(other) is None for other in others)
        places.take(place.box)
        taken.append(place.box)
