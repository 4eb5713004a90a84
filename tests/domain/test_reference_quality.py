"""The verdict on a reference, on drawn faces of known pose."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Floors
from gallery.domain.reference_quality import BURNT, Flaw, Measures, flaws, limits_for, measure

WIDTH, HEIGHT = 400, 300
PHOTO = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
BOX = Box(150, 100, 100, 100)
CHIP = np.full((112, 112, 3), 128, np.uint8)
LIMITS = limits_for(Floors(size=16, sharpness=5.0))
GOOD = Measures(
    size=90, sharpness=130, brightness=130, contrast=35, burnt=0.01, outside=0.0, yaw=-12.0, roll=3.0, nose=0.56
)
SHAPE = np.array([(-1, -1, 0), (1, -1, 0), (0, 0.1, 1), (-0.8, 1, 0), (0.8, 1, 0)], float)
"""Eyes, nose and mouth in halves of the distance between the eyes; x to the right, y down, z towards the camera."""

angles = st.floats(-70, 70)


def landmarks(yaw: float = 0.0, roll: float = 0.0, unit: float = 20.0, x: float = 200.0, y: float = 150.0) -> Landmarks:
    """A face turned to the picture's right by `yaw` and then clockwise by `roll`, in degrees."""
    turn, tilt = math.radians(yaw), math.radians(roll)
    across = SHAPE[:, 0] * math.cos(turn) + SHAPE[:, 2] * math.sin(turn)
    points = unit * (across + 1j * SHAPE[:, 1]) * complex(math.cos(tilt), math.sin(tilt)) + complex(x, y)
    return Landmarks(*((point.real, point.imag) for point in points))


def measured(points: Landmarks | None, box: Box = BOX, chip: np.ndarray = CHIP) -> Measures:
    return measure(PHOTO, Detection(box, 0.9, points), chip, Quality(100, 130.0, True))


@given(angles, angles, st.floats(3, 40))
def test_the_pose_is_read_off_the_landmarks(yaw, roll, unit):
    found = measured(landmarks(yaw, roll, unit))

    assert found.yaw == pytest.approx(yaw, abs=1e-6)
    assert found.roll == pytest.approx(roll, abs=1e-6)
    assert found.nose == pytest.approx(0.55)


@given(angles, angles)
def test_a_mirror_turns_the_pose_round(yaw, roll):
    points = landmarks(yaw, roll)
    flipped = [(WIDTH - 1 - x, y) for x, y in points.as_tuple()]
    mirrored = Landmarks(flipped[1], flipped[0], flipped[2], flipped[4], flipped[3])

    before, after = measured(points), measured(mirrored)

    assert (after.yaw, after.roll) == (pytest.approx(-before.yaw, abs=1e-6), pytest.approx(-before.roll, abs=1e-6))
    assert after.nose == pytest.approx(before.nose)


@given(angles, st.floats(-15, 15), st.integers(-90, 90), st.integers(-60, 60))
def test_where_in_the_photo_a_face_is_makes_no_difference(yaw, roll, dx, dy):
    here = measured(landmarks(yaw, roll))
    there = measured(landmarks(yaw, roll, x=200 + dx, y=150 + dy), Box(150 + dx, 100 + dy, 100, 100))

    assert dataclasses.astuple(there) == pytest.approx(dataclasses.astuple(here), abs=1e-6)
    assert there.outside == 0


@given(st.floats(0, 0.6), st.sampled_from(["left", "right", "above", "below"]))
def test_how_much_of_a_face_is_cut_off(share, side):
    reach = 2.75 * 40 / 2  # half the square of a face whose eyes and mouth are 40 pixels apart
    inside = reach * (1 - 2 * share)
    drop = (0.5 - 0.11) * 40  # the square's middle lies above the points' own
    x = {"left": inside, "right": WIDTH - inside}.get(side, 200)
    y = {"above": inside + drop, "below": HEIGHT - inside + drop}.get(side, 150)

    assert measured(landmarks(x=x - 0.5, y=y - 0.5)).outside == pytest.approx(share, abs=0.025)


@pytest.mark.parametrize(
    ("box", "outside"),
    [
        (BOX, 0),
        (Box(0, 0, 100, 100), 0),
        (Box(0, 100, 50, 100), 0.25),
        (Box(150, 260, 100, 40), 0.3),
    ],
)
def test_without_landmarks_the_pose_is_not_judged_and_the_box_tells_what_is_cut_off(box, outside):
    found = measured(None, box)

    assert (found.yaw, found.roll, found.nose) == (None, None, None)
    assert found.outside == pytest.approx(outside, abs=0.025)
    assert not flaws(dataclasses.replace(GOOD, yaw=None, roll=None, nose=None), LIMITS)


def test_landmarks_that_lie_as_no_faces_do_count_as_none():
    assert measured(Landmarks(*[(50.0, 60.0)] * 5)).yaw is None


