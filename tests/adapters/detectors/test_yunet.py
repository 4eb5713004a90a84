"""YuNet on real portraits, from tiny to larger than the frame."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from PIL import Image

from gallery import load_detector
from gallery.adapters.detectors.levelled import suppressed
from gallery.adapters.detectors.pyramid import levels
from gallery.adapters.detectors.yunet import SCORE, YuNet
from gallery.adapters.detectors.yunet_network import YuNetNetwork
from gallery.adapters.labels.boxes import photo_files, read_boxes
from gallery.bootstrap import Bootstrap
from gallery.domain.detection_scoring import assign
from gallery.domain.errors import ModelFailed
from gallery.domain.geometry import Box
from gallery.domain.merging import SAME_FACE
from portraits import HOPPER_FACE, backdrop, collins, hopper, scaled

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def yunet():
    return load_detector("yunet")


def near(box: Box, x: float, y: float, width: float, height: float) -> bool:
    return box.overlap(Box(round(x), round(y), round(width), round(height))) > 0.5


def test_the_portrait_has_one_face_with_landmarks(yunet):
    (face,) = yunet.detect(hopper())

    assert near(face.box, *HOPPER_FACE)
    assert 0.8 < face.score <= 1
    eyes = face.landmarks.right_eye, face.landmarks.left_eye
    assert eyes[0][0] < face.landmarks.nose[0] < eyes[1][0]
    assert max(y for _, y in eyes) < face.landmarks.nose[1] < face.landmarks.left_mouth[1]


def test_faces_are_given_from_left_to_right(yunet):
    picture = np.concatenate([scaled(collins(), 600 / 512), hopper(), scaled(collins(), 600 / 512)], axis=1)

    found = yunet.detect(picture)

    assert [face.box.x for face in found] == sorted(face.box.x for face in found)
    assert len(found) == 3


def test_a_50_megapixel_group_photo_with_30_pixel_faces(yunet):
    picture = backdrop(8660, 5773)
    small = scaled(hopper(), 30 / HOPPER_FACE[3])
    factor = 30 / HOPPER_FACE[3]
    places = [(x, y) for y in range(40, 5600, 620) for x in range(30, 8500, 700)]
    # some across the tiles' edges, some in the picture's corners
    places += [(1330, 1320), (1500, 1400), (8660 - small.shape[1], 0), (8660 - small.shape[1], 5773 - small.shape[0])]
    for x, y in places:
        picture[y : y + small.shape[0], x : x + small.shape[1]] = small

    found = yunet.detect(picture)

    x0, y0, width, height = (v * factor for v in HOPPER_FACE)
    for x, y in places:
        hits = [f for f in found if near(f.box, x + x0, y + y0, width, height)]
        assert len(hits) == 1, f"the face at {x}, {y} was found {len(hits)} times"
    assert len(found) <= len(places) + 5


@pytest.mark.parametrize("side", [200, 640, 1200, 4000])
@pytest.mark.parametrize("margin", [0.0, 0.1, 0.4])
def test_a_selfie_whose_face_fills_the_frame(yunet, side, margin):
    x, y, width, height = HOPPER_FACE
    dx, dy = int(width * margin), int(height * margin)
    face = hopper()[max(0, y - dy) : y + height + dy, max(0, x - dx) : x + width + dx]
    picture = scaled(face, side / face.shape[0])

    found = yunet.detect(picture)

    assert len(found) == 1
    assert found[0].box.height > 0.8 * picture.shape[0] / (1 + 2 * margin)


@pytest.mark.parametrize("height", [16, 24, 48, 185, 200, 900, 2000])
def test_every_size_in_one_large_photo(yunet, height):
    picture = backdrop(4000, 3000, seed=height)
    factor = height / HOPPER_FACE[3]
    portrait = scaled(hopper(), factor)[: 3000 - 10, : 4000 - 10]
    picture[10 : 10 + portrait.shape[0], 10 : 10 + portrait.shape[1]] = portrait

    found = yunet.detect(picture)

    x, y, width, tall = (v * factor for v in HOPPER_FACE)
    assert [near(f.box, 10 + x, 10 + y, width, tall) for f in found].count(True) == 1
    assert len(found) <= 2


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 9), (32, 320), (320, 320)])
def test_narrow_and_tiny_pictures_hold_no_face_whatever_was_seen_before(yunet, shape):
    """OpenCV's network reads memory of former pictures where a picture is 32 pixels high."""
    for seed in range(10):
        yunet.detect(backdrop(333 + seed, 480, seed))
        assert yunet.detect(np.full((*shape, 3), 128, np.uint8)) == ()


