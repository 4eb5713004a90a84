"""People out of one gallery and into another, by way of an archive."""

from __future__ import annotations

import shutil
import sqlite3
import string
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_fakes import TRUSTING
from exchanged import BOX, MOMENT, OTHER, RAW, UNIT, contents, everything, person, reference
from gallery.adapters.gallery_archive import ZipArchives
from gallery.adapters.store import SqliteStore
from gallery.domain.errors import StoreUnusable, UnknownName
from gallery.domain.exchanging import Fate, Resolution, whole
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import Thresholds
from gallery.domain.people import Details, NewReference, name_key
from gallery.usecases.exchange import Export, Import

LATER = MOMENT + timedelta(days=100)


@pytest.fixture
def other(tmp_path, new_gallery):
    """Another gallery, empty, whose clock stands at another time."""
    shutil.copyfile(new_gallery, tmp_path / "other.db")
    with SqliteStore.open(tmp_path / "other.db", create=True, clock=lambda: LATER) as opened:
        yield opened


def rows(path: Path) -> dict[str, list]:
    """Everything in a gallery file."""
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in tables}
    connection.close()
    return found


def described(store: SqliteStore):
    """Everything that is to be the same in another gallery."""
    people = []
    for summary in store.identities():
        found = store.identity(summary.name)
        crops = store.crops(summary.name)
        references = [(one.added, one.models, one.reference, crops.get(one.id)) for one in found.references]
        people.append((summary, found.name, found.added, found.details, references))
    whitelist = store.whitelist()
    order = np.lexsort((whitelist.references, whitelist.owners))
    templates = [(whitelist.names[whitelist.owners[row]], whitelist.templates[row].tobytes()) for row in order]
    return people, store.space(), [(one.space, one.templates) for one in store.spaces()], templates, store.by_hand()


def carry(source: SqliteStore, target: SqliteStore, resolution=Resolution.REFUSE, names=(), crops=True):
    """From one gallery to another."""
    archives, file = ZipArchives(), source.path.with_name("carried.gallery")
    Export(source, archives)(file, names, crops, force=True)
    with archives.open(file) as found:
        return Import(target, TRUSTING, resolution)(found, "import carried.gallery")


def fill(store: SqliteStore, given=None) -> None:
    Import(store, TRUSTING)(everything() if given is None else given, "fill")


def test_what_goes_in_comes_out(store):
    fill(store)

    with store.contents() as found:
        assert found.models == (RAW, UNIT)
        assert found.own == RAW
        assert list(found.people()) == [TRUSTING.person(one, None) for one in everything().people()]
        for (_, large), (_, wanted) in zip(whole(found), everything().everybody, strict=True):
            assert [one.crop for one in large] == [one.crop for one in wanted]
            for one, two in zip(large, wanted, strict=True):
                assert [space for space, _ in one.templates] == [space for space, _ in two.templates]
                assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(one.templates, two.templates, strict=True))


def test_another_gallery_is_the_same_and_so_is_its_archive(store, other, tmp_path):
    fill(store)
    store.rename("Émilie du Châtelet", "Aa")

    assert carry(store, other).done

    assert described(other) == described(store)
    first = (tmp_path / "carried.gallery").read_bytes()
    Export(other, ZipArchives())(tmp_path / "again.gallery")
    assert (tmp_path / "again.gallery").read_bytes() == first


WORDS = st.text(string.ascii_letters + "äß好Ωи", min_size=1, max_size=6)
MODELS = st.sets(st.sampled_from([RAW, UNIT, OTHER]), min_size=1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DETAILS = st.builds(
    Details,
    enabled=st.booleans(),
    expires=st.none() | st.dates(date(1, 1, 1)),
    notes=st.just("") | WORDS,
    tags=st.lists(WORDS, max_size=3, unique_by=name_key).map(lambda words: tuple(sorted(words, key=name_key))),
    keep_crops=st.booleans(),
)
BOXES = st.builds(Box, st.integers(0, 9999), st.integers(0, 9999), st.integers(1, 9999), st.integers(1, 9999))
POINT = st.tuples(FINITE, FINITE)


@st.composite
def galleries(draw):
    """What a gallery may hold."""
    people, number = [], 0
    for name in sorted(draw(st.lists(WORDS, max_size=4, unique_by=name_key)), key=name_key):
        details, references = draw(DETAILS), []
        for _ in range(draw(st.integers(0, 3))):
            number += 1
            spaces = [space for space in (RAW, OTHER, UNIT) if space in draw(MODELS)]
            landmarks = draw(st.none() | st.builds(Landmarks, POINT, POINT, POINT, POINT, POINT))
            crop = details.keep_crops and draw(st.booleans())
            one, large = reference(number, spaces, crop, draw(BOXES), draw(st.just(()) | st.just(("dark",))), landmarks)
            score = draw(FINITE)
            changed = replace(one.reference, detection=replace(one.reference.detection, score=score))
            references.append((replace(one, reference=changed), large))
        own = tuple(
            (space, Thresholds(draw(st.floats(0, 2)), draw(st.floats(0, 1e300)), "set by hand"))
            for space in (RAW, OTHER, UNIT)
            if references and draw(st.booleans())
        )
        people.append(person(name, references, details, own))
    return contents(*people, models=(RAW, OTHER, UNIT))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=galleries())
