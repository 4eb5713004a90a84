"""The original challenge, and group photographs of people who are not in the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gallery import Gallery
from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.domain.geometry import Box
from gallery.domain.runs import ImageStatus, Verification

pytestmark = pytest.mark.models

THOMAS = Box(267, 81, 59, 59)
NOTEBOOK_BOXES = [
    [13, 99, 52, 52],
    [131, 124, 47, 47],
    [209, 126, 36, 36],
    [267, 81, 59, 59],
    [377, 98, 51, 51],
    [448, 125, 47, 47],
    [560, 92, 49, 49],
]


def pixels(path: Path) -> np.ndarray:
    return PillowPhotoFiles().read(path).pixels


@pytest.mark.parametrize("detector", ["haar", "yunet"])
def test_only_the_man_in_the_middle_stays(shared_data, tmp_path, detector):
    with Gallery(tmp_path / "g.db", model="sface", detector=detector) as gallery:
        (enrolled,) = gallery.enrol("Thomas Shelby", [shared_data / "seed" / "shelby_test.jpg"])
        assert enrolled.accepted, enrolled.reason
        photo = shared_data / "seed" / "peakyblinders.jpg"
        outcome = gallery.anonymise_files([photo], tmp_path / "out")
        explained = gallery.explain(photo)
        assert gallery.verify_record().misfit is None
        (tmp_path / "out" / "peakyblinders.jpg").rename(tmp_path / "moved.jpg")
        assert "is missing" in (gallery.verify_record(outcome.run).misfit or "")
        assert gallery.verify_record(chain_only=True).misfit is None
        (tmp_path / "moved.jpg").rename(tmp_path / "out" / "peakyblinders.jpg")

    assert [face.face.decision for face in explained.faces] == [face.decision for face in outcome.images[0].faces]
    (image,) = outcome.images
    assert len(image.faces) == 7
    (kept,) = (face for face in image.faces if face.decision.kept)
    assert kept.detection.box.overlap(THOMAS) > 0.5
    assert kept.decision.candidate.cosine == pytest.approx(0.28, abs=0.05)
    for face in image.faces:
        if face is not kept:
            assert face.decision.candidate.cosine > 0.7
    if detector == "haar":
        assert [face.detection.box.as_list() for face in image.faces] == NOTEBOOK_BOXES
    before, after = pixels(shared_data / "seed" / "peakyblinders.jpg"), pixels(tmp_path / "out" / "peakyblinders.jpg")
    for face in image.faces:
        box = face.detection.box
        part = np.s_[box.y : box.bottom, box.x : box.right]
        change = np.abs(before[part].astype(int) - after[part]).mean()
        assert change < 2 if face is kept else change > 5


def test_two_presidents(shared_data, tmp_path):
    folder = shared_data / "groups" / "presidents"
    with Gallery(tmp_path / "g.db", model="sface") as gallery:
        for result in gallery.enrol("Barack Obama", [folder / "obama.jpg", folder / "obama2.jpg"]):
            assert result.accepted, result.reason
        pair = gallery.anonymise(pixels(folder / "obama_and_biden.jpg"))
        other_pair = gallery.anonymise(pixels(folder / "two_people.jpg"))
        alone = gallery.anonymise(pixels(folder / "biden.jpg"))
        himself = gallery.anonymise(pixels(folder / "obama3.jpg"))

    assert [face.decision.kept for face in himself.faces] == [True]
    assert not any(face.decision.kept for face in alone.faces)
    assert sum(face.decision.kept for face in pair.faces) == 1
    assert sum(face.decision.kept for face in other_pair.faces) == 1


def test_a_partial_face_is_kept_only_with_cause(shared_data, tmp_path):
    folder = shared_data / "groups" / "presidents"
    with Gallery(tmp_path / "g.db", model="sface") as gallery:
        gallery.enrol("Joe Biden", [folder / "biden.jpg", folder / "biden2.jpg"])
        result = gallery.anonymise(pixels(folder / "obama_partial_face.jpg"))

    assert not any(face.decision.kept for face in result.faces)


@pytest.mark.parametrize("method", ["blur", "pixelate", "solid"])
def test_what_is_no_face_can_be_published(shared_data, tmp_path, method):
    """To the network flowers are like a bare cover, whatever covers them."""
    with Gallery(tmp_path / "g.db", model="sface") as gallery:
        outcome = gallery.anonymise_files(
            [shared_data / "reported" / "unverified" / "flowers.jpg"], tmp_path / "out", method=method
        )

    (image,) = outcome.images
    assert (image.status, image.error) == (ImageStatus.OK, None)
    assert image.verified is Verification.FULL
