"""Calibrating a gallery of drawn faces: what is derived, kept, refused and reported."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.error_rates import fmr_at
from gallery.domain.errors import BadArgument, BadPhoto, GalleryError, NoFace, TooLittleData
from gallery.domain.geometry import Box
from gallery.domain.matching import Fusion
from gallery.domain.yardstick import Yardstick
from gallery.testing import (
    EMBEDDER,
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.calibrate import Calibrate, Request
from gallery.usecases.cohort import ReadCohort
from gallery.usecases.faces import Recogniser

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
LFW = Path("lfw")
FACE, SECOND = Box(2, 5, 10, 12), Box(30, 8, 12, 12)


class World:
    """A gallery, a folder of strangers, and what turns the one into thresholds by the other."""

    def __init__(self) -> None:
        self.photos = FakePhotoFiles({})
        self.store = FakeStore()
        self.embedder, self.detector = FakeEmbedder(), FakeDetector()
        self.recogniser = Recogniser(self.detector, FakeCropper(), self.embedder)
        self.loaded = 0

    def enrol(self, name: str, person: int, *away: int) -> None:
        paths = [Path(f"in/{name}-{n}.png") for n in away]
        self.photos.photos.update({path: draw(blank(), FACE, person, n) for path, n in zip(paths, away, strict=True)})
        assert all(result.accepted for result in enrolment(self.recogniser, self.photos, self.store)(name, paths))

    def strangers(self, count: int, first: int = 100) -> None:
        for n in range(count):
            self.photos.photos[LFW / f"{n}.png"] = draw(blank(), FACE, first + n)

    def lookalikes_of(self, person: int, count: int) -> None:
        for n in range(count):
            self.photos.photos[LFW / f"like-{n}.png"] = draw(blank(), FACE, person, away=10 + n)

    def calibrate(self, fmr: float = 0.05, **options):
        def load() -> ReadCohort:
            self.loaded += 1
            return ReadCohort(self.recogniser, self.photos, self.store)

        advance = options.pop("advance", lambda _done, _all: None)
        request = Request(fmr, **{"allow_looser": True} | options)
        return Calibrate(self.store, EMBEDDER, Yardstick.of(EMBEDDER), load, lambda: NOW)(request, advance)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def three(world) -> World:
    """Three people; one reference of Ada's is far from her others."""
    world.enrol("Ada", 10, 0, 1, 9)
    world.enrol("Grace", 20, 0, 1)
    world.enrol("Edsger", 30, 0)
    return world


def test_thresholds_are_derived_kept_and_named(three):
    three.strangers(40)

    result = three.calibrate(impostors=LFW)

    kept = three.store.calibration()
    assert kept == result.calibration
    assert result.stored
    assert (kept.genuine, kept.impostors, kept.strangers) == (5, 6 * 2 + 40 * 3, 40)
    assert (kept.references, kept.last_reference, kept.made, kept.detector) == (6, 6, NOW, "fake-detector")
    assert kept.thresholds.origin == (
        "calibrated on 2026-02-01 for FMR 0.05 from 132 impostor comparisons: "
        "6 references of 3 people, 40 faces from lfw"
    )
    assert kept.personal == {}
    assert result.standing_after.fmr.value <= 0.05
    assert result.standing_after.fmr.hits > 0, "no stricter than asked for"
    assert result.before.thresholds.origin == "made up for tests"


def test_without_strangers_no_model_is_loaded(three):
    result = three.calibrate(0.5)

    assert three.loaded == 0
    assert (result.calibration.impostors, result.calibration.detector, result.cohort) == (12, "", None)


def test_references_that_fail_are_named_before_and_after(three):
    three.strangers(40)
    three.lookalikes_of(10, 5)

    result = three.calibrate(0.03, impostors=LFW)

    assert [(one.id, one.name, one.source, one.before, one.after) for one in result.failing] == [
        (3, "Ada", "in/Ada-9.png", True, True)
    ]
    limits = result.calibration.thresholds
    assert result.failing[0].cosine > limits.cosine
    assert [person.failing_after for person in result.people] == [1, None, 0]
    loose = three.calibrate(0.9, impostors=LFW)
    assert [(one.id, one.before, one.after) for one in loose.failing] == [(3, True, False)]
    assert loose.before.thresholds == limits, "what was kept is what there was before"


def test_a_reference_far_from_its_others_fails(three):
    three.strangers(40)
    three.photos.photos[Path("in/odd.png")] = draw(blank(), FACE, 200)
    enrolment(three.recogniser, three.photos, three.store)("Grace", [Path("in/odd.png")])

    result = three.calibrate(0.03, impostors=LFW)

    assert [(one.name, one.source) for one in result.failing if one.after] == [("Grace", "in/odd.png")]
    grace = next(person for person in result.people if person.name == "Grace")
    assert (grace.references, grace.failing_after) == (3, 1)