def test_any_gallery_is_carried_over(tmp_path_factory, new_gallery, held):
    folder = tmp_path_factory.mktemp("carried")
    for name in ("a.db", "b.db"):
        shutil.copyfile(new_gallery, folder / name)
    with (
        SqliteStore.open(folder / "a.db", create=True, clock=lambda: LATER) as source,
        SqliteStore.open(folder / "b.db", create=True, clock=lambda: LATER) as target,
    ):
        fill(source, held)
        result = carry(source, target)
        assert result.complete
        assert described(target) == described(source)
        assert [who.name for who in result.people] == [who.name for who in held.people()]
    shutil.rmtree(folder)


def test_some_people_are_exported_with_what_is_theirs(store, other):
    fill(store)

    result = carry(store, other, names=["ÉMILIE du châtelet", "nobody yet", "Nobody yet"])

    assert [who.name for who in result.people] == ["Nobody yet", "Émilie du Châtelet"]
    assert [one.name for one in other.identities()] == [one.name for one in result.people]
    assert other.space() == RAW
    with pytest.raises(UnknownName, match="nobody named Ada Lovelase") as caught:
        carry(store, other, names=["Ada Lovelase"])
    assert "Did you mean Ada Lovelace?" in caught.value.hint


def test_models_of_nobody_who_is_exported_stay_behind(store):
    fill(store, contents(person("Ada", [reference(1, (RAW,))]), person("Bea", [reference(2, (UNIT,))])))

    with store.contents(["Ada"]) as found:
        assert found.models == (RAW,)
    with store.contents(["Bea"]) as found:
        assert found.models == (RAW, UNIT)
        assert list(found.templates(RAW)) == []


def test_one_state_is_exported_whatever_is_changed_meanwhile(store):
    fill(store)

    with store.contents() as found:
        people = list(found.people())
        with SqliteStore.open(store.path, create=True) as another:
            another.remove("Ada Lovelace")
            another.rename("Nobody yet", "Somebody")
        assert list(found.people()) == people
        assert len(list(found.templates(RAW))) == 3
    assert len(store.identities()) == 2


def test_an_import_is_one_change_that_can_be_undone(store, other):
    fill(store)
    fill(other, contents(person("Grace", [reference(9)])))
    before = described(other)

    carry(store, other)

    assert other.last_change().what == "import carried.gallery"
    other.undo()
    assert described(other) == before


def test_replacing_can_be_undone(store, other):
    fill(store)
    fill(other, contents(person("ada lovelace", [reference(9, (RAW, UNIT)), reference(1)], Details(notes="mine"))))
    before = described(other)

    result = carry(store, other, Resolution.REPLACE)

    assert [who.fate for who in result.people] == [Fate.REPLACED, Fate.ADDED, Fate.ADDED]
    assert described(other)[0] == described(store)[0]
    other.undo()
    assert described(other) == before


def test_merging_adds_what_is_missing_and_leaves_the_settings(store, other):
    fill(store)
    mine = Details(notes="mine", expires=date(2030, 1, 1), keep_crops=False)
    own = ((RAW, Thresholds(0.1, 10.0, "set by hand")),)
    fill(other, contents(person("ada lovelace", [reference(1, crop=False)], mine, own)))

    result = carry(store, other, Resolution.MERGE)

    ada = other.identity("Ada Lovelace")
    assert (ada.name, ada.details) == (
        "ada lovelace",
        replace(mine, thresholds=replace(own[0][1], origin="brought by an archive on 2026-02-01")),
    )
    assert [one.reference.source for one in ada.references] == ["photos/1.jpg", "photos/2.jpg"]
    assert other.crops("ada lovelace") == {}
    assert result.people[0].references == 1
    assert carry(store, other, Resolution.MERGE).done is False
    assert other.last_change().what == "import carried.gallery"


