"""Templates of several models in one gallery, of which one is current; and who is compared, but not kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from gallery.adapters.store import SqliteStore
from gallery.domain.calibrated import Calibration
from gallery.domain.errors import ModelMismatch, UnknownName
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import FaceCrop, SpaceUse
from gallery.testing import FakeStore

OTHER = EmbeddingSpace("other", "b" * 64, "box", 3)
THIRD = EmbeddingSpace("a third", "c" * 64, "box", 2)


@pytest.fixture(params=["real", "fake"])
def any_store(request, store):
    return store if request.param == "real" else FakeStore()


def vector(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.fixture
def filled(any_store, space, make_reference):
    """Ada with two references, Grace with one, none of them with a template of another model."""
    for n, name in enumerate(["Ada", "Grace", "Ada"], 1):
        any_store.add(name, make_reference(n), space)
    return any_store


def test_a_gallery_without_a_model_has_none(any_store):
    assert any_store.spaces() == []
    assert list(any_store.lacking(OTHER)) == []


def test_the_current_model_is_counted_though_it_has_no_template(store, space, make_reference):
    number = store.add("Ada", make_reference(), space)
    store.remove_reference(number)

    assert store.spaces() == [SpaceUse(space, True, 0, ())]


def test_references_lack_a_template_until_they_have_one(filled, space, make_reference):
    assert [(one.id, one.name, one.crop) for one in filled.lacking(OTHER)] == [
        (1, "Ada", None),
        (3, "Ada", None),
        (2, "Grace", None),
    ]
    assert list(filled.lacking(space)) == []

    filled.add_template(1, vector(1, 2, 3), OTHER)

    assert [one.id for one in filled.lacking(OTHER)] == [3, 2]
    assert filled.spaces() == [SpaceUse(space, True, 3, ()), SpaceUse(OTHER, False, 1, ("Grace",))]
    first = next(filled.lacking(OTHER))
    assert first.reference == make_reference(3).reference


def test_a_missing_template_can_be_made_from_the_crop(any_store, space, make_reference):
    crop = FaceCrop(b"jpeg", 3, 4, 0.5)
    any_store.add("Ada", replace(make_reference(1), crop=crop), space)

    assert [one.crop for one in any_store.lacking(OTHER)] == [crop]


def test_the_gallery_may_be_written_while_references_are_looked_through(filled):
    for one in filled.lacking(OTHER):
        filled.add_template(one.id, vector(one.id, 0, 0), OTHER)
        if one.id == 1:
            filled.remove("Grace")

    assert [use.templates for use in filled.spaces()] == [2, 2]


def test_templates_of_another_model_are_not_compared(filled, space):
    filled.add_template(1, vector(7, 8, 9), OTHER)

    whitelist = filled.whitelist()

    assert whitelist.templates.shape == (3, 4)
    assert whitelist.references.tolist() == [1, 2, 3]
    assert filled.space() == space
    assert sorted(filled.identity("Ada").references[0].models) == ["other", "tiny"]
    assert filled.identities()[0].templates == {"other": 1, "tiny": 2}


def test_the_model_that_is_used_is_compared_under(filled, space):
    filled.add_template(1, vector(7, 8, 9), OTHER)
    filled.add_template(2, vector(4, 5, 6), OTHER)

    filled.use(OTHER)

    whitelist = filled.whitelist()
    assert filled.space() == OTHER
    assert whitelist.names == ("Ada", "Grace")
    assert whitelist.references.tolist() == [1, 2]
    assert whitelist.templates.tolist() == [[7, 8, 9], [4, 5, 6]]
    assert [(use.space, use.current, use.templates) for use in filled.spaces()] == [(OTHER, True, 2), (space, False, 3)]
    filled.use(space)
    assert filled.whitelist().references.tolist() == [1, 2, 3]


def test_who_has_no_template_of_the_current_model_is_not_on_the_whitelist_but_in_the_gallery(filled):
    filled.add_template(2, vector(4, 5, 6), OTHER)

    filled.use(OTHER)

    assert filled.whitelist().names == ("Grace",)
    assert [(one.name, one.references) for one in filled.identities()] == [("Ada", 2), ("Grace", 1)]
    assert filled.spaces()[0].lacking == ("Ada",)


def test_a_model_without_templates_is_not_used(filled, space):
    with pytest.raises(ModelMismatch):
        filled.use(OTHER)
    filled.add_template(1, vector(1, 2, 3), OTHER)
    filled.remove_reference(1)
    with pytest.raises(ModelMismatch):
        filled.use(OTHER)
    assert filled.space() == space


def test_the_refusal_names_the_remedy(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    with pytest.raises(ModelMismatch, match="no template of other as it is installed here") as caught:
        store.use(OTHER)
    assert "gallery reembed --model other" in caught.value.hint


def test_a_gallery_takes_faces_of_its_current_model_only(filled, space, make_reference):
    filled.add_template(1, vector(1, 2, 3), OTHER)
    with pytest.raises(ModelMismatch):
        filled.add("Kurt", make_reference(5, embedding=vector(1, 2, 3)), OTHER)
    filled.use(OTHER)
    with pytest.raises(ModelMismatch):
        filled.add("Kurt", make_reference(5), space)
    filled.add("Kurt", make_reference(5, embedding=vector(1, 2, 3)), OTHER)
    assert [(use.templates, use.lacking) for use in filled.spaces()] == [(2, ("Grace",)), (3, ("Kurt",))]


def test_the_same_weights_prepared_otherwise_are_another_model(filled, space):
    otherwise = replace(space, preparation="box margin 0.3")
    filled.add_template(1, vector(9, 9, 9, 9), otherwise)

    assert filled.whitelist().templates[0].tolist() == [1, 1, 2, 3]
    assert [use.space.preparation for use in filled.spaces()] == [space.preparation, "box margin 0.3"]


def test_a_model_under_another_name_is_the_same_and_takes_that_name_when_it_is_used(filled, space):
    copy = replace(space, model="tiny-copy")
    filled.add_template(1, vector(9, 9, 9, 9), copy)
    assert filled.space() == space
    assert filled.whitelist().templates[0].tolist() == [9, 9, 9, 9]

    filled.use(copy)

    assert filled.space() == copy
    assert len(filled.spaces()) == 1


@pytest.mark.parametrize("wrong", [vector(1, 2), vector(1, 2, 3, 4), np.ones((1, 3), np.float32), vector(1, 2, np.inf)])
def test_a_template_that_does_not_fit_its_model_is_refused(filled, wrong):
    with pytest.raises(ValueError, match="an embedding"):
        filled.add_template(1, wrong, OTHER)
    assert len(filled.spaces()) == 1


@pytest.mark.parametrize("number", [0, -1, 4, 10**6, 10**30])
def test_a_reference_that_is_not_there_gets_no_template(filled, number):
    with pytest.raises(UnknownName):
        filled.add_template(number, vector(1, 2, 3), OTHER)
    assert len(filled.spaces()) == 1


def test_numbers_of_numpy_are_numbers(filled):
    """The whitelist has them."""
    (number,) = filled.whitelist().references[:1]
    filled.add_template(number, vector(1, 2, 3), OTHER)
    filled.crop(number)
    assert filled.remove_reference(number) == "Ada"


def test_templates_go_with_their_reference_under_every_model(path, store, space, make_reference):
    for n in (1, 2):
        number = store.add("Ada", make_reference(n), space)
        store.add_template(number, vector(n, 2, 3), OTHER)
        store.add_template(number, vector(n, 2), THIRD)
    store.remove_reference(1)
    assert [use.templates for use in store.spaces()] == [1, 1, 1]

    store.remove("Ada")

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM template").fetchone() == (0,)
    store.undo()
    assert [use.templates for use in store.spaces()] == [1, 1, 1]


def test_thresholds_belong_to_one_model(filled, space):
    by_hand = Thresholds(0.1, 0.2, "set by hand")
    made = datetime(2026, 2, 1, tzinfo=UTC)
    calibration = Calibration(space, Thresholds(0.5, 1.0), {"Ada": by_hand}, 1e-3, "best", "", "", 1, 2, 3, 3, 3, made)
    filled.set_calibration(calibration)
    filled.edit("Ada", lambda details: replace(details, thresholds=by_hand))
    filled.add_template(1, vector(1, 2, 3), OTHER)

    filled.use(OTHER)

    assert filled.calibration() is None
    assert filled.by_hand() == {}
    assert filled.identity("Ada").details.thresholds is None
    with pytest.raises(ModelMismatch):
        filled.set_calibration(calibration)
    filled.use(space)
    assert filled.calibration() == calibration
    assert filled.by_hand() == {"Ada": by_hand}


def test_while_there_is_no_template_another_model_takes_the_place_of_all(store, space, make_reference):
    number = store.add("Ada", make_reference(), space)
    store.add_template(number, vector(1, 2, 3), OTHER)
    store.edit("Ada", lambda details: replace(details, thresholds=Thresholds(0.1, 0.2)))
    store.remove_reference(number)

    store.add("Ada", make_reference(2, embedding=vector(1, 2)), THIRD)

    assert store.spaces() == [SpaceUse(THIRD, True, 1, ())]
    assert store.identity("Ada").details.thresholds is None
    store.undo()
    assert store.space() == space
    assert store.by_hand() == {"Ada": Thresholds(0.1, 0.2)}


# Crops.


def test_crops_are_kept_where_they_may_be(any_store, space, make_reference):
    crop, other = FaceCrop(b"\xff\xd8 1", 3, 4, 0.5), FaceCrop(b"\xff\xd8 2", 0, 0, 1.0)
    first = any_store.add("Ada", replace(make_reference(1), crop=crop), space)
    second = any_store.add("Ada", make_reference(2), space)
    third = any_store.add("Grace", replace(make_reference(3), crop=other), space)

    assert any_store.crops("ada") == {first: crop}
    assert (any_store.crop(first), any_store.crop(second), any_store.crop(third)) == (crop, None, other)
    assert any_store.crop(99) is None
    assert any_store.crop(10**30) is None
    assert [one.has_crop for one in any_store.identity("Ada").references] == [True, False]
    with pytest.raises(UnknownName):
        any_store.crops("Kurt")


def test_where_no_crops_may_be_kept_none_is(any_store, space, make_reference):
    crop = FaceCrop(b"\xff\xd8", 0, 0, 1.0)
    kept = any_store.add("Grace", replace(make_reference(1), crop=crop), space)
    given = any_store.add("Grace", replace(make_reference(2), crop=crop), space)
    any_store.add("Ada", replace(make_reference(3), crop=crop), space)

    any_store.edit("Ada", lambda details: replace(details, keep_crops=False))
    assert any_store.crops("Ada") == {}
    any_store.add("Ada", replace(make_reference(4), crop=crop), space)
    assert any_store.crops("Ada") == {}
    any_store.move(given, "Ada")
    assert any_store.crops("Ada") == {}
    assert set(any_store.crops("Grace")) == {kept}
    any_store.merge("Grace", "Ada")
    assert any_store.crops("Ada") == {}
    any_store.undo()
    assert set(any_store.crops("Grace")) == {kept}


# Consent.

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(params=["real", "fake"])
def dated(request, path, space, make_reference):
    """A gallery whose clock stands on 15 June 2026, with Ada and Grace."""
    if request.param == "fake":
        opened = FakeStore(today=NOON.astimezone().date())
    else:
        opened = SqliteStore.open(path, create=True, clock=lambda: NOON)
    opened.add("Ada", make_reference(1), space)
    opened.add("Grace", make_reference(2), space)
    yield opened
    if request.param == "real":
        opened.close()


@pytest.mark.parametrize(("days", "withheld"), [(-400, True), (-1, True), (0, False), (1, False), (400, False)])
def test_consent_holds_until_the_end_of_its_last_day(dated, days, withheld):
    last = NOON.astimezone().date() + timedelta(days=days)

    dated.edit("Ada", lambda details: replace(details, expires=last))

    assert dated.whitelist().withheld == ({"Ada": last} if withheld else {})
    assert ("Ada" in dated.whitelist().names) is True, "they are compared all the same"
    assert dated.identities()[0].expires == last


def test_who_is_disabled_is_withheld_without_a_day(dated):
    dated.edit("Ada", lambda details: replace(details, enabled=False))
    assert dated.whitelist().withheld == {"Ada": None}
    dated.edit("Ada", lambda details: replace(details, expires=date(2020, 1, 1)))
    assert dated.whitelist().withheld == {"Ada": None}
    dated.edit("Ada", lambda details: replace(details, enabled=True))
    assert dated.whitelist().withheld == {"Ada": date(2020, 1, 1)}
    dated.edit("Ada", lambda details: replace(details, expires=None))
    assert dated.whitelist().withheld == {}


def test_only_who_is_on_the_whitelist_is_withheld(dated):
    dated.edit("Ada", lambda details: replace(details, enabled=False))
    dated.remove_reference(dated.identity("Ada").references[0].id)

    whitelist = dated.whitelist()

    assert whitelist.names == ("Grace",)
    assert whitelist.withheld == {}


def test_the_day_is_that_of_the_place(path, space, make_reference):
    """Just before midnight of the last day, wherever that is, consent holds; just after, it does not."""
    local = datetime.now().astimezone().tzinfo
    for moment, withheld in (
        (datetime(2026, 6, 15, 23, 59, 59, tzinfo=local), {}),
        (datetime(2026, 6, 16, 0, 0, 1, tzinfo=local), {"Ada": date(2026, 6, 15)}),
    ):
        with SqliteStore.open(path, create=True, clock=lambda moment=moment: moment.astimezone(UTC)) as store:
            if not store.identities():
                store.add("Ada", make_reference(1), space)
                store.edit("Ada", lambda details: replace(details, expires=date(2026, 6, 15)))
            assert store.whitelist().withheld == withheld