def test_a_person_with_one_reference_is_calibrated_by_impostors_alone(three):
    three.strangers(40)

    result = three.calibrate(impostors=LFW, per_person=True)

    edsger = next(person for person in result.people if person.name == "Edsger")
    assert (edsger.failing_before, edsger.failing_after, edsger.compared) == (None, None, 45)
    assert edsger.nearest is not None


def test_people_who_resemble_a_stranger_get_stricter_thresholds(three):
    three.strangers(60)
    three.lookalikes_of(20, 4)

    result = three.calibrate(0.05, impostors=LFW, per_person=True)

    kept = three.store.calibration()
    everybody = kept.thresholds
    assert "Grace" in kept.personal
    for own in kept.personal.values():
        assert own.cosine <= everybody.cosine
        assert own.euclidean <= everybody.euclidean
        assert own.origin.startswith("own, calibrated on 2026-02-01 for FMR 0.05 from")
    assert result.nearest[0].name == "Grace"
    assert result.nearest[0].whose == "lfw/like-0.png"
    assert result.standing_after.fmr.value <= 0.05


def test_too_few_comparisons_to_show_a_persons_rate_by_themselves_are_said(three):
    three.strangers(40)
    three.lookalikes_of(20, 2)

    own = three.calibrate(0.03, impostors=LFW, per_person=True).calibration.personal["Grace"]

    assert own.origin.endswith("from 46 impostor comparisons; so few can show no FMR below 0.066")


def test_every_face_of_a_strangers_photo_counts(three):
    for n in range(20):
        three.photos.photos[LFW / f"{n}.png"] = draw(draw(blank(), FACE, 100 + n), SECOND, 150 + n)

    result = three.calibrate(0.1, impostors=LFW)

    assert result.cohort.faces == 40
    assert result.calibration.impostors == 12 + 40 * 3


def test_what_does_not_count_is_counted(three):
    three.strangers(20)
    photos = three.photos.photos
    photos[LFW / "empty.png"] = blank()
    photos[LFW / "again.png"] = photos[LFW / "0.png"]
    photos[LFW / "tiny.png"] = draw(blank(), Box(3, 3, 2, 2), 99)
    done = []

    result = three.calibrate(0.1, impostors=LFW, advance=lambda *numbers: done.append(numbers))

    counts = result.cohort
    assert (counts.photos, counts.faces, counts.faceless, counts.doubles, counts.poor) == (23, 20, 1, 1, 1)
    assert done == [(n, 23) for n in range(1, 24)]


def test_a_photo_that_fails_is_named_and_the_others_count(three):
    three.strangers(40)

    class Torn(FakePhotoFiles):
        def read(self, path):
            if path.name == "7.png":
                raise BadPhoto(f"{path} is cut off.")
            return super().read(path)

    three.photos = Torn(three.photos.photos)

    result = three.calibrate(impostors=LFW)

    assert result.cohort.failures == (("lfw/7.png", "lfw/7.png is cut off."),)
    assert result.cohort.faces == 39
    assert result.stored


def test_a_dry_run_changes_nothing_and_comes_to_the_same(three):
    three.strangers(40)

    dry = three.calibrate(impostors=LFW, dry_run=True)

    assert three.store.calibration() is None
    assert not dry.stored
    assert three.calibrate(impostors=LFW).calibration == dry.calibration


def test_no_embedding_of_a_stranger_is_kept(three):
    three.strangers(40)
    before = {name: len(references) for name, references in three.store.people.items()}

    three.calibrate(impostors=LFW)

    assert {name: len(references) for name, references in three.store.people.items()} == before
    assert three.store.recorded == []


@pytest.mark.parametrize("fusion", Fusion)
def test_the_fusion_is_kept_and_counts(three, fusion):
    three.strangers(40)

    kept = three.calibrate(impostors=LFW, fusion=fusion).calibration

    assert kept.fusion == fusion.value
    assert fusion.value in kept.method


def test_the_kept_thresholds_keep_their_promise_in_an_anonymisation(three):
    """The way a photo takes compares faces by itself; it must come to the same distances."""
    from gallery.domain.matching import candidates

    three.strangers(40)
    limits = three.calibrate(impostors=LFW).calibration.thresholds

    whitelist = three.store.whitelist()
    faces = [three.photos.photos[LFW / f"{n}.png"] for n in range(40)]
    probes = np.concatenate(
        [
            *(three.embedder.embed(FakeCropper().crop(face, three.detector.detect(face)).pixels) for face in faces),
        ]
    )
    found = [c for ranked in candidates(probes, whitelist, 3) for c in ranked]
    assert len(found) == 120
    matching = [c for c in found if c.cosine <= limits.cosine and c.euclidean <= limits.euclidean]
    assert len(matching) <= 0.05 * 132
    assert fmr_at(np.array([c.cosine for c in found]), limits.cosine).hits <= 0.05 * 132


