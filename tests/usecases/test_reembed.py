"""Templates under another model, from drawn pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.errors import ModelFailed, ModelMismatch
from gallery.domain.geometry import Box
from gallery.testing import (
    EMBEDDER,
    FakeCropper,
    FakeCrops,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.enrol import Choices
from gallery.usecases.faces import Recogniser
from gallery.usecases.reembed import BATCH, Reembed

OTHER = replace(EMBEDDER, name="other", sha256="f" * 64)
PEOPLE = {"Ada": 10, "Grace": 90, "Mary": 200}


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def enrol(store):
    """Enrols a person from one drawing."""

    def one(name: str, away: int = 0, **choices) -> None:
        path = Path(f"{name}{away}.png")
        photos = FakePhotoFiles({path: draw(blank(), Box(5, 5 + away, 20, 22), PEOPLE[name], away)})
        (result,) = enrolment(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()), photos, store)(
            name, [path], Choices(**choices)
        )
        assert result.accepted, result.reason

    return one


def reembed(store, card=OTHER, **model) -> Reembed:
    return Reembed(Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder(card, **model)), store, FakeCrops())


def test_every_reference_gets_a_template_and_the_model_becomes_the_gallerys(store, enrol):
    for name in PEOPLE:
        enrol(name)
    before = store.whitelist()

    result = reembed(store)()

    assert (result.made, result.left, result.lacking) == (3, (), ())
    assert result.current
    assert store.space() == OTHER.space
    assert result.former == EMBEDDER.space
    after = store.whitelist()
    assert after.names == before.names
    np.testing.assert_allclose(after.templates, before.templates)  # the fake models see the same


def test_going_back_makes_nothing_anew(store, enrol):
    enrol("Ada")
    reembed(store)()

    result = reembed(store, EMBEDDER)()

    assert (result.made, result.current, store.space()) == (0, True, EMBEDDER.space)


def test_who_has_no_picture_is_named_and_the_model_stays(store, enrol):
    enrol("Ada")
    enrol("Grace", keep_crops=False)

    result = reembed(store)()

    assert result.made == 1
    assert [(left.name, left.source) for left in result.left] == [("Grace", "Grace0.png")]
    assert "No picture" in result.left[0].reason
    assert result.lacking == ("Grace",)
    assert not result.current
    assert store.space() == EMBEDDER.space


def test_a_reference_without_a_picture_does_not_matter_where_its_person_has_others(store, enrol):
    enrol("Ada")
    enrol("Ada", away=1)
    (_, first), *_ = store.people["Ada"]
    store.people["Ada"][0] = (store.people["Ada"][0][0], replace(first, crop=None))

    result = reembed(store)()

    assert (result.made, len(result.left), result.lacking, result.current) == (1, 1, (), True)


def test_the_user_can_switch_all_the_same_or_not_at_all(store, enrol):
    enrol("Ada")
    enrol("Grace", keep_crops=False)
    assert reembed(store)(switch=True).current
    assert store.whitelist().names == ("Ada",)
    assert not reembed(store, EMBEDDER)(switch=False).current


def test_all_of_it_is_one_change(store, enrol):
    for name in PEOPLE:
        enrol(name)
    reembed(store)()

    store.undo()

    assert store.space() == EMBEDDER.space
    assert len(list(store.lacking(OTHER.space))) == 3


def test_faces_are_embedded_in_batches(store, enrol):
    for away in range(BATCH + 2):
        enrol("Ada", away=away)
    use = reembed(store)
    seen = []

    use(advance=lambda *numbers: seen.append(numbers))

    assert use.recogniser.embedder.batches == [BATCH, 2]
    assert seen == [(BATCH, BATCH + 2), (BATCH + 2, BATCH + 2)]


def test_a_broken_model_is_an_error(store, enrol):
    enrol("Ada")
    with pytest.raises(ModelFailed):
        reembed(store, fails=True)()
    assert store.space() == EMBEDDER.space


def test_an_empty_gallery_has_nothing_to_switch_to(store):
    with pytest.raises(ModelMismatch):
        reembed(store)(switch=True)
    assert reembed(store)().made == 0
