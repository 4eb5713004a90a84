"""SFace."""

from __future__ import annotations

import dataclasses
import hashlib

import cv2
import numpy as np
import pytest

from gallery import load_embedder
from gallery.adapters.embedders.sface import SFace
from gallery.bootstrap import Bootstrap
from gallery.domain.embedding import finished
from gallery.domain.errors import ModelFailed
from gallery.domain.models import Normalisation
from portraits import collins, hopper, scaled

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def sface():
    return load_embedder("sface")


def chips(*pictures: np.ndarray) -> np.ndarray:
    boot = Bootstrap.of()
    detector, cropper = boot.detector("yunet"), boot.cropper(boot.registry().card("sface"))
    found = []
    for picture in pictures:
        (face,) = detector.detect(picture)
        found.append(cropper.crop(picture, [face]).pixels[0])
    return np.stack(found)


def test_agrees_with_opencv_face_by_face(sface):
    faces = chips(hopper(), collins(), scaled(hopper(), 0.5))
    boot = Bootstrap.of()
    theirs = cv2.FaceRecognizerSF.create(str(boot.weights().verified(sface.card).path), "")

    ours = sface.embed(faces)

    assert ours.shape == (3, 128)
    assert ours.dtype == np.float32
    for row, chip in zip(ours, faces, strict=True):
        expected, mirrored = (
            theirs.feature(np.ascontiguousarray(view[:, :, ::-1])).copy() for view in (chip, chip[:, ::-1])
        )
        assert row == pytest.approx(finished(expected, sface.card.spec, mirrored)[0], abs=1e-5)


def test_a_batch_is_its_faces_one_at_a_time_in_order(sface):
    faces = np.random.default_rng(1).integers(0, 255, (9, 112, 112, 3), dtype=np.uint8)

    together = sface.embed(faces)

    for row, face in zip(together, faces, strict=True):
        assert row == pytest.approx(sface.embed(face[None])[0], abs=1e-6)


def test_the_same_person_is_nearer_than_another(sface):
    one, same, other = sface.embed(chips(hopper(), scaled(hopper(), 0.4)[:, ::-1].copy(), collins()))

    assert 1 - one @ same < 0.3
    assert 1 - one @ other > 0.6


def test_the_order_of_colours_matters(sface):
    face = chips(hopper())

    assert np.abs(sface.embed(face) - sface.embed(face[..., ::-1].copy())).max() > 0.01


def test_no_chips(sface):
    assert sface.embed(np.zeros((0, 112, 112, 3), np.uint8)).shape == (0, 128)


@pytest.mark.parametrize(
    "bad", [np.zeros((112, 112, 3), np.uint8), np.zeros((1, 100, 112, 3), np.uint8), np.zeros((1, 112, 112, 3))]
)
def test_chips_of_another_shape(sface, bad):
    with pytest.raises(ValueError, match="112"):
        sface.embed(bad)


def test_raw_where_the_card_says_so(sface):
    raw = dataclasses.replace(
        sface.card,
        embedder=dataclasses.replace(sface.card.spec, normalisation=Normalisation.NONE, mirror=False, centre=()),
    )
    plain = dataclasses.replace(raw, embedder=dataclasses.replace(raw.spec, normalisation=Normalisation.L2))
    face = chips(hopper())

    file = Bootstrap.of().weights().verified(sface.card).path
    (vector,) = SFace(raw, file).embed(face)

    assert np.linalg.norm(vector) > 5
    assert vector / np.linalg.norm(vector) == pytest.approx(SFace(plain, file).embed(face)[0], abs=1e-5)


def test_a_file_that_is_no_model(sface, tmp_path):
    file = tmp_path / "broken.onnx"
    file.write_bytes(b"not a model")
    card = dataclasses.replace(sface.card, sha256=hashlib.sha256(b"not a model").hexdigest())

    with pytest.raises(ModelFailed, match=r"sface cannot run broken\.onnx"):
        SFace(card, file)
    with pytest.raises(ModelFailed, match="not the file on record"):
        SFace(sface.card, file)


def test_a_file_swapped_after_it_was_hashed_is_not_used(sface, tmp_path):
    file = tmp_path / "weights.onnx"
    file.write_bytes(Bootstrap.of().weights().verified(sface.card).path.read_bytes())
    loaded = SFace(sface.card, file)
    file.write_bytes(b"something else")
    faces = np.random.default_rng(1).integers(0, 255, (4, 112, 112, 3), dtype=np.uint8)

    assert loaded.embed(faces) == pytest.approx(sface.embed(faces), abs=1e-6)