@pytest.mark.parametrize("fmr", [0, 1, -0.1, 2, math.nan, math.inf])
def test_a_rate_that_is_none(fmr):
    with pytest.raises(BadArgument, match="between 0 and 1"):
        Request(fmr)


def test_an_empty_gallery(world):
    with pytest.raises(TooLittleData, match="holds nobody"):
        world.calibrate()


def test_one_person_and_nobody_to_tell_them_from(world):
    world.enrol("Ada", 10, 0, 1)
    with pytest.raises(TooLittleData, match="Ada is the only person") as caught:
        world.calibrate()
    assert "--impostors" in caught.value.hint


def test_one_person_and_strangers_are_enough(world):
    world.enrol("Ada", 10, 0)
    world.strangers(60)

    result = world.calibrate(impostors=LFW)

    assert result.calibration.genuine == 0
    assert result.standing_after.fnmr.trials == 0


def test_too_little_data_says_how_much_there_is_and_how_much_is_needed(three):
    three.strangers(40)
    with pytest.raises(TooLittleData, match=r"FMR 1e-3 needs 3,000 .* there are 132; .* is 0.023") as caught:
        three.calibrate(1e-3, impostors=LFW)
    assert caught.value.least == 0.023
    assert "956 more faces" in caught.value.hint
    assert three.store.calibration() is None
    three.calibrate(caught.value.least, impostors=LFW)


def test_as_many_faces_as_the_hint_asks_for_are_enough(three):
    with pytest.raises(TooLittleData) as caught:
        three.calibrate(0.05)
    assert "some 16 faces" in caught.value.hint
    three.strangers(16)
    assert three.calibrate(0.05, impostors=LFW).stored


def test_strangers_who_are_not_there(three):
    with pytest.raises(BadPhoto, match="holds no photo"):
        three.calibrate(impostors=LFW)
    three.photos.photos[LFW / "empty.png"] = blank()
    with pytest.raises(NoFace, match="No face was found in the 1 photo"):
        three.calibrate(impostors=LFW)
    three.photos.photos[LFW / "tiny.png"] = draw(blank(), Box(3, 3, 2, 2), 99)
    with pytest.raises(NoFace, match="too small"):
        three.calibrate(impostors=LFW)
    assert three.store.calibration() is None


def test_a_broken_model_is_an_error_never_no_faces(three):
    three.strangers(40)
    three.detector.fails = True
    with pytest.raises(BadPhoto, match="told to fail"):
        three.calibrate(impostors=LFW)


def test_somebodys_reference_is_no_photo_of_strangers(three):
    three.strangers(40)
    three.photos.photos[LFW / "ada.png"] = three.photos.photos[Path("in/Ada-0.png")]
    with pytest.raises(BadArgument, match=r"lfw/ada.png is a reference of Ada"):
        three.calibrate(impostors=LFW)
    assert three.store.calibration() is None


def test_two_people_with_the_same_face(world):
    world.enrol("Ada", 10, 0)
    world.photos.photos[Path("in/copy.png")] = draw(blank(65), FACE, 10, 0)
    enrolment(world.recogniser, world.photos, world.store)("Grace", [Path("in/copy.png")])
    world.enrol("Edsger", 30, 0)
    world.enrol("Barbara", 40, 0)
    world.strangers(24)
    with pytest.raises(GalleryError, match="reference 2 of Grace and a reference of Ada are the same face"):
        world.calibrate(0.03, impostors=LFW, per_person=True)
    assert world.store.calibration() is None


@pytest.mark.parametrize("fmr", [0.05, 0.4, 0.9])
def test_unless_asked_for_no_limit_is_looser_than_the_models_own(three, fmr):
    three.strangers(30)
    three.lookalikes_of(20, 10)
    loose = three.calibrate(fmr, impostors=LFW, per_person=True, dry_run=True).calibration
    tight = three.calibrate(fmr, impostors=LFW, per_person=True, allow_looser=False).calibration
    yardstick = Yardstick.of(EMBEDDER)

    assert not yardstick.exceeded_by(tight.thresholds)
    assert not any(yardstick.exceeded_by(own) for own in tight.personal.values())
    for name in ("Ada", "Grace", "Edsger"):
        was, now = loose.personal.get(name, loose.thresholds), tight.personal.get(name, tight.thresholds)
        assert now.cosine == min(was.cosine, EMBEDDER.spec.thresholds.cosine)
        assert now.euclidean == min(was.euclidean, EMBEDDER.spec.thresholds.euclidean)
