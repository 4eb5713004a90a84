"""A look at a whole gallery of drawn faces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from gallery.domain.calibrated import InForce
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds
from gallery.domain.people import NewReference, Reference
from gallery.domain.yardstick import EVERYBODY, Yardstick
from gallery.testing import EMBEDDER, FakeStore
from gallery.usecases.check import SOON, Check

TODAY = date(2026, 3, 1)
YARDSTICK = Yardstick.of(EMBEDDER)
AXES = np.eye(EMBEDDER.spec.dimension, dtype=np.float32)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(today=TODAY)


def add(store: FakeStore, name: str, vector: np.ndarray, photo: str = "") -> int:
    count = sum(map(len, store.people.values()))
    photo = photo or f"photo{count}.jpg"
    sha256 = f"{abs(hash(photo)):064x}"[-64:]
    reference = Reference(photo, sha256, Detection(Box(1, 2, 30, 40), 0.9), Quality(30, 9.0, True), "fake-detector")
    return store.add(name, NewReference(reference, vector.astype(np.float32)), EMBEDDER.space)


def check(store: FakeStore):
    return Check(store, InForce(EMBEDDER.spec.thresholds), TODAY, YARDSTICK)()


def test_a_good_gallery_is_clean(store):
    for place, name in enumerate(("Ada", "Grace")):
        add(store, name, AXES[place])
        add(store, name, AXES[place] + 0.1 * AXES[9 + place])

    checked = check(store)

    assert checked.clean
    assert (checked.people, checked.templates) == (2, 4)
    assert checked.single == checked.without == checked.lacking == ()


def test_an_empty_gallery_has_no_model_to_miss(store):
    checked = Check(store, InForce(Thresholds(0, 0)), TODAY, None)()

    assert checked.compared
    assert checked.clean


def test_nothing_is_compared_without_the_models_thresholds(store):
    for place, name in enumerate(("Ada", "Grace")):
        add(store, name, AXES[place])
        add(store, name, AXES[place] + 0.1 * AXES[9 + place])

    checked = Check(store, InForce(Thresholds(0, 0)), TODAY, None)()

    assert not checked.compared
    assert not checked.clean, "nobody looked"
    assert checked.model == EMBEDDER.name
    assert (checked.people, checked.templates) == (2, 0)


def test_each_kind_of_mistake_is_found(store):
    add(store, "Ada", AXES[0])
    odd = add(store, "Ada", AXES[5])
    add(store, "Ada", AXES[0] + 0.1 * AXES[9])
    add(store, "Adah", AXES[0] + 0.1 * AXES[10])
    add(store, "Grace", AXES[1], "group.jpg")
    add(store, "Mary", AXES[2], "group.jpg")
    store.remove_reference(add(store, "Nobody", AXES[3]))

    checked = check(store)

    assert not checked.clean
    assert [outlier.reference for outlier in checked.examination.outliers] == [odd]
    assert [(pair.first, pair.second) for pair in checked.examination.collisions] == [("Ada", "Adah")]
    assert [[name for name, _ in shared.owners] for shared in checked.shared] == [["Grace", "Mary"]]
    assert checked.single == ("Adah", "Grace", "Mary")
    assert checked.without == ("Nobody",)


def test_people_without_a_template_under_the_gallerys_model_are_named(store):
    number = add(store, "Ada", AXES[0])
    add(store, "Grace", AXES[1])
    other = replace(EMBEDDER.space, model="other", sha256="f" * 64)
    store.add_template(number, AXES[0], other)
    store.use(other)

    assert check(store).lacking == ("Grace",)


@pytest.mark.parametrize(
    ("days", "ending", "withheld"),
    [(-1, (), ("Ada",)), (0, ("Ada",), ()), (SOON, ("Ada",), ()), (SOON + 1, (), ())],
)
def test_the_end_of_a_consent_is_mentioned_and_no_fault(store, days, ending, withheld):
    add(store, "Ada", AXES[0])
    store.edit("Ada", lambda details: replace(details, expires=TODAY + timedelta(days)))

    checked = check(store)

    assert tuple(name for name, _ in checked.ending) == ending
    assert tuple(name for name, _ in checked.withheld) == withheld
    assert checked.clean


def test_an_empty_gallery_is_clean(store):
    assert check(store).clean


def test_looser_limits_than_the_models_are_found_whatever_their_origin_says(store):
    loose = Thresholds(2.0, 9.0, EMBEDDER.spec.thresholds.origin)
    add(store, "Ada", AXES[0])
    add(store, "Ada", AXES[0] + 0.1 * AXES[9])

    assert check(store).looser == ()
    checked = Check(store, InForce(loose, {"Ada": loose}), TODAY, YARDSTICK)()

    assert checked.looser == ((EVERYBODY, loose), ("Ada", loose))
    assert not checked.clean