@pytest.mark.parametrize("width", [1000, 1400])
def test_faces_on_the_seams_of_tiles_are_found(yunet, width):
    picture = backdrop(width, width)
    face = scaled(hopper(), 90 / HOPPER_FACE[3])
    places = [(x, y) for y in range(0, width - face.shape[0], 170) for x in range(0, width - face.shape[1], 150)]
    for x, y in places:
        picture[y : y + face.shape[0], x : x + face.shape[1]] = face

    found = yunet.detect(picture)

    x0, y0, wide, tall = (v * 90 / HOPPER_FACE[3] for v in HOPPER_FACE)
    assert all(any(near(one.box, x + x0, y + y0, wide, tall) for one in found) for x, y in places)


def test_a_small_face_on_a_large_one_is_found_across_the_seams(yunet):
    """A bystander beside the cheek of somebody who fills the picture, and stays visible."""
    picture, small = scaled(hopper(), 5), scaled(collins(), 0.5)
    x, y, width, height = (5 * v for v in HOPPER_FACE)
    places = [(x + width // 2, y + height // 3), (x + width - small.shape[1], y), (x, y + height - small.shape[0])]
    for left, top in places:
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small

    found = yunet.detect(picture)

    assert any(near(one.box, x, y, width, height) for one in found)
    for left, top in places:
        assert any(near(one.box, left + 90, top + 35, 45, 53) for one in found)


def test_boxes_lie_inside_the_picture(yunet):
    x, y, width, height = HOPPER_FACE
    cut = np.ascontiguousarray(hopper()[y : y + height, x + width // 3 :])

    for face in yunet.detect(cut):
        assert face.box.clip(cut.shape[1], cut.shape[0]) == face.box


def test_the_same_picture_gives_the_same_faces(yunet):
    assert yunet.detect(hopper()) == yunet.detect(hopper())


@pytest.mark.parametrize("bad", [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3), float)])
def test_arrays_that_are_no_picture(yunet, bad):
    with pytest.raises(ValueError, match="RGB"):
        yunet.detect(bad)


def test_a_file_that_is_no_model(yunet, tmp_path):
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"not a model")

    with pytest.raises(ModelFailed, match="yunet cannot load"):
        YuNet(yunet.card, file)


def test_a_failure_while_running_is_an_error_never_no_faces(yunet):
    class Failing:
        def __init__(self, outcome):
            self.outcome = outcome

        def run(self, pictures, score):
            if isinstance(self.outcome, Exception):
                raise self.outcome
            return [self.outcome for _ in pictures]

    file = Bootstrap.of().weights().verified(yunet.card).path
    for outcome in (RuntimeError("boom"), np.full((1, 15), np.nan, np.float32), np.full((1, 15), 1e9, np.float32)):
        broken = YuNet(yunet.card, file, load=lambda _data, _threads, outcome=outcome: Failing(outcome))
        with pytest.raises(ModelFailed, match="yunet cannot run"):
            broken.detect(hopper())


def theirs(picture, card, score=SCORE):
    """What OpenCV's own class finds in a picture, with the same file."""
    net = cv2.FaceDetectorYN.create(
        str(Bootstrap.of().weights().verified(card).path), "", picture.shape[1::-1], score, SAME_FACE, 5000
    )
    rows = net.detect(picture[:, :, ::-1].copy())[1]
    return np.zeros((0, 15), np.float32) if rows is None else rows


@pytest.mark.parametrize("size", [(320, 320), (700, 512), (333, 203)])
def test_the_network_finds_what_opencv_finds(yunet, size):
    picture = backdrop(*size)
    for place, portrait in enumerate((hopper(), collins())):
        small = scaled(portrait, 0.25)
        picture[10 : 10 + small.shape[0], 10 + 150 * place : 10 + 150 * place + small.shape[1]] = small
    expected = theirs(picture, yunet.card)

    network = YuNetNetwork(Bootstrap.of().weights().verified(yunet.card).path.read_bytes(), 1)

    (rows,) = network.run([picture[:, :, ::-1]], SCORE)

    found = suppressed(rows)
    assert len(found) == len(expected) == 2
    assert found == pytest.approx(expected, abs=0.01)


def test_of_boxes_on_one_face_the_surest_is_left():
    rows = np.zeros((4, 15), np.float32)
    rows[:, :4] = [(10, 10, 40, 40), (12, 10, 40, 40), (100, 10, 40, 40), (30, 10, 40, 40)]
    rows[:, 14] = [0.7, 0.9, 0.8, 0.65]

    assert suppressed(rows)[:, 14].tolist() == pytest.approx([0.9, 0.8, 0.65])
    assert suppressed(rows[:0]).shape == (0, 15)


def test_the_registry_names_a_detector(yunet):
    assert yunet.card.embedder is None
    assert dataclasses.replace(yunet.card) == yunet.card


@pytest.mark.parametrize(
    ("photo", "box"),
    [("selfie-many-people.jpg", Box(480, 288, 119, 298)), ("17-with-mask.jpg", Box(214, 103, 174, 219))],
)
def test_large_faces_that_only_a_fine_level_shows_are_found(yunet, shared_data, photo, box):
    """Half a face at the border, and one with a mask, which the coarsest level does not show."""
    with Image.open(shared_data / "reported" / "large" / photo) as image:
        found = yunet.detect(np.asarray(image.convert("RGB")))

    assert any(box.overlap(one.box) > 0.7 for one in found)


class Rows:
    """A network that sees given faces in the tiles of a level: `x, y, width, height` from a tile's corner."""

    def __init__(self, seen):
        self.seen = seen

    def run(self, pictures, score):
        return [self.rows(self.seen.get(piece.shape[:2], [])) for piece in pictures]

    def rows(self, boxes):
        rows = [[x, y, width, height, *[x + width / 2, y + height / 2] * 5, 0.8] for x, y, width, height in boxes]
        return np.array(rows, np.float32).reshape(-1, 15)


def seeing(yunet, seen):
    file = Bootstrap.of().weights().verified(yunet.card).path
    return YuNet(yunet.card, file, load=lambda _data, _threads: Rows(seen))


def test_a_face_larger_than_is_believed_counts_where_no_other_level_shows_one(yunet):
    picture = np.zeros((600, 600, 3), np.uint8)

    (face,) = seeing(yunet, {(600, 600): [(100, 100, 300, 400)]}).detect(picture)

    assert face.box == Box(100, 100, 300, 400)


def test_a_face_cut_by_the_edge_of_a_tile_counts_where_no_other_shows_it_whole(yunet):
    picture = np.zeros((1600, 3000, 3), np.uint8)
    first = next(iter(levels(3000, 1600)[0].tiles()))

    found = seeing(yunet, {(first.height, first.width): [(first.width - 150, 200, 150, 180)]}).detect(picture)

    assert Box(first.width - 150, 200, 150, 180) in [face.box for face in found]


def test_as_many_faces_as_there_are_in_a_tile_are_found(yunet):
    """A bound of 5,000 rows before suppression left out the least sure ones."""
    picture = np.zeros((1500, 1500, 3), np.uint8)
    crowd = [(x * 20, y * 20, 18, 18) for x in range(75) for y in range(75)]

    found = seeing(yunet, {(1500, 1500): crowd}).detect(picture)

    assert len(found) == 75 * 75


@pytest.mark.parametrize("photo", ["addams-family", "board", "mickymouse-self-p", "plays"])
def test_an_enlarged_photo_shows_no_fewer_faces(yunet, shared_data, photo):
    """Between the levels of photos of 2,560 pixels faces of 190 to 340 were too large for one and small for the next.

    For every size of face and photo: `tests/benchmarks/measure_face_sizes.py`.
    """
    file = shared_data / "detection" / "cmu-mit" / f"{photo}.jpg"
    truth = photo_files(file.parent, read_boxes(file.parent / "faces.txt"), file)[file]
    with Image.open(file) as image:
        own = np.asarray(image.convert("RGB"))
    factor = 2560 / max(own.shape)

    def missed(picture, by):
        faces = [Box(*(round(by * value) for value in box.as_list())) for box in truth]
        return assign(yunet.detect(picture), faces).detection.count(None)

    assert missed(scaled(own, factor), factor) <= missed(own, 1)
