from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.covers import completed, of_face, of_region, spared
from gallery.adapters.redactors import COLOUR, METHODS, SHAPES, RegionRedactor
from gallery.domain.errors import BadArgument
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks

WIDTH, HEIGHT = 50, 40
COORDINATES = st.integers(-40, 80)
SIDES = st.integers(1, 60)
BOXES = st.builds(Box, COORDINATES, COORDINATES, SIDES, SIDES)
POINTS = st.tuples(st.floats(-60, 100), st.floats(-60, 100))
MARKS = st.none() | st.builds(Landmarks, *[POINTS] * 5)
FACES = st.builds(Detection, BOXES, st.just(0.9), MARKS)
REDACTORS = st.builds(
    RegionRedactor,
    st.sampled_from(METHODS),
    st.sampled_from(SHAPES),
    st.floats(0, 1),
    st.integers(1, 32),
    st.floats(0, 0.5),
)
EDGE = 1e-6
"""Of an ellipse: pixels whose middle lies so near to the edge may be in or out."""


def face(box: Box, landmarks: Landmarks | None = None) -> Detection:
    return Detection(box, 0.9, landmarks)


def noise(width: int = WIDTH, height: int = HEIGHT, seed: int = 0) -> np.ndarray:
    """Levels from 0 to 99, so that none of them is the solid colour's."""
    return np.random.default_rng(seed).integers(0, 100, (height, width, 3), dtype=np.uint8)


