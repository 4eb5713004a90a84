"""A person's word on one face of a drawn photo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import BadArgument, BadPhoto, ModelFailed, NoFace, SeveralFaces, UnknownName
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import NewReference, Reference
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings
from gallery.testing import FakeDetector, FakePhotoFiles, FakeStore, blank, draw
from gallery.usecases.overrides import MOST_LISTED, OverrideFace

SPACE = EmbeddingSpace("tiny", "a" * 64, "made up", 8)
SETTINGS = RunSettings("0", SPACE, "fake", "d" * 64, Thresholds(0.5, 1.0, "made up"), {}, {}, 2, 2, "out")
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
LEFT, RIGHT = Box(2, 5, 10, 12), Box(30, 8, 20, 22)
ONE, TWO, NOBODY, CROWD = Path("one.png"), Path("two.png"), Path("nobody.png"), Path("crowd.png")


def compared(use: OverrideFace, path: Path, box: Box, name: str) -> None:
    """A run found that face to be closest to that person."""
    decision = Decision(Verdict.BLUR, Rule.GREY_BAND, "why", Candidate(name, 1, 0.5, 1.0))
    face = DecidedFace(Detection(box, 0.9), Quality(10, 50.0, True), decision)
    sha256 = use.photos.read(path).sha256
    use.store.record(
        use.store.begin_run(SETTINGS), ImageRecord(str(path), ImageStatus.OK, sha256, 64, 48, faces=(face,))
    )


def crowd(count: int):
    image = blank(count * 6, 8)
    for n in range(count):
        draw(image, Box(6 * n, 1, 4, 5), n + 1)
    return image


@pytest.fixture
def use() -> OverrideFace:
    photos = {
        ONE: draw(blank(), LEFT, 10),
        TWO: draw(draw(blank(), RIGHT, 10), LEFT, 90),
        NOBODY: blank(),
        CROWD: crowd(MOST_LISTED + 3),
    }
    store = FakeStore()
    for name in ("Ada", "Bo"):
        found = Reference(f"{name}.png", "f" * 64, Detection(LEFT, 0.9), Quality(10, 50.0, True), "fake", ())
        store.add(name, NewReference(found, np.ones(8, np.float32)), SPACE)
    return OverrideFace(FakeDetector(), FakePhotoFiles(photos), store, "anna", lambda: NOW)


def test_the_only_face_need_not_be_named(use):
    done = use(ONE, Verdict.BLUR)

    sha256 = use.photos.read(ONE).sha256
    assert done.override == Override(1, sha256, LEFT, Verdict.BLUR, "one.png", "anna", NOW)
    assert (done.face, done.faces) == (1, 1)
    assert use.store.overrides() == [done.override]


@pytest.mark.parametrize(("face", "box"), [(1, LEFT), (2, RIGHT)])
def test_faces_are_numbered_from_the_left(use, face, box):
    done = use(TWO, Verdict.KEEP, face, "  Asked her. ", keeps="ada")

    assert (done.override.box, done.override.note, done.face, done.faces) == (box, "Asked her.", face, 2)


def test_keeping_is_remarked_upon_and_blurring_is_not(use):
    kept = use(ONE, Verdict.KEEP, keeps="Ada")
    assert "visible in every later run as Ada, until they are disabled" in kept.remark
    assert f"gallery override remove {kept.override.number}" in kept.remark
    assert use(ONE, Verdict.BLUR).remark == ""


def test_a_later_word_replaces_the_first(use):
    use(ONE, Verdict.KEEP, keeps="Ada")
    use(ONE, Verdict.BLUR)
    assert [word.verdict for word in use.store.overrides()] == [Verdict.BLUR]


def test_of_several_faces_one_has_to_be_named(use):
    with pytest.raises(SeveralFaces, match=r"two.png shows 2 faces: 1 at 2,5 10×12, 2 at 30,8 20×22") as caught:
        use(TWO, Verdict.KEEP)
    assert "--face N" in caught.value.hint
    with pytest.raises(SeveralFaces, match=r"15 faces: .* and 3 more\.$"):
        use(CROWD, Verdict.KEEP)
    assert use.store.overrides() == []


@pytest.mark.parametrize(
    ("path", "face", "note", "error", "sentence"),
    [
        (NOBODY, None, "", NoFace, "No face was found in nobody.png"),
        (NOBODY, 1, "", NoFace, "No face was found in nobody.png"),
        (ONE, 2, "", NoFace, "one.png has no face 2; it shows 1: 1 at 2,5 10×12"),
        (ONE, 0, "", NoFace, "one.png has no face 0"),
        (TWO, -1, "", NoFace, "two.png has no face -1"),
        (Path("gone.png"), None, "", BadPhoto, "gone.png"),
        (ONE, 1, "a\x1b[31m", BadArgument, "cannot be shown"),
        (ONE, 1, "x" * 20_000, BadArgument, "at most"),
    ],
)
def test_bad_input_is_an_error_and_remembers_nothing(use, path, face, note, error, sentence):
    with pytest.raises(error, match=sentence.replace("+", r"\+")):
        use(path, Verdict.KEEP, face, note, keeps="Ada")
    assert use.store.overrides() == []


def test_a_detector_that_fails(use):
    with pytest.raises(ModelFailed):
        replace(use, detector=FakeDetector(fails=True))(ONE, Verdict.KEEP)


def test_a_face_is_kept_for_the_closest_person_on_record(use):
    compared(use, ONE, LEFT, "Bo")
    compared(use, ONE, LEFT.shift(1, 1), "Ada")
    compared(use, ONE, RIGHT, "Bo")

    assert use(ONE, Verdict.KEEP).override.keeps == "Ada"
    assert use(ONE, Verdict.KEEP, box=LEFT).override.keeps == "Ada"
    assert use(ONE, Verdict.KEEP, keeps="bo").override.keeps == "Bo"


def test_whom_it_keeps_has_to_be_known(use):
    compared(use, TWO, RIGHT, "Ada")
    compared(use, ONE, LEFT, "Somebody")
    for keeps, error, said in (
        (None, BadArgument, "no run has compared it with anybody who is in the gallery"),
        ("Somebody", UnknownName, "Somebody"),
    ):
        with pytest.raises(error, match=said):
            use(ONE, Verdict.KEEP, keeps=keeps)
    with pytest.raises(BadArgument, match="blurred whosever"):
        use(ONE, Verdict.BLUR, keeps="Ada")
    assert use.store.overrides() == []


def test_that_somebody_may_not_stay_visible_is_said_at_once(use):
    use.store.edit("Ada", lambda details: replace(details, enabled=False))
    assert (
        "stays blurred all the same: Ada may not stay visible (disabled)" in use(ONE, Verdict.KEEP, keeps="Ada").remark
    )


def test_a_copy_that_a_run_wrote_is_refused(use):
    sha256 = use.photos.read(ONE).sha256
    image = ImageRecord("in/party.png", ImageStatus.OK, "e" * 64, 64, 48, output="out/one.png", output_sha256=sha256)
    use.store.record(use.store.begin_run(SETTINGS), image)
    for verdict in Verdict:
        with pytest.raises(BadArgument, match="is the copy of in/party") as caught:
            use(ONE, verdict)
        assert "gallery override in/party.png" in caught.value.hint
    assert use.store.overrides() == []
