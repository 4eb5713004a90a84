"""Enrolment on drawn faces."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from enrolling import enrolment, strict
from gallery.domain.errors import BadArgument, ModelMismatch
from gallery.domain.geometry import Box
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
from gallery.usecases.enrol import BATCH, Choices, Enrol
from gallery.usecases.faces import Recogniser

ADA, GRACE = 10, 90
ONE, TWO, NOBODY, TINY = Path("one.png"), Path("two.png"), Path("nobody.png"), Path("tiny.png")
LEFT, RIGHT = Box(2, 5, 10, 12), Box(30, 8, 20, 22)


@pytest.fixture
def photos() -> FakePhotoFiles:
    return FakePhotoFiles(
        {
            ONE: draw(blank(), LEFT, ADA),
            TWO: draw(draw(blank(), LEFT, ADA), RIGHT, GRACE),
            NOBODY: blank(),
            TINY: draw(blank(), Box(3, 3, 3, 3), ADA),
        }
    )


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def enrol(photos, store) -> Enrol:
    return enrolment(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), photos, store)


def test_a_photo_with_one_face_is_accepted(enrol, store):
    (result,) = enrol("Ada", [ONE])

    assert result.accepted
    assert result.quality.size == 10
    assert store.enrolled(enrol.photos.read(ONE).sha256) == [("Ada", LEFT)]


def test_several_faces_are_listed_and_none_is_guessed(enrol, store):
    (result,) = enrol("Ada", [TWO])

    assert not result.accepted
    assert "2 faces: 1 at x 2, y 5 (10×12), 2 at x 30, y 8 (20×22)" in result.reason
    assert "--face" in result.hint
    assert store.people == {}


@pytest.mark.parametrize(("choice", "box"), [("largest", RIGHT), (1, LEFT), (2, RIGHT)])
def test_the_face_can_be_chosen(enrol, store, choice, box):
    (result,) = enrol("Grace", [TWO], Choices(choice))

    assert result.accepted
    assert store.enrolled(enrol.photos.read(TWO).sha256) == [("Grace", box)]


def test_a_number_that_is_not_there(enrol):
    (result,) = enrol("Grace", [TWO], Choices(3))

    assert "has no face 3" in result.reason


def test_a_failing_photo_does_not_stop_the_others(enrol, store):
    results = enrol("Ada", [Path("gone.png"), NOBODY, TINY, ONE])

    assert [r.accepted for r in results] == [False, False, False, True]
    assert "no file" in results[0].reason
    assert "No face" in results[1].reason
    assert "3 pixels across" in results[2].reason
    assert len(store.people["Ada"]) == 1


def test_the_same_photo_is_not_enrolled_twice(enrol, store):
    first, again = enrol("Ada", [ONE]) + enrol("ADA", [ONE])

    assert first.accepted
    assert again.already
    assert not again.accepted
    assert len(store.people["Ada"]) == 1


def test_the_same_face_is_not_enrolled_for_two_people(enrol):
    enrol("Ada", [ONE])

    (result,) = enrol("Grace", [ONE])

    assert not result.accepted
    assert "already enrolled for Ada" in result.reason


def test_two_faces_of_one_photo_can_be_two_people(enrol, store):
    enrol("Ada", [TWO], Choices(1))
    enrol("Grace", [TWO], Choices(2))

    assert set(store.people) == {"Ada", "Grace"}


@pytest.mark.parametrize("name", ["", "  ", "x" * 300, "a\x00b"])
def test_names_that_cannot_be_used(enrol, store, name):
    with pytest.raises(BadArgument):
        enrol(name, [ONE])
    assert store.people == {}


def test_a_failing_model_rejects_and_says_so(photos, store):
    enrol = enrolment(Recogniser(FakeDetector(fails=True), FakeCropper(), FakeEmbedder()), photos, store)

    (result,) = enrol("Ada", [ONE])

    assert "fake detector" in result.reason
    assert store.people == {}


def test_a_gallery_keeps_to_its_model(enrol, photos, store):
    import dataclasses

    enrol("Ada", [ONE])
    other = FakeEmbedder(card=dataclasses.replace(EMBEDDER, sha256="f" * 64))

    with pytest.raises(ModelMismatch):
        enrolment(Recogniser(FakeDetector(), FakeCropper(), other), photos, store)("Ada", [TWO], Choices(1))


def test_progress_is_reported_photo_by_photo(enrol, store):
    seen = []

    enrol("Ada", [ONE, NOBODY], report=lambda result: seen.append((result.accepted, len(store.people.get("Ada", [])))))

    assert seen == [(True, 1), (False, 1)]


def test_a_photo_that_fits_somebody_else_is_taken_with_a_warning(enrol, photos, store):
    again = Path("again.png")
    photos.photos[again] = draw(blank(), Box(4, 9, 10, 12), ADA, away=1)
    enrol("Ada", [ONE])

    (result,) = enrol("Grace", [again])

    assert result.accepted
    assert "fits Ada" in result.warning


def test_a_photo_that_does_not_fit_the_persons_others_is_taken_with_a_warning(enrol, photos):
    other = Path("other.png")
    photos.photos[other] = draw(blank(), LEFT, GRACE)
    enrol("Ada", [ONE])

    (result,) = enrol("Ada", [other])

    assert result.accepted
    assert "does not fit Ada's other photos" in result.warning


def test_a_photo_that_fits_is_taken_without_a_word(enrol, photos):
    again = Path("again.png")
    photos.photos[again] = draw(blank(), Box(4, 9, 10, 12), ADA, away=1)
    enrol("Ada", [ONE])

    (result,) = enrol("Ada", [again])

    assert (result.accepted, result.warning) == (True, "")


def test_a_warning_says_which_and_how_far(enrol, photos):
    again, other = Path("again.png"), Path("other.png")
    photos.photos[again] = draw(blank(), Box(4, 9, 10, 12), ADA, away=1)
    photos.photos[other] = draw(blank(), LEFT, GRACE)
    (ada,) = enrol("Ada", [ONE])
    enrol("Grace", [other])

    (result,) = enrol("Grace", [again])

    assert (result.other.identity, result.other.reference) == ("Ada", ada.reference)
    assert result.own.identity == "Grace"
    assert f"cosine {result.other.cosine:.3f}, Euclidean {result.other.euclidean:.3f}" in result.warning
    assert f"better than Grace (cosine {result.own.cosine:.3f}" in result.warning


def test_a_poor_reference_is_refused_with_all_its_flaws(photos, store):
    enrol = enrolment(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), photos, store, strict())

    (result,) = enrol("Ada", [ONE])

    assert not result.accepted
    assert result.flaws
    assert "too small" in result.flaws
    assert "--accept-poor" in result.hint
    assert store.people == {}


def test_a_poor_reference_is_taken_all_the_same_and_marked(photos, store):
    enrol = enrolment(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), photos, store, strict())

    (result,) = enrol("Ada", [ONE], Choices(accept_poor=True))

    assert result.accepted
    assert "too small" in result.warning
    ((_, new),) = store.people["Ada"]
    assert new.reference.flaws == result.flaws


def test_a_picture_of_the_face_is_kept_unless_it_may_not_be(enrol, photos, store):
    again = Path("again.png")
    photos.photos[again] = draw(blank(), Box(4, 9, 10, 12), ADA, away=1)
    (first,) = enrol("Ada", [ONE])
    assert store.crop(first.reference) is not None

    (second,) = enrol("Ada", [again], Choices(keep_crops=False))

    assert store.crops("Ada") == {}
    assert second.accepted
    assert not store.identity("Ada").details.keep_crops


def test_consent_can_be_given_an_end(enrol, store):
    enrol("Ada", [ONE], Choices(expires=date(2027, 7, 31)))
    assert store.identity("Ada").details.expires == date(2027, 7, 31)


def test_several_people_are_one_change(enrol, photos, store):
    other = Path("other.png")
    photos.photos[other] = draw(blank(), RIGHT, GRACE)
    seen = []

    results = enrol.people({"Ada": [ONE], "Grace": [other, NOBODY]}, "enrol 5b", advance=lambda *n: seen.append(n))

    assert [(r.name, r.accepted) for r in results] == [("Ada", True), ("Grace", True), ("Grace", False)]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert store.undo().what == "enrol 5b"
    assert store.people == {}


def test_another_spelling_is_the_same_person(enrol, photos, store):
    again = Path("again.png")
    photos.photos[again] = draw(blank(), Box(4, 9, 10, 12), ADA, away=1)
    enrol("Ada", [ONE])

    (result,) = enrol("ADA", [again])

    assert (result.name, result.warning) == ("Ada", "")
    assert result.own.identity == "Ada"
    assert len(store.people["Ada"]) == 2


class Counting(FakeStore):
    """Counts transactions, and refuses batches that hold a certain photo."""

    refused = ""

    def add_all(self, references, space, settle=None):
        self.batches.append(len(references))
        if any(new.reference.source == self.refused for _, new in references):
            raise BadArgument("This one cannot be stored.")
        return super().add_all(references, space, settle)


def many(count: int):
    return {Path(f"{n:02}.png"): draw(blank(), Box(2, 5, 10, 12), n, 0) for n in range(count)}


@pytest.fixture
def counting() -> Counting:
    store = Counting()
    store.batches = []
    return store


def enrolling(store, files) -> Enrol:
    return enrolment(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), FakePhotoFiles(files), store)


def test_many_photos_are_stored_several_at_a_time(counting):
    files = many(BATCH * 2 + 3)
    seen = []

    results = enrolling(counting, files)("Ada", list(files), report=lambda result: seen.append(result.source))

    assert counting.batches == [BATCH, BATCH, 3]
    assert [result.reference for result in results] == list(range(1, len(files) + 1))
    assert seen == [result.source for result in results] == [str(path) for path in files]


def test_one_photo_that_cannot_be_stored_does_not_take_those_beside_it_along(counting):
    files = many(BATCH)
    counting.refused = "03.png"

    results = enrolling(counting, files)("Ada", list(files))

    assert [result.source for result in results if not result.accepted] == ["03.png"]
    assert results[3].reason == "This one cannot be stored."
    assert len(counting.people["Ada"]) == BATCH - 1


def test_a_face_is_not_enrolled_twice_within_a_batch(counting):
    photo = draw(blank(), LEFT, ADA)
    use = enrolling(counting, {ONE: photo, TWO: photo})

    results = use.people({"Ada": [ONE], "Grace": [TWO]}, "both")

    assert [result.accepted for result in results] == [True, False]
    assert "already enrolled for Ada" in results[1].reason


def test_what_was_accepted_before_an_interruption_is_enrolled(counting):
    files = many(5)

    def interrupt(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enrolling(counting, files)("Ada", list(files), advance=interrupt)

    assert len(counting.people["Ada"]) == 3