def whole_face(box: Box, width: int, height: int) -> Box:
    """A box that ends at the border goes on: by its own length, or to the shape of a face, three by four at least."""
    wider, taller = max(box.width, -(-3 * box.height // 4) - box.width), max(box.height, box.width - box.height)
    x, right = box.x - (wider if box.x == 0 else 0), box.right + (wider if box.right == width else 0)
    y, bottom = box.y - (taller if box.y == 0 else 0), box.bottom + (taller if box.bottom == height else 0)
    return Box(x, y, right - x, bottom - y)


def away(box: Box, margin: float, shape: str, width: int, height: int) -> np.ndarray:
    """How far each pixel lies from the middle of what must be covered for an upright face, worked out one by one."""
    grown = whole_face(box, width, height).grow(margin)
    (x, y), a, b = grown.centre, grown.width / 2, grown.height / 2
    found = np.zeros((height, width))
    for row in range(height):
        for column in range(width):
            dx, dy = (column + 0.5 - x) / a, (row + 0.5 - y) / b
            found[row, column] = max(abs(dx), abs(dy)) if shape == "box" else math.hypot(dx, dy)
    return found


def of_what_may_change(
    method: RegionRedactor, faces: list[Detection], regions: list[Box], image: np.ndarray, kept: Sequence[Box] = ()
) -> Any:
    """Which pixels are covered entirely, and which may change."""
    height, width = image.shape[:2]
    photo = Box(0, 0, width, height)
    hidden, reached = np.zeros((height, width), bool), np.zeros((height, width), bool)
    covers = [of_face(one, (width, height), method.shape, method.margin, method.feather) for one in faces]
    for cover in (*covers, *map(of_region, regions)):
        hidden |= cover.hides(photo)
        reached |= cover.reaches(photo)
    untouched = spared(photo, kept, [*(one.box for one in faces), *regions])
    return hidden & ~untouched, reached & ~untouched


@settings(deadline=None, max_examples=150)
@given(
    REDACTORS,
    st.lists(FACES, max_size=4),
    st.lists(BOXES, max_size=2),
    st.lists(BOXES, max_size=2),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_what_is_written_over_a_face_does_not_depend_on_it(
    method: RegionRedactor, faces: list[Detection], regions: list[Box], kept: list[Box], grey: bool, seed: int
) -> None:
    """Change every covered pixel, and the redacted picture is the same to the last bit."""
    image = noise(seed=seed)
    if grey:
        image[:] = image[..., :1]
    hidden, _ = of_what_may_change(method, faces, regions, image, kept)
    other = image.copy()
    other[hidden] = 255 - other[hidden]

    one, two = (method.redact(picture, faces, regions, kept) for picture in (image, other))

    assert (one == two).all()


@settings(deadline=None)
@given(REDACTORS, st.lists(FACES, max_size=4), st.lists(BOXES, max_size=2), st.lists(BOXES, max_size=2))
def test_pixels_beyond_the_reach_stay_and_the_picture_given_is_not_touched(
    method: RegionRedactor, faces: list[Detection], regions: list[Box], kept: list[Box]
) -> None:
    image = noise()
    image.flags.writeable = False
    result = method.redact(image, faces, regions, kept)
    _, reached = of_what_may_change(method, faces, regions, image, kept)
    assert (result[~reached] == image[~reached]).all()
    assert (image == noise()).all()
    assert result.flags.writeable


@settings(deadline=None)
@given(BOXES, st.sampled_from(SHAPES), st.floats(0, 0.6))
def test_solid_covers_every_pixel_of_an_upright_face_and_no_other(box: Box, shape: str, margin: float) -> None:
    image = noise()
    result = RegionRedactor("solid", shape=shape, margin=margin, feather=0).redact(image, [face(box)])
    distance = away(box, margin, shape, WIDTH, HEIGHT)
    assert (result[distance < 1 - EDGE] == COLOUR).all()
    assert (result[distance > 1 + EDGE] == image[distance > 1 + EDGE]).all()


@settings(deadline=None)
@given(REDACTORS, st.lists(FACES, min_size=2, max_size=4), st.lists(BOXES, max_size=2), st.randoms())
def test_the_order_makes_no_difference(method: RegionRedactor, faces: list, regions: list, random: Any) -> None:
    shuffled, turned = list(faces), list(regions)
    random.shuffle(shuffled)
    random.shuffle(turned)
    assert (method.redact(noise(), faces, regions) == method.redact(noise(), shuffled, turned)).all()


@given(SIDES, SIDES)
def test_the_default_ellipse_covers_the_whole_face_box(width: int, height: int) -> None:
    box = Box(60, 60, width, height)
    inside = of_face(face(box), (180, 180), "ellipse", 0.45, 0.0).hides(Box(0, 0, 180, 180))
    assert inside[box.y : box.bottom, box.x : box.right].all()


def tilted(box: Box, degrees: float) -> Landmarks:
    """A face's landmarks, turned clockwise around the middle of its box."""
    x, y, turn = *box.centre, math.radians(degrees)
    points = [(-0.2, -0.15), (0.2, -0.15), (0, 0), (-0.15, 0.2), (0.15, 0.2)]
    moved = [(u * box.width, v * box.width) for u, v in points]
    return Landmarks(
        *((x + u * math.cos(turn) - v * math.sin(turn), y + u * math.sin(turn) + v * math.cos(turn)) for u, v in moved)
    )


@given(st.floats(-179, 179))
def test_an_ellipse_follows_the_tilt_and_covers_no_less_than_without(degrees: float) -> None:
    """Chin and forehead of a face whose box is as wide as high lie on its own axis."""
    box, photo = Box(80, 80, 60, 60), Box(0, 0, 220, 220)
    upright = of_face(face(box), (220, 220), "ellipse", 0.2, 0.0).hides(photo)
    along = of_face(face(box, tilted(box, degrees)), (220, 220), "ellipse", 0.2, 0.0).hides(photo)
    assert (along >= upright).all()
    if abs(degrees) > 10:
        turn = math.radians(degrees)
        for way in (1, -1):  # a whole face as long as this box's diagonal tells: 0.94 of its side
            x, y = 110 - way * 46 * math.sin(turn), 110 + way * 46 * math.cos(turn)
            assert along[int(y), int(x)]


def test_blur_passes_smoothly_into_what_lies_around() -> None:
    """Between a dark and a bright half the film changes evenly, and at the rim it is as bright as what it meets."""
    image = np.zeros((200, 200, 3), np.uint8)
    image[:, 100:] = 200
    result = RegionRedactor("blur", margin=0, feather=0.1).redact(image, [face(Box(60, 60, 80, 80))]).astype(int)
    middle = result[100, :, 0]
    assert (np.diff(middle[70:130]) >= 0).all()
    assert np.abs(np.diff(middle)).max() < 25
    assert abs(middle[62] - 0) < 30
    assert abs(middle[138] - 200) < 30


def test_blur_says_where_a_face_was_whatever_lies_around() -> None:
    for level in (0, 255):
        image = np.full((200, 200, 3), level, np.uint8)
        result = RegionRedactor("blur").redact(image, [face(Box(60, 60, 80, 80))]).astype(int)
        assert 15 <= abs(result[100, 100, 0] - level) <= 60


def test_a_grey_picture_stays_grey() -> None:
    image = noise(200, 200)
    image[:] = image[..., :1]
    for method in METHODS:
        result = RegionRedactor(method).redact(image, [face(Box(60, 60, 80, 80)), face(Box(0, 0, 30, 40))])
        assert (result == result[..., :1]).all()


def test_no_colour_of_a_kept_face_spreads_into_its_neighbours() -> None:
    image = np.full((200, 300, 3), 90, np.uint8)
    kept = Box(160, 60, 60, 80)
    image[60:140, 160:220] = (255, 0, 0)
    blurred = face(Box(60, 60, 60, 80))
    free = RegionRedactor("blur", feather=0).redact(image, [blurred])
    spared = RegionRedactor("blur", feather=0).redact(image, [blurred], kept=[kept])
    grey = RegionRedactor("blur", feather=0).redact(np.full_like(image, 90), [blurred])
    hidden = of_face(blurred, (300, 200), "ellipse", 0.45, 0).hides(Box(0, 0, 300, 200))
    assert (spared[hidden] == grey[hidden]).all()
    assert (free[hidden] != grey[hidden]).any()


@settings(deadline=None)
@given(st.sampled_from(SHAPES), st.lists(FACES, min_size=1, max_size=3), st.lists(BOXES, max_size=1), BOXES)
def test_a_kept_face_is_spared_but_no_box_of_a_blurred_one_is_uncovered(
    shape: str, faces: list[Detection], regions: list[Box], kept: Box
) -> None:
    image = noise()
    result = RegionRedactor("solid", shape=shape).redact(image, faces, regions, [kept])
    must = np.zeros((HEIGHT, WIDTH), bool)
    for box in (*(one.box for one in faces), *regions):
        must[max(0, box.y) : max(0, box.bottom), max(0, box.x) : max(0, box.right)] = True
    (x, y), a, b = kept.centre, kept.width / 2, kept.height / 2
    down, across = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    own = np.hypot((across - x) / a, (down - y) / b) < 1 - EDGE
    assert (result[must] == COLOUR).all()
    assert (result[own & ~must] == image[own & ~must]).all()


def test_pixelate_draws_blocks_of_the_face() -> None:
    image = noise(300, 300)
    result = RegionRedactor("pixelate", shape="box", margin=0, feather=0, blocks=5).redact(
        image, [face(Box(90, 80, 100, 120))]
    )
    blocks = result[80:200, 90:190].reshape(6, 20, 5, 20, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert len(np.unique(blocks[:, 0, :, 0].reshape(-1, 3), axis=0)) > 5


@settings(deadline=None)
@given(st.sampled_from(METHODS), st.sampled_from(SHAPES), st.floats(0.02, 0.5), FACES)
def test_a_feather_fades_outwards_only(method: str, shape: str, feather: float, one: Detection) -> None:
    """What is covered stays covered as without, and nothing beyond the feather changes."""
    image = noise()
    soft, hard = RegionRedactor(method, shape=shape, feather=feather), RegionRedactor(method, shape=shape, feather=0)
    core, _ = of_what_may_change(hard, [one], [], image)
    hidden, _ = of_what_may_change(soft, [one], [], image)
    assert (core == hidden).all()
    if method == "solid":
        assert (soft.redact(image, [one])[core] == COLOUR).all()


def test_a_feather_leaves_no_edge() -> None:
    image = np.full((200, 200, 3), 250, np.uint8)
    hard, soft = (
        RegionRedactor("solid", feather=feather).redact(image, [face(Box(60, 60, 80, 80))]) for feather in (0, 0.2)
    )
    steps = [np.abs(np.diff(picture[100, :, 0].astype(int))).max() for picture in (hard, soft)]
    assert steps[0] == 250 - COLOUR[0]
    assert steps[1] < 20


def test_the_feather_of_one_face_shows_nothing_of_another() -> None:
    image = np.full((80, 160, 3), 10, np.uint8)
    image[20:60, 30:60] = 250
    left, right = Box(30, 20, 30, 40), Box(62, 20, 30, 40)
    covered = RegionRedactor("solid", shape="box", margin=0, feather=0.5).redact(image, [face(left), face(right)])
    assert (covered[20:60, 30:60] == COLOUR).all()


@pytest.mark.parametrize("method", METHODS)
def test_runs_agree_byte_for_byte(method: str) -> None:
    image, faces = noise(300, 300), [face(Box(20, 30, 90, 120)), face(Box(0, 200, 40, 80))]
    first, second = (RegionRedactor(method, feather=0.2).redact(image, faces).tobytes() for _ in range(2))
    assert first == second


@given(st.integers(40, 120), st.floats(0.75, 1), st.floats(0.2, 1), st.booleans(), st.booleans())
def test_a_face_cut_off_by_the_border_is_covered_as_if_it_were_whole(
    height: int, slimness: float, seen: float, sideways: bool, far: bool
) -> None:
    width = round(slimness * height)
    across = max(1, round(width * seen)) if sideways else width
    down = height if sideways else max(1, round(height * seen))
    x, y = ((400 - across) * far, 50) if sideways else (50, (400 - down) * far)
    found = completed(Box(x, y, across, down), 400, 400)
    assert found.width >= (min(width, 0.75 * height, 2 * across) if sideways else width)
    if seen >= 0.5:
        assert found.width >= width - 1
        assert found.height >= height - 1
    assert found.clip(400, 400) == Box(x, y, across, down)


def test_a_face_within_the_photo_is_as_large_as_it_was_found() -> None:
    assert completed(Box(1, 1, 98, 30), 100, 100) == Box(1, 1, 98, 30)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_extreme_boxes(method: str, shape: str) -> None:
    image = noise()
    redact = RegionRedactor(method, shape=shape).redact
    assert redact(image, [face(Box(49, 39, 1, 1))]).shape == image.shape
    assert (redact(image, [face(Box(-(10**6), -(10**6), 5, 5)), face(Box(10**6, 0, 5, 5))]) == image).all()
    huge = redact(image, [face(Box(-(10**6), -(10**6), 2 * 10**6, 2 * 10**6))])
    assert np.ptp(huge, axis=(0, 1)).max() <= 2  # nothing is left to take a colour from
    assert redact(noise(1, 1), [face(Box(0, 0, 1, 1))]).shape == (1, 1, 3)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_to_blur_leaves_the_picture_as_it_is(method: str) -> None:
    assert (RegionRedactor(method).redact(noise(), []) == noise()).all()


@pytest.mark.parametrize("wrong", [np.zeros((3, 3), np.uint8), np.zeros((3, 3, 4), np.uint8), np.zeros((3, 3, 3))])
def test_only_rgb_pictures_are_taken(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="RGB"):
        RegionRedactor("blur").redact(wrong, [])


@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "gaussian"},
        {"method": ""},
        {"method": "blur", "shape": "star"},
        {"method": "blur", "margin": -0.1},
        {"method": "blur", "margin": float("nan")},
        {"method": "blur", "margin": float("inf")},
        {"method": "blur", "feather": -0.1},
        {"method": "blur", "feather": 0.6},
        {"method": "blur", "feather": float("nan")},
        {"method": "pixelate", "blocks": 0},
        {"method": "pixelate", "blocks": 33},
        {"method": "solid", "colour": (0, 0, 256)},
        {"method": "solid", "colour": (-1, 0, 0)},
        {"method": "solid", "colour": (0, 0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        RegionRedactor(**arguments)


def test_the_settings_say_what_was_done() -> None:
    blur = {"method": "blur", "shape": "ellipse", "margin": 0.45, "feather": 0.1, "film": 1, "tone": 150.0}
    assert RegionRedactor("blur").settings == {**blur, "shading": 0.25}
    assert RegionRedactor("pixelate", blocks=9).settings["blocks"] == 9
    solid = RegionRedactor("solid", shape="box", margin=0.5, colour=(1, 2, 3), feather=0.2).settings
    assert solid == {"method": "solid", "shape": "box", "margin": 0.5, "feather": 0.2, "colour": [1, 2, 3]}


@settings(deadline=None)
@given(REDACTORS, BOXES)
def test_a_region_is_covered_exactly_corners_included(method: RegionRedactor, region: Box) -> None:
    image = noise()
    result = method.redact(image, [], [region])
    inside = np.zeros(image.shape[:2], dtype=bool)
    inside[max(0, region.y) : max(0, region.bottom), max(0, region.x) : max(0, region.right)] = True
    assert (result[~inside] == image[~inside]).all()
    if method.method == "solid":
        assert (result[inside] == COLOUR).all()
