"""Identities and references: added, listed, shown, removed."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import func, select

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.tables import IdentityRow, ModelRow, ReferenceRow, TemplateRow
from gallery.domain.errors import AlreadyEnrolled, BadArgument, UnknownName
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.people import IdentitySummary, StoredReference

POINTS = Landmarks((0.1, 0.2), (1 / 3, 2.0), (3.5, 4.5), (1e-17, 6.0), (7.0, 1e300))


def test_what_was_added_is_shown(store, space, make_reference):
    new = make_reference(landmarks=POINTS)
    number = store.add("Ada Lovelace", new, space)
    ada = store.identity("Ada Lovelace")
    start = ada.added
    assert ada.name == "Ada Lovelace"
    assert ada.references == (StoredReference(number, start, ("tiny",), new.reference),)
    assert start.utcoffset() == timedelta(0)
    assert start.microsecond == 123456


def test_references_come_oldest_first(store, space, make_reference):
    for n in (3, 1, 2):
        store.add("Ada", make_reference(n), space)
    shown = store.identity("Ada").references
    assert [r.reference.source for r in shown] == ["photo3.jpg", "photo1.jpg", "photo2.jpg"]
    assert [r.added for r in shown] == sorted(r.added for r in shown)


def test_a_name_is_found_whatever_its_case_and_keeps_its_first_spelling(store, space, make_reference):
    store.add("Ada  Lovelace ", make_reference(1), space)
    store.add("ADA LOVELACE", make_reference(2), space)
    assert [person.name for person in store.identities()] == ["Ada Lovelace"]
    assert len(store.identity("ada lovelace").references) == 2


def test_the_listing_is_sorted_without_regard_to_case_and_counts(store, space, make_reference):
    for n, name in enumerate(["Grace", "ada", "Émilie", "Grace"]):
        store.add(name, make_reference(n), space)
    listed = store.identities()
    assert [person.name for person in listed] == ["ada", "Grace", "Émilie"]
    grace = store.identity("Grace")
    assert listed[1] == IdentitySummary("Grace", 2, {"tiny": 2}, grace.added, grace.references[1].added)


def test_the_listing_says_what_the_tables_say(store, path, space, make_reference):
    for n in range(12):
        store.add(f"Person {n % 5}", make_reference(n), space)
    store.remove("Person 3")
    by_tables = (
        select(
            IdentityRow.name,
            func.count(ReferenceRow.id),
            IdentityRow.added,
            func.max(ReferenceRow.added),
            func.count(TemplateRow.model_id),
        )
        .join(IdentityRow.references)
        .join(ReferenceRow.templates)
        .group_by(IdentityRow.id)
        .order_by(IdentityRow.name_key)
    )
    with store._database.reading() as session:
        expected = [
            IdentitySummary(name, references, {"tiny": templates}, added, last)
            for name, references, added, last, templates in session.execute(by_tables)
        ]
    assert store.identities() == expected


def test_an_identity_without_references_is_listed(store, space):
    with store._database.writing() as session:
        session.add(IdentityRow(name="Ada", name_key="ada", added=store._clock()))
    (ada,) = store.identities()
    assert (ada.references, ada.templates, ada.last_added) == (0, {}, None)
    assert store.identity("Ada").references == ()
    assert len(store.whitelist()) == 0


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("Ada Lovelase", "Did you mean Ada Lovelace? 'gallery list' shows everybody."),
        ("hopper", "Did you mean Grace Hopper? 'gallery list' shows everybody."),
        ("Zzyzx", "'gallery list' shows everybody."),
    ],
)
def test_an_unknown_name_brings_the_nearest(store, space, make_reference, wanted, hint):
    store.add("Ada Lovelace", make_reference(1), space)
    store.add("Grace Hopper", make_reference(2), space)
    for ask in (store.identity, store.remove):
        with pytest.raises(UnknownName, match=f"nobody named {wanted}") as caught:
            ask(wanted)
        assert caught.value.hint == hint


def test_in_an_empty_gallery_nobody_is_known(store):
    with pytest.raises(UnknownName) as caught:
        store.identity("Ada")
    assert caught.value.hint == "Nobody is enrolled yet."


@pytest.mark.parametrize("name", ["", "  ", "x" * 300, "tab\x00"])
def test_an_impossible_name_adds_nothing(store, space, make_reference, name):
    for ask in (lambda: store.add(name, make_reference(), space), lambda: store.identity(name)):
        with pytest.raises(BadArgument):
            ask()
    assert store.identities() == []
    assert store.space() is None


def test_the_same_face_of_the_same_photo_is_added_once(store, space, make_reference):
    store.add("Ada", make_reference(1), space)
    with pytest.raises(AlreadyEnrolled, match=r"photo1\.jpg is enrolled for Ada already"):
        store.add("ADA", make_reference(1, source="photo1.jpg"), space)
    store.add("Ada", make_reference(1, box=Box(10, 20, 30, 41)), space)
    store.add("Grace", make_reference(1), space)
    assert [(p.name, p.references) for p in store.identities()] == [("Ada", 2), ("Grace", 1)]


def test_who_is_enrolled_from_a_photo(store, space, make_reference):
    store.add("Ada", make_reference(1), space)
    store.add("Grace", make_reference(1, box=Box(100, 20, 30, 40)), space)
    store.add("Grace", make_reference(2), space)
    assert store.enrolled(f"{1:064x}") == [("Ada", Box(10, 20, 30, 40)), ("Grace", Box(100, 20, 30, 40))]
    assert store.enrolled("f" * 64) == []


@pytest.mark.parametrize("wrong", [np.ones(5, np.float32), np.ones((1, 4), np.float32), np.array([1, 2, np.nan, 4])])
def test_a_wrong_embedding_adds_nothing(store, space, make_reference, wrong):
    with pytest.raises(ValueError, match="an embedding"):
        store.add("Ada", make_reference(embedding=wrong), space)
    assert store.identities() == []
    assert store.space() is None


def test_numpy_numbers_are_taken_as_numbers(store, space, make_reference):
    points = Landmarks(*[(np.float32(0.5), np.float32(n)) for n in range(5)])
    box = Box(*(np.int64(n) for n in (1, 2, 3, 4)))
    store.add("Ada", make_reference(box=box, landmarks=points), space)
    with pytest.raises(AlreadyEnrolled):
        store.add("Ada", make_reference(box=box, landmarks=points), space)
    shown = store.identity("Ada").references[0].reference.detection
    assert shown.box == Box(1, 2, 3, 4)
    assert type(shown.box.x) is int
    assert shown.landmarks == points


def test_a_path_that_is_not_unicode_is_kept(store, space, make_reference):
    store.add("Ada", make_reference(source="caf\udce9.jpg"), space)
    assert store.identity("Ada").references[0].reference.source == "caf\udce9.jpg"


def test_removing_takes_everything_of_that_person_and_nothing_else(store, space, make_reference):
    for n in range(3):
        store.add("Ada", make_reference(n), space)
    kept = store.add("Grace", make_reference(9), space)
    assert store.remove("ADA") == 3
    assert [person.name for person in store.identities()] == ["Grace"]
    assert store.whitelist().references.tolist() == [kept]
    with store._database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReferenceRow)) == 1
        assert session.scalar(select(func.count()).select_from(TemplateRow)) == 1
        assert session.scalar(select(func.count()).select_from(ModelRow)) == 1


def test_a_forgotten_template_is_overwritten_in_the_file(path, store, space, make_reference):
    secret = np.array([1.2345678, 2.3456789, 3.4567891, 4.5678912], np.float32)
    store.add("Grace", make_reference(1), space)
    store.add("Ada", make_reference(2, embedding=secret), space)

    def found() -> bool:
        return any(secret.tobytes() in file.read_bytes() for file in path.parent.iterdir())

    assert found()
    store.forget("Ada")
    assert not found()
    assert store.identity("Grace")


def test_numbers_are_never_given_twice(store, space, make_reference):
    first = store.add("Ada", make_reference(1), space)
    person = store.identity("Ada").id
    store.remove("Ada")
    assert store.add("Grace", make_reference(2), space) > first
    assert store.identity("Grace").id > person


def test_foreign_keys_are_enforced(path, store, space, make_reference):
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), store._database.writing() as session:
        session.add(TemplateRow(reference_id=77, model_id=77, vector=b"1234"))


def test_a_failure_in_the_middle_leaves_nothing(store, space, make_reference):
    def interrupted() -> None:
        with store._database.writing() as session:
            session.add(IdentityRow(name="Ada", name_key="ada", added=store._clock()))
            session.flush()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.identities() == []
    store.add("Ada", make_reference(), space)


def test_two_stores_on_one_file_see_each_others_work(path, store, space, make_reference):
    with SqliteStore.open(path, create=False) as other:
        store.add("Ada", make_reference(1), space)
        assert [p.name for p in other.identities()] == ["Ada"]
        other.add("Ada", make_reference(2), space)
        assert len(store.whitelist()) == 2
