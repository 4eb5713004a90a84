"""The picture kept of a reference."""

from __future__ import annotations

import dataclasses
import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gallery.adapters.crops import ARCFACE_TEMPLATE, FaceCropper
from gallery.adapters.reference_crops import FACE_SIDE, LONGEST_SIDE, MARGIN, SMALL_FACE, ReferenceCrops
from gallery.bootstrap import Bootstrap
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Crop, Kind
from gallery.domain.people import FaceCrop
from gallery.testing import EMBEDDER
from portraits import HOPPER_FACE, backdrop, hopper

CROPS = ReferenceCrops()
HOPPER = Box(*HOPPER_FACE)


def specs() -> list:
    """Every way of cutting out that a model may ask for."""
    spec = EMBEDDER.spec
    return [
        dataclasses.replace(spec, input_size=(side, side), crop=crop, margin=margin)
        for side, crop in ((112, Crop.ALIGNED), (224, Crop.ALIGNED), (224, Crop.BOX))
        for margin in (0.0, MARGIN)
    ]


def turned(x: float, y: float, size: float, degrees: float) -> Landmarks:
    """The five points of a face of that many pixels around a point, turned about it."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (ARCFACE_TEMPLATE - ARCFACE_TEMPLATE.mean(axis=0)) * size / 112 @ turn.T + (x, y)
    return Landmarks(*((float(px), float(py)) for px, py in points))


def stored(pixels: np.ndarray, kind: str = "JPEG", **settings) -> FaceCrop:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **settings)
    return FaceCrop(file.getvalue(), 0, 0, 1.0)


def difference(image: np.ndarray, face: Detection, spec) -> float:
    """Mean difference of the chip from the photo and the one from the kept picture, in grey levels."""
    cropper = FaceCropper(spec)
    (of_photo,) = cropper.crop(image, [face]).pixels
    opened, mapped = CROPS.open(CROPS.make(image, face), face)
    (of_crop,) = cropper.crop(opened, [mapped]).pixels
    return float(np.abs(of_photo.astype(int) - of_crop).mean())


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: f"{spec.crop} {spec.input_size[0]} {spec.margin}")
@pytest.mark.parametrize("degrees", [0, 35, 90, 180])
@pytest.mark.parametrize(
    ("x", "y", "size"),
    [(300, 250, 90), (300, 250, 400), (20, 30, 90), (580, 480, 90)],
    ids=["in the middle", "large", "at the upper left border", "at the lower right border"],
)
def test_every_cropper_sees_the_same_in_the_photo_and_in_the_kept_picture(spec, degrees, x, y, size):
    image = backdrop(600, 500)
    box = Box(x - size // 2, y - size * 6 // 10, size, size * 12 // 10).clip(600, 500)

    assert difference(image, Detection(box, 0.9, turned(x, y, size, degrees)), spec) < 1.5


def test_a_large_face_is_made_smaller_and_its_landmarks_move_with_it():
    picture, points = np.zeros((1600, 1400, 3), np.uint8), ARCFACE_TEMPLATE * 8 + 200
    for x, y in points:
        cv2.circle(picture, (round(x), round(y)), 16, (255, 255, 255), -1)
    face = Detection(Box(200, 150, 800, 1000), 0.8, Landmarks(*((float(x), float(y)) for x, y in points)))

    crop = CROPS.make(picture, face)
    opened, mapped = CROPS.open(crop, face)

    assert crop.scale == FACE_SIDE / 1000
    assert max(mapped.box.width, mapped.box.height) == FACE_SIDE
    assert mapped.score == 0.8
    grey = opened[:, :, 0].astype(float)
    for x, y in mapped.landmarks.as_tuple():
        around = grey[round(y) - 8 : round(y) + 9, round(x) - 8 : round(x) + 9]
        rows, columns = np.mgrid[-8:9, -8:9]
        assert (columns * around).sum() / around.sum() == pytest.approx(x - round(x), abs=0.15)
        assert (rows * around).sum() / around.sum() == pytest.approx(y - round(y), abs=0.15)


def test_a_small_face_is_kept_pixel_by_pixel():
    face = Detection(Box(183, 120, 170, 212), 0.9)

    crop = CROPS.make(hopper(), face)
    opened, mapped = CROPS.open(crop, face)

    assert crop.scale == 1
    assert mapped.box == face.box.shift(-crop.x, -crop.y)
    part = hopper()[crop.y : crop.y + opened.shape[0], crop.x : crop.x + opened.shape[1]]
    assert np.abs(part.astype(int) - opened).mean() < 1.5


def test_the_picture_is_a_jpeg_of_full_colour_without_metadata():
    crop = CROPS.make(hopper(), Detection(HOPPER, 0.9))

    with Image.open(io.BytesIO(crop.picture)) as image:
        assert image.format == "JPEG"
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"Exif" not in crop.picture


def test_what_is_kept_of_a_jpeg_begins_on_one_of_its_blocks_so_that_saving_it_again_loses_little():
    with Image.open(io.BytesIO(stored(hopper(), quality=92, subsampling=0).picture)) as image:
        photo = np.asarray(image)
    face = Detection(HOPPER, 0.9)

    crop = CROPS.make(photo, face)
    opened, _ = CROPS.open(crop, face)

    assert (crop.x % 8, crop.y % 8) == (0, 0)
    part = photo[crop.y : crop.y + opened.shape[0], crop.x : crop.x + opened.shape[1]]
    assert np.abs(part.astype(int) - opened).mean() < 0.3


def test_a_small_face_loses_less():
    finer = []
    for side in (SMALL_FACE, SMALL_FACE + 1):
        crop = CROPS.make(hopper(), Detection(Box(183, 120, 90, side), 0.9))
        with Image.open(io.BytesIO(crop.picture)) as image:
            finer.append(sum(image.quantization[0]))

    assert finer[0] < finer[1]


def test_the_rest_of_the_photo_is_not_kept():
    image = backdrop(2000, 1500)
    face = Detection(Box(900, 700, 60, 80), 0.9, turned(930, 740, 60, 20))

    opened, _ = CROPS.open(CROPS.make(image, face), face)

    assert max(opened.shape) < 2.5 * 80


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_any_box_and_landmarks_of_any_photo_stay_inside_the_kept_picture(width, height, data):
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x, y, data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y)))
    number = st.floats(-1e4, 1e4)
    points = data.draw(st.none() | st.lists(st.tuples(number, number), min_size=5, max_size=5))
    face = Detection(box, 1.0, points and Landmarks(*points))
    crops = ReferenceCrops(face_side=data.draw(st.sampled_from((1, 7, 64, 256))))

    crop = crops.make(np.zeros((height, width, 3), np.uint8), face)
    opened, mapped = crops.open(crop, face)

    assert mapped.box.clip(opened.shape[1], opened.shape[0]) == mapped.box
    assert (mapped.landmarks is None) == (face.landmarks is None)
    assert max(opened.shape) <= LONGEST_SIDE


def test_landmarks_that_lie_as_no_faces_do_cannot_make_a_huge_picture():
    far = Landmarks((0.0, 0.0), (2999.0, 0.0), (1500.0, 1500.0), (0.0, 1999.0), (2999.0, 1999.0))
    face = Detection(Box(1400, 900, 40, 50), 0.9, far)

    opened, mapped = CROPS.open(CROPS.make(np.zeros((2000, 3000, 3), np.uint8), face), face)

    assert max(opened.shape) <= LONGEST_SIDE
    assert mapped.box.area >= 1


def test_landmarks_all_in_one_point_are_no_reason_to_fail():
    face = Detection(Box(10, 10, 30, 30), 0.9, Landmarks(*[(20.0, 20.0)] * 5))

    opened, mapped = CROPS.open(CROPS.make(backdrop(90, 90), face), face)

    assert mapped.box.clip(opened.shape[1], opened.shape[0]) == mapped.box


def test_a_box_outside_the_photo_is_the_callers_mistake():
    with pytest.raises(ValueError, match="lies outside"):
        CROPS.make(backdrop(50, 50), Detection(Box(300, 300, 5, 5), 1.0))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
def test_a_cut_off_picture_is_refused_with_a_remedy(share):
    face = Detection(HOPPER, 0.9)
    crop = CROPS.make(hopper(), face)
    cut = crop.picture[: max(1, int(len(crop.picture) * share))]

    with pytest.raises(BadPhoto, match="damaged") as refusal:
        CROPS.open(dataclasses.replace(crop, picture=cut), face)
    assert refusal.value.hint


@pytest.mark.parametrize("kind", ["PNG", "GIF", "TIFF"])
def test_only_jpeg_is_opened(kind):
    with pytest.raises(BadPhoto, match="damaged"):
        CROPS.open(stored(hopper(), kind), Detection(HOPPER, 0.9))


@given(st.binary(min_size=1, max_size=200))
def test_any_bytes_are_refused_in_words(data):
    with pytest.raises(BadPhoto):
        CROPS.open(FaceCrop(data, 0, 0, 1.0), Detection(HOPPER, 0.9))


@pytest.mark.parametrize("size", [(LONGEST_SIDE + 1, 8), (8, LONGEST_SIDE + 1), (12_000, 12_000)])
def test_a_picture_larger_than_any_that_is_kept_is_refused_before_it_is_decoded(size):
    crop = stored(np.zeros((8, 8, 3), np.uint8))
    marker = crop.picture.index(b"\xff\xc0") + 5
    width, height = size
    claims = crop.picture[:marker] + height.to_bytes(2) + width.to_bytes(2) + crop.picture[marker + 4 :]

    with pytest.raises(BadPhoto, match="more than 1024 pixels a side"):
        CROPS.open(dataclasses.replace(crop, picture=claims), Detection(Box(0, 0, 4, 4), 0.9))


def test_a_grey_jpeg_is_opened_as_colour():
    opened, _ = CROPS.open(stored(np.full((8, 8), 90, np.uint8)), Detection(Box(0, 0, 8, 8), 0.9))

    assert opened.shape == (8, 8, 3)


def test_a_picture_of_something_else_is_refused():
    face = Detection(HOPPER, 0.9)
    crop = CROPS.make(hopper(), face)

    with pytest.raises(BadPhoto, match="does not show the face"):
        CROPS.open(crop, Detection(HOPPER.shift(400, 0), 0.9))


def test_the_kept_part_is_as_wide_as_the_widest_crop_of_the_built_in_models():
    cards = Bootstrap.of().registry().cards().values()

    assert max(card.spec.margin for card in cards if card.kind is Kind.EMBEDDER) <= MARGIN


@pytest.mark.parametrize("side", [1, 16, 300])
def test_a_thumbnail_shows_the_face(side):
    face = Detection(HOPPER, 0.9)

    small = CROPS.thumbnail(CROPS.make(hopper(), face), face, side)

    around = HOPPER.square().grow(0.15)
    expected = Image.fromarray(hopper()[around.y : around.bottom, around.x : around.right])
    assert small.shape == (side, side, 3)
    assert np.abs(small.astype(int) - expected.resize((side, side), Image.Resampling.BOX)).mean() < 3


def test_a_thumbnail_at_the_photos_border_repeats_it():
    face = Detection(Box(0, 0, 20, 40), 0.9)

    small = CROPS.thumbnail(CROPS.make(np.full((40, 40, 3), 77, np.uint8), face), face, 16)

    assert (small == 77).all()


@pytest.mark.models
def test_templates_from_real_faces_are_as_good_as_the_photos(shared_data):
    boot = Bootstrap.of()
    recogniser = boot.recogniser(boot.registry().card("sface"), "yunet")
    photos = boot.photos()
    scales, pairs = [], []
    for file in [*photos.below(shared_data / "groups" / "presidents"), *photos.below(shared_data / "seed")]:
        image = photos.read(file).opaque().pixels
        for face in recogniser.describe(image, recogniser.detect(image)):
            crop = CROPS.make(image, face.detection)
            opened, mapped = CROPS.open(crop, face.detection)
            (again,) = recogniser.describe(opened, [mapped])
            pairs.append((face.embedding, again.embedding))
            scales.append(crop.scale)
    distances = [1 - float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs]

    assert len(distances) > 10
    assert min(scales) < 1, "one at least is a large face"
    assert max(distances) < 0.012
    assert float(np.median(distances)) < 0.003
