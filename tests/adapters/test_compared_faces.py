"""Pictures of faces beside those of the references they were compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from decided_faces import blurred, kept, record
from gallery.adapters.compared_faces import ComparedFaces
from gallery.adapters.reference_crops import ReferenceCrops
from gallery.domain.explaining import Explained, ExplainedFace, compared
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import Thresholds
from gallery.domain.people import NewReference, Reference
from gallery.testing import EMBEDDER, FakeStore

LIMIT = Thresholds(0.5, 1.0)
BOX = Box(60, 50, 40, 48)
RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(colour) -> np.ndarray:
    pixels = np.full((160, 200, 3), 128, np.uint8)
    pixels[BOX.y : BOX.bottom, BOX.x : BOX.right] = colour
    return pixels


@pytest.fixture
def store() -> FakeStore:
    """Anna's only reference is red."""
    made, crops = FakeStore(), ReferenceCrops()
    detection = Detection(BOX, 0.9)
    reference = Reference("anna.jpg", "1" * 64, detection, Quality(40, 50.0, True), "yunet")
    crop = crops.make(picture(RED), detection)
    embedding = np.ones(EMBEDDER.spec.dimension, np.float32)
    made.add("Anna", NewReference(reference, embedding, crop), EMBEDDER.space)
    return made


def explained(face, *candidates: Candidate) -> Explained:
    only = ExplainedFace(1, face, compared(candidates, LIMIT, {}))
    return Explained(record(face), (only,), LIMIT, {})


def middle(pixels: np.ndarray) -> tuple[int, ...]:
    return tuple(int(v) for v in pixels[pixels.shape[0] // 2, pixels.shape[1] // 2])


def test_a_face_stands_beside_its_closest_reference(store):
    near = Candidate("Anna", 1, 0.2, 0.5)
    found = ComparedFaces(ReferenceCrops(), store, 32).of(picture(BLUE), explained(kept(BOX), near))
    (face, anna) = found[1]
    assert (face[0], anna[0]) == ("face 1", "reference 1 of Anna")
    assert face[1].shape == anna[1].shape == (32, 32, 3)
    assert middle(face[1]) == pytest.approx(BLUE, abs=12)
    assert middle(anna[1]) == pytest.approx(RED, abs=12)


def test_what_is_not_there_is_left_out(store):
    use = ComparedFaces(ReferenceCrops(), store, 32)
    near = Candidate("Anna", 1, 0.2, 0.5)
    assert [caption for caption, _ in use.of(None, explained(kept(BOX), near))[1]] == ["reference 1 of Anna"]
    assert use.of(None, explained(blurred(BOX, None)))[1] == []
    gone = explained(kept(BOX), replace(near, identity="Bob"))
    assert [caption for caption, _ in use.of(picture(BLUE), gone)[1]] == ["face 1"]
    store.remove("Anna")
    assert [caption for caption, _ in use.of(picture(BLUE), explained(kept(BOX), near))[1]] == ["face 1"]