def test_only_the_middle_of_the_chip_is_looked_at():
    chip = np.full((112, 112, 3), 255, np.uint8)
    chip[28:84, 28:84] = 60

    found = measured(landmarks(), chip=chip)

    assert (found.brightness, found.contrast, found.burnt) == (pytest.approx(60), pytest.approx(0, abs=1e-6), 0)


def test_brightness_contrast_and_what_is_burnt_out():
    chip = np.full((8, 8, 3), 100, np.uint8)
    chip[2:6, 2:3] = BURNT  # a quarter of the middle

    found = measured(landmarks(), chip=chip)

    grey = [100, 100, 100, BURNT]
    assert (found.brightness, found.contrast) == (pytest.approx(np.mean(grey)), pytest.approx(np.std(grey)))
    assert found.burnt == pytest.approx(0.25)


def test_a_coloured_picture_is_weighed_as_the_eye_does():
    chip = np.zeros((8, 8, 3), np.uint8)
    chip[...] = (200, 100, 50)

    assert measured(landmarks(), chip=chip).brightness == pytest.approx(0.299 * 200 + 0.587 * 100 + 0.114 * 50)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (0, 8, 3)])
def test_pictures_it_cannot_measure(shape):
    with pytest.raises(ValueError, match="chip"):
        measured(landmarks(), chip=np.zeros(shape, np.uint8))


def test_a_good_reference_has_no_flaw():
    assert flaws(GOOD, LIMITS) == ()


BEYOND = {
    Flaw.TOO_SMALL: ("size", -1),
    Flaw.BLURRED: ("sharpness", -1),
    Flaw.TOO_DARK: ("brightness", -1),
    Flaw.WASHED_OUT: ("burnt", 1),
    Flaw.TURNED_AWAY: ("yaw", 1),
    Flaw.TILTED: ("roll", 1),
    Flaw.TILTED_BACK: ("nose", -1),
    Flaw.CUT_OFF: ("outside", 1),
}


@pytest.mark.parametrize("flaw", Flaw)
@given(data=st.data())
def test_each_flaw_has_its_limit_and_names_it(flaw, data):
    name, direction = BEYOND[flaw]
    limit = getattr(LIMITS, name).value
    beyond = data.draw(st.floats(limit * 1e-6, limit / 2))
    value = limit + direction * (math.ceil(beyond) if name == "size" else beyond)

    (finding,) = flaws(dataclasses.replace(GOOD, **{name: value}), LIMITS)

    assert finding.flaw is flaw
    assert not flaws(dataclasses.replace(GOOD, **{name: limit}), LIMITS)
    percent = name in {"burnt", "nose", "outside"}
    shown, bound = re.search(r"^\D*(\d+)[^;]*; at \w+ ([\d.]+)", finding.sentence).groups()
    assert float(bound) == pytest.approx(limit * 100 if percent else limit)
    assert (float(shown) - float(bound)) * direction > 0
    assert float(shown) == pytest.approx(value * 100 if percent else value, abs=1)


@pytest.mark.parametrize("name", ["yaw", "roll"])
def test_both_sides_count_the_same(name):
    far = getattr(LIMITS, name).value + 5

    findings = [flaws(dataclasses.replace(GOOD, **{name: sign * far}), LIMITS) for sign in (-1, 1)]

    assert findings[0] == findings[1] != ()


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"size": 18}, Flaw.TOO_SMALL),
        ({"brightness": 12}, Flaw.TOO_DARK),
        ({"burnt": 0.8}, Flaw.WASHED_OUT),
        ({"contrast": 6}, Flaw.WASHED_OUT),
    ],
)
def test_weak_edges_are_called_blur_only_where_nothing_else_explains_them(change, flaw):
    assert [finding.flaw for finding in flaws(dataclasses.replace(GOOD, sharpness=2, **change), LIMITS)] == [flaw]


def test_little_contrast_alone_is_no_flaw():
    assert not flaws(dataclasses.replace(GOOD, contrast=2), LIMITS)


def test_several_flaws_are_all_named():
    poor = dataclasses.replace(GOOD, size=20, brightness=10, yaw=80, outside=0.5)

    found = [finding.flaw for finding in flaws(poor, LIMITS)]

    assert found == [Flaw.TOO_SMALL, Flaw.TOO_DARK, Flaw.TURNED_AWAY, Flaw.CUT_OFF]


def test_a_reference_must_be_better_than_the_model_can_bear():
    floors = Floors(size=20, sharpness=8.0)
    limits = limits_for(floors)

    assert limits.size.value > floors.size
    assert limits.sharpness.value > floors.sharpness


def test_a_model_without_a_floor_of_sharpness_calls_nothing_blurred():
    assert not flaws(dataclasses.replace(GOOD, sharpness=0, contrast=0), limits_for(Floors(size=16, sharpness=0)))


def test_every_limit_says_where_it_comes_from():
    assert all(getattr(LIMITS, field.name).origin for field in dataclasses.fields(LIMITS))
