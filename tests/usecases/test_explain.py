"""Why the faces of a drawn photo are decided as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from enrolling import enrolment
from gallery.domain.deciding import Policy, Verdict
from gallery.domain.errors import BadPhoto, NoFace
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.testing import (
    EMBEDDER,
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeRedactor,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.explain import ExplainRecord, explain_photo
from gallery.usecases.faces import Recogniser
from gallery.usecases.people_in_force import PeopleInForce
from gallery.usecases.running import Options

ADA, GRACE, STRANGER = 10, 90, 170
A, B, C = Box(2, 5, 10, 12), Box(20, 8, 12, 12), Box(40, 8, 12, 20)
GROUP, EMPTY = Path("in/group.png"), Path("in/empty.png")
OWN = Thresholds(0.1, 2.0, "Ada's own")


@pytest.fixture
def use() -> Anonymise:
    group = draw(draw(draw(blank(), A, ADA, away=1), B, GRACE), C, STRANGER)
    photos = FakePhotoFiles({GROUP: group, EMPTY: blank()})
    recogniser, store = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), FakeStore()
    for name, person in (("Ada", ADA), ("Grace", GRACE), ("Edith", 40)):
        path = Path(f"ref/{name}.png")
        photos.photos[path] = draw(blank(), A, person)
        (result,) = enrolment(recogniser, photos, store)(name, [path])
        assert result.accepted
    policy = Policy(Thresholds(0.2, 3.0), Floors(4, 0.0), personal={"Ada": OWN})
    return Anonymise(recogniser, FakeRedactor(), photos, store, policy, "0.test")


def record_of(use: Anonymise):
    run = use([GROUP], Path("out"), Options()).run
    return use.store.run(run)


def again(use: Anonymise) -> ExplainRecord:
    return ExplainRecord(use.recogniser, use.photos, PeopleInForce.read(use.store, EMBEDDER.space))


def test_every_face_is_compared_with_everybody(use):
    explained = explain_photo(use, GROUP).explained
    assert [face.number for face in explained.faces] == [1, 2, 3]
    for face in explained.faces:
        assert sorted(one.candidate.identity for one in face.comparisons) == ["Ada", "Edith", "Grace"]
        distances = [one.candidate.cosine for one in face.comparisons]
        assert distances == sorted(distances)
        assert face.comparisons[0].candidate == face.face.decision.candidate
        margins = [one.margin for one in face.comparisons]
        assert margins == [pytest.approx(distances[1] - distances[0]), pytest.approx(distances[2] - distances[1]), None]


def test_each_person_has_their_own_limits(use):
    first = explain_photo(use, GROUP).explained.faces[0]
    limits = {one.candidate.identity: one.limit for one in first.comparisons}
    assert limits["Ada"] == OWN
    assert limits["Grace"] == use.policy.thresholds
    assert [one.passes for one in first.comparisons] == [True, False, False]


def test_it_decides_as_a_run_does_and_writes_nothing(use):
    explained = explain_photo(use, GROUP).explained
    assert use.photos.written == {}
    assert use.store.runs() == []
    (image,) = record_of(use).images
    assert [face.face.decision for face in explained.faces] == [face.decision for face in image.faces]


def test_one_face_can_be_asked_for(use):
    assert [face.number for face in explain_photo(use, GROUP, 2).explained.faces] == [2]
    with pytest.raises(NoFace, match="has no face 4; it has 3 of them"):
        explain_photo(use, GROUP, 4)
    with pytest.raises(NoFace, match="it has none"):
        explain_photo(use, EMPTY, 1)


def test_a_photo_that_cannot_be_read(use):
    with pytest.raises(BadPhoto):
        explain_photo(use, Path("nobody.png"))


def test_nobody_is_enrolled(use):
    nobody = replace(use, store=FakeStore())
    faces = explain_photo(nobody, GROUP).explained.faces
    assert [(face.face.decision.verdict, face.comparisons) for face in faces] == [(Verdict.BLUR, ())] * 3


def test_a_recorded_photo_is_looked_at_again(use):
    run = record_of(use)
    seen = again(use)(run.settings, run.images[0])
    assert seen.image is not None
    assert seen.explained.remarks == ()
    fresh = explain_photo(use, GROUP).explained
    assert [face.comparisons for face in seen.explained.faces] == [face.comparisons for face in fresh.faces]


def test_decisions_stay_those_on_record_when_the_people_have_changed(use):
    run = record_of(use)
    use.store.remove("Ada")
    seen = again(use)(run.settings, run.images[0], 1)
    (face,) = seen.explained.faces
    assert face.face.decision.kept
    assert [one.candidate.identity for one in face.comparisons] == [
        one.candidate.identity for one in face.comparisons if one.candidate.identity != "Ada"
    ]
    assert "have changed since the run" in seen.explained.remarks[0]


@pytest.mark.parametrize("change", ["gone", "edited", "no model"])
def test_where_nothing_can_be_measured_the_record_speaks(use, change):
    run = record_of(use)
    explain = again(use)
    if change == "gone":
        del use.photos.photos[GROUP]
    elif change == "edited":
        use.photos.photos[GROUP] = blank(8, 8)
    else:
        explain = ExplainRecord(None, use.photos, None, "There is no model fake-embedder.")
    seen = explain(run.settings, run.images[0])
    for face in seen.explained.faces:
        decision = face.face.decision
        assert [one.candidate for one in face.comparisons] == [decision.candidate, decision.runner_up]
    assert "two closest people on record" in seen.explained.remarks[0]
    assert (seen.image is None) == (change != "no model")


def test_faces_of_another_model_are_not_compared(use):
    run = record_of(use)
    other = replace(run.settings, space=replace(run.settings.space, sha256="f" * 64))
    assert "another model now" in again(use)(other, run.images[0]).explained.remarks[0]


def test_a_photo_is_found_from_another_folder(use):
    run = record_of(use)
    there = replace(run.settings, base="/home/ann")
    use.photos.photos[Path("/home/ann") / GROUP] = use.photos.photos[GROUP]
    use.photos.photos[GROUP] = blank(8, 8)  # another photo of that name, here
    seen = again(use)(there, run.images[0])
    assert seen.image is not None
    assert seen.explained.remarks == ()
    del use.photos.photos[Path("/home/ann") / GROUP]
    (remark,) = again(use)(there, run.images[0]).explained.remarks
    assert "/home/ann/in/group.png" in remark