@pytest.mark.parametrize("resolution", [Resolution.REFUSE, Resolution.SKIP])
def test_where_nothing_comes_nothing_is_changed(store, other, resolution):
    fill(store)
    fill(other)
    other.rename("Nobody yet", "nobody  YET")
    other.close()
    before = rows(other.path)

    result = carry(store, other, resolution)
    other.close()

    assert not result.done
    assert rows(other.path) == before
    assert other.last_change().what.startswith("rename")


def test_where_it_fails_in_the_middle_nothing_is_changed(store, other, tmp_path):
    fill(store)
    Export(store, ZipArchives())(tmp_path / "a.gallery")
    other.close()
    before = rows(other.path)

    def fail(done, _all):
        if done == 2:
            raise OSError(28, "No space left on device")

    with ZipArchives().open(tmp_path / "a.gallery") as found, pytest.raises(OSError, match="No space"):
        Import(other, TRUSTING)(found, "import", fail)
    other.close()
    assert rows(other.path) == before


def test_a_gallery_that_changes_meanwhile_is_left_alone(store, other, tmp_path, monkeypatch):
    fill(store)
    Export(store, ZipArchives())(tmp_path / "a.gallery")
    planned = Import.plan

    def slow(self, found):
        result = planned(self, found)
        with SqliteStore.open(other.path, create=True) as another:
            another.add("Ada Lovelace", NewReference(*_new(9)), RAW)
        return result

    monkeypatch.setattr(Import, "plan", slow)
    with (
        ZipArchives().open(tmp_path / "a.gallery") as found,
        pytest.raises(StoreUnusable, match="nothing was imported"),
    ):
        Import(other, TRUSTING)(found, "import")
    assert [one.name for one in other.identities()] == ["Ada Lovelace"]


def _new(n):
    one, large = reference(n)
    return one.reference, large.templates[0][1]


def test_a_gallery_without_templates_takes_the_archives_model(store, other):
    fill(store)
    with other._database.writing() as session:
        from gallery.adapters.store import spaces

        spaces.add(session, OTHER)
    assert other.space() == OTHER

    carry(store, other)

    assert other.space() == RAW
    assert described(other) == described(store)


def test_a_gallery_of_another_model_keeps_it(store, other):
    fill(store)
    fill(other, contents(person("Grace", [reference(9, (UNIT,))]), models=(UNIT,), own=UNIT))

    result = carry(store, other)

    assert other.space() == UNIT
    assert result.lacking == ("Ada Lovelace",)  # her second reference has no template of it, and no crop either
    assert [(one.space, one.templates) for one in other.spaces()] == [(UNIT, 4), (RAW, 3)]
    assert set(other.whitelist().names) == {"Ada Lovelace", "Grace", "Émilie du Châtelet"}


def test_models_that_differ_in_name_only_are_one(store, other):
    renamed = replace(RAW, model="mine")
    fill(store)
    fill(other, contents(person("Grace", [reference(9, (renamed,))]), models=(renamed,), own=renamed))

    assert carry(store, other).done

    assert [(one.space, one.templates) for one in other.spaces()] == [(renamed, 4), (UNIT, 3)]
    assert len(other.whitelist()) == 4


def test_numbers_are_never_given_twice(store):
    fill(store)
    numbers = [one.id for one in store.identity("Ada Lovelace").references]
    store.remove("Ada Lovelace")
    store.remove("Émilie du Châtelet")

    fill(store, contents(person("Ada Lovelace", [reference(1)])))

    assert store.identity("Ada Lovelace").references[0].id > max(numbers) + 1
    store.add("Grace", NewReference(*_new(77)), RAW)


def test_a_damaged_template_is_named(store):
    fill(store)
    with store._database.writing() as session:
        session.connection().exec_driver_sql("UPDATE template SET vector = zeroblob(8) WHERE reference_id = 2")

    with store.contents() as found, pytest.raises(StoreUnusable, match="the template of reference 2 is unreadable"):
        list(found.templates(RAW))


def test_more_than_are_fetched_at_once(store, other):
    fill(store, contents(person("Ada", [reference(n, box=BOX) for n in range(1, 450)])))

    assert carry(store, other).people[0].references == 449
    assert described(other) == described(store)


def test_a_read_only_gallery_is_exported_and_not_changed(open_folder, as_ordinary_user, store):
    fill(store)
    store.close()
    shutil.copyfile(store.path, open_folder / "a.db")
    with as_ordinary_user(open_folder):
        (open_folder / "a.db").chmod(0o400)
        with SqliteStore.open(open_folder / "a.db", create=False) as found:
            Export(found, ZipArchives())(open_folder / "a.gallery")
            with ZipArchives().open(open_folder / "a.gallery") as read, pytest.raises(StoreUnusable, match="read-only"):
                Import(found, TRUSTING, Resolution.REPLACE)(read, "import")
