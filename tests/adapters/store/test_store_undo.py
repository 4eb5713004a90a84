"""A change that is undone leaves every row as it was, byte for byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery.adapters.store import SqliteStore
from gallery.adapters.store.undo import RECORDED
from gallery.domain.calibrated import Calibration
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import AlreadyEnrolled, BadArgument, NothingToUndo, StoreUnusable, UnknownName
from gallery.domain.geometry import Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.people import FaceCrop, NewReference, new_name
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus
from gallery.testing import EMBEDDER

STRANGE = ["O'Brien; DROP TABLE identity; --", "Zoë 😀", "محمد", "李雷", "a̐éö̲", 'say "x"', "%s ? :a", "राम"]
OTHER = EmbeddingSpace("other", "b" * 64, "l2", 3)
RUN = RunSettings("0", OTHER, "yunet", "d" * 64, Thresholds(0.5, 1.0), {}, {}, 1, 1, "out")

Row = tuple[object, ...]


def rows(path: Path) -> dict[str, list[Row]]:
    """Everything that can be undone, with the type of each value as the file has it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        found = {}
        for table in RECORDED:
            columns = [row[1].decode() for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(f'typeof("{column}"), "{column}"' for column in columns)
            found[table] = sorted(connection.execute(f"SELECT {values} FROM {table}").fetchall())
        return found


def log(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT statement FROM undo_step ORDER BY id")]


def calibration(space: EmbeddingSpace, *people: str) -> Calibration:
    personal = {name: Thresholds(0.1 / 3, 1 / 7, f"{name}'s own; \\udcff") for name in people}
    made = datetime(2026, 2, 1, 12, 30, 0, 5, tzinfo=UTC)
    return Calibration(
        space, Thresholds(0.1 + 0.2, 1e-300, "it's"), personal, 1e-3, "best", "", "yunet", 1, 2, 3, 4, 5, made
    )


@pytest.fixture
def with_crop(make_reference) -> Callable[..., NewReference]:
    """Makes the nth reference with a picture and whatever is hard to write down."""

    def make(n: int, **more: object) -> NewReference:
        points = Landmarks((0.1, 0.2), (1 / 3, 2.0), (3.5, 4.5), (1e-17, 6.0), (7.0, 1e300))
        new = make_reference(n, landmarks=points, source=f"caf\udce9/it's {n}?.jpg", **more)
        new = replace(new, reference=replace(new.reference, flaws=("too 'small'", "dünkel")))
        return replace(new, crop=FaceCrop(bytes(range(256)) + bytes([n]), n, 2, 1 / 3))

    return make


@pytest.fixture
def full(store, space, make_reference, with_crop) -> SqliteStore:
    """A gallery with everything a gallery can hold."""
    numbers = [store.add(name, with_crop(n), space) for n, name in enumerate(STRANGE)]
    store.add(STRANGE[0], make_reference(20, embedding=np.array([-0.0, 1e-40, 3.4e38, -1 / 3])), space)
    store.add("Ada", make_reference(21), space)
    store.add("Grace", with_crop(22), space)
    for number in numbers[:3]:
        store.add_template(number, np.array([0.1, 1e-30, number], np.float32), OTHER)
    store.merge("Ada", STRANGE[1])
    for name in STRANGE:
        store.edit(
            name,
            lambda details: replace(
                details,
                notes="it's; two\nlines: é 😀",
                tags=("5b", "d'or; --", "合唱"),
                expires=date(2026, 7, 31),
                thresholds=Thresholds(0.1 + 0.2, 5e-324, "by hand; 'x'"),
            ),
        )
    store.edit(STRANGE[2], lambda details: replace(details, enabled=False))
    store.set_calibration(calibration(space, *STRANGE))
    return store


class Given(NamedTuple):
    """What changes are made with."""

    store: SqliteStore
    space: EmbeddingSpace
    new: Callable[..., NewReference]


CHANGES: dict[str, Callable[[Given], object]] = {
    "enrol somebody new": lambda it: it.store.add("Kurt", it.new(50), it.space),
    "enrol once more": lambda it: it.store.add(STRANGE[3], it.new(51), it.space),
    "rename": lambda it: it.store.rename(STRANGE[0], "Robert'); --"),
    "spell differently": lambda it: it.store.rename(STRANGE[1], "ZOË 😀"),
    "merge": lambda it: it.store.merge(STRANGE[1], STRANGE[0]),
    "move": lambda it: it.store.move(1, STRANGE[4]),
    "remove": lambda it: it.store.remove(STRANGE[0]),
    "remove who was merged": lambda it: it.store.remove(STRANGE[1]),
    "remove a reference": lambda it: it.store.remove_reference(2),
    "keep no pictures": lambda it: it.store.edit(STRANGE[5], lambda d: replace(d, keep_crops=False)),
    "settle otherwise": lambda it: it.store.edit(STRANGE[6], lambda d: replace(d, notes="?", tags=("5c",))),
    "no thresholds": lambda it: it.store.edit(STRANGE[6], lambda d: replace(d, thresholds=None)),
    "calibrate again": lambda it: it.store.set_calibration(calibration(it.space, "Grace", STRANGE[7])),
    "drop the calibration": lambda it: it.store.clear_calibration(),
    "another template": lambda it: it.store.add_template(5, np.array([1.0, 2.0, 0.1], np.float32), OTHER),
    "a template anew": lambda it: it.store.add_template(1, np.array([9.0, 9.0, 9.0], np.float32), OTHER),
    "use another model": lambda it: it.store.use(OTHER),
}


@pytest.mark.parametrize("change", CHANGES)
def test_undoing_brings_every_row_back(path, full, space, with_crop, change):
    before = rows(path)
    CHANGES[change](Given(full, space, with_crop))
    assert rows(path) != before, "otherwise the test shows nothing"

    assert full.undo().what

    assert rows(path) == before
    assert log(path) == []


def test_removing_everybody_can_be_undone_as_one_change(path, full, space, with_crop):
    before = rows(path)

    with full.change("start afresh"):
        for name in [person.name for person in full.identities()]:
            full.remove(name)
        full.choose(EMBEDDER)
        full.add("Kurt", replace(with_crop(1), embedding=np.ones(16, np.float32)), EMBEDDER.space)
    assert [person.name for person in full.identities()] == ["Kurt"]
    assert full.calibration() is None
    assert full.undo().what == "start afresh"

    assert rows(path) == before


def test_choosing_another_model_is_a_change_of_its_own(path, store, space, make_reference):
    """Else undoing what came before would bring back templates of a model that is gone."""
    store.add("Ada", make_reference(), space)
    store.remove("Ada")
    before = rows(path)

    store.choose(EMBEDDER)

    assert store.undo().what == f"choose {EMBEDDER.name}"
    assert rows(path) == before
    with pytest.raises(NothingToUndo):
        store.undo()


def test_a_change_is_undone_once(full):
    full.remove("Grace")
    assert full.last_change().what == "remove Grace"
    full.undo()

    assert full.last_change() is None
    with pytest.raises(NothingToUndo, match="no change to undo") as caught:
        full.undo()
    assert caught.value.hint


def test_a_new_gallery_has_nothing_to_undo(store):
    assert store.last_change() is None
    with pytest.raises(NothingToUndo):
        store.undo()


def test_only_the_last_change_is_undone(full, space, with_crop):
    full.remove("Grace")
    full.rename(STRANGE[3], "Li Lei")

    assert full.undo().what == f"rename {STRANGE[3]} to Li Lei"

    assert full.identity(STRANGE[3])
    with pytest.raises(UnknownName):
        full.identity("Grace")
    with pytest.raises(NothingToUndo):
        full.undo()


def test_the_moment_of_the_change_is_told(full):
    full.remove("Grace")

    assert full.last_change().made.utcoffset() is not None
    assert full.last_change() == full.undo()


def test_what_failed_is_no_change(path, full, space, with_crop):
    full.remove("Grace")
    content = rows(path)

    for attempt in (
        lambda: full.remove("Nobody"),
        lambda: full.add(STRANGE[3], with_crop(3), space),
        lambda: full.edit(STRANGE[3], lambda details: replace(details, notes="\x00")),
        lambda: full.remove("caf\udce9"),
        lambda: full.remove_reference(10**30),
        lambda: full.remove_reference(-(10**30)),
    ):
        with pytest.raises((UnknownName, AlreadyEnrolled, BadArgument)):
            attempt()

    assert rows(path) == content
    assert full.undo().what == "remove Grace"


@pytest.mark.parametrize(
    "nothing",
    [
        lambda store: store.edit(STRANGE[0], lambda details: details),
        lambda store: store.rename(STRANGE[0], STRANGE[0]),
        lambda store: store.use(store.space()),
        lambda store: store.add_template(1, np.array([0.1, 1e-30, 1], np.float32), OTHER),
        lambda store: store.edit(STRANGE[0], lambda details: replace(details, tags=("合唱", "5b", "d'or; --", "5B"))),
    ],
    ids=["same details", "same name", "same model", "same template", "same tags"],
)
def test_what_changes_nothing_is_no_change(path, full, nothing):
    full.remove("Grace")
    content = rows(path)

    nothing(full)

    assert rows(path) == content
    assert full.undo().what == "remove Grace"
    assert full.identity("Grace")


def test_dropping_what_is_not_there_is_no_change(store, space, make_reference):
    store.add("Ada", make_reference(), space)

    assert store.clear_calibration() is False

    assert store.last_change().what == "enrol Ada"


def test_the_parts_of_a_change_that_came_through_are_undone_together(path, full, space, with_crop):
    before = rows(path)

    with full.change("enrol some"):
        full.add("Kurt", with_crop(60), space)
        with pytest.raises(AlreadyEnrolled):
            full.add("Kurt", with_crop(60), space)
        full.add("Emmy", with_crop(61), space)
    assert full.undo().what == "enrol some"

    assert rows(path) == before


def test_a_change_within_a_change_is_a_part_of_it(path, full, space, with_crop):
    before = rows(path)

    with full.change("outer"):
        full.add("Kurt", with_crop(60), space)
        with full.change("inner"):
            full.add("Emmy", with_crop(61), space)
        full.add("Alan", with_crop(62), space)
    assert full.undo().what == "outer"

    assert rows(path) == before


def test_a_change_in_which_nothing_is_done_leaves_the_last_one(full):
    full.remove("Grace")
    with full.change("nothing"):
        pass
    assert full.undo().what == "remove Grace"


def test_changes_after_a_group_are_changes_of_their_own(full, space, with_crop):
    with full.change("group"):
        full.add("Kurt", with_crop(60), space)
    full.rename("Kurt", "Kurt G")

    assert full.undo().what == "rename Kurt to Kurt G"
    assert full.identity("Kurt")


def test_another_process_in_between_leaves_its_change_to_be_undone(path, full, space, with_crop):
    with SqliteStore.open(path, create=True) as other:
        with full.change("mine"):
            full.add("Kurt", with_crop(60), space)
            other.add("Emmy", with_crop(61), space)
            full.add("Alan", with_crop(62), space)
        assert other.last_change().what == "mine"
        assert other.undo().what == "mine"

        names = {person.name for person in full.identities()}
        assert {"Kurt", "Emmy"} <= names
        assert "Alan" not in names


def test_a_part_that_failed_never_becomes_a_part_of_another_processes_change(path, full, space, with_crop):
    """The number it would have had is given to the other's."""
    with SqliteStore.open(path, create=True) as other, full.change("mine"):
        with pytest.raises(AlreadyEnrolled):
            full.add(STRANGE[0], with_crop(0), space)
        other.add("Emmy", with_crop(61), space)
        full.add("Alan", with_crop(62), space)

    assert full.undo().what == "mine"
    names = {person.name for person in full.identities()}
    assert "Emmy" in names
    assert "Alan" not in names


def test_what_another_process_undid_is_not_gone_on_with(path, full, space, with_crop):
    with SqliteStore.open(path, create=True) as other, full.change("mine"):
        full.add("Kurt", with_crop(60), space)
        assert other.undo().what == "mine"
        full.add("Alan", with_crop(62), space)

    assert full.undo().what == "mine"
    assert {"Kurt", "Alan"}.isdisjoint(person.name for person in full.identities())


def test_the_audit_trail_and_the_last_match_are_not_undone(full, space, with_crop):
    full.rename("Grace", "Grace H")
    grace = full.identity("Grace H")
    new = with_crop(1).reference
    kept = Decision(Verdict.KEEP, Rule.MATCH, "", Candidate("Grace H", grace.references[0].id, 0.1, 0.2))
    number = full.begin_run(RUN)
    face = DecidedFace(new.detection, new.quality, kept)
    full.record(number, ImageRecord("a.jpg", ImageStatus.OK, "b" * 64, 1, 1, "o.jpg", "c" * 64, (face,)))
    full.end_run(number, RunStatus.FINISHED)

    assert full.undo().what == "rename Grace to Grace H"

    assert full.run(number).images[0].faces == (face,)
    assert full.identity("Grace").last_matched is not None


def test_numbers_are_not_given_again_after_an_undo(store, space, make_reference):
    first = store.add("Ada", make_reference(1), space)
    person = store.identity("Ada").id
    store.undo()

    assert store.add("Ada", make_reference(1), space) > first
    assert store.identity("Ada").id > person


EVIL = {
    "another file": "ATTACH DATABASE '{stolen}' AS stolen",
    "a setting": "PRAGMA user_version = 77",
    "a harmful setting": "PRAGMA writable_schema = ON",
    "a table": "DROP TABLE run",
    "a new table": "CREATE TABLE x (y)",
    "a trigger": "CREATE TRIGGER x AFTER INSERT ON identity BEGIN DELETE FROM run; END",
    "the record": "UPDATE run SET model = 'other'",
    "decisions": "DELETE FROM decision",
    "the schema": "UPDATE sqlite_master SET sql = ''",
    "the log itself": "DELETE FROM undo_step",
    "backups": "INSERT INTO backup VALUES ('/etc/passwd', '2026-01-01')",
    "foreign code": "SELECT load_extension('evil.so')",
    "an early end": "COMMIT",
    "two statements": "DELETE FROM tag; DELETE FROM run",
    "nonsense": "make everybody visible",
    "a wrong row": "INSERT INTO identity (id) VALUES (1)",
    "a lost owner": "UPDATE reference SET identity_id = 4711",
    "a copy of the file": "VACUUM INTO '{stolen}'",
    "by way of reading": "UPDATE identity SET notes = (SELECT load_extension('x'))",
}


@pytest.mark.parametrize("evil", EVIL)
def test_a_tampered_log_is_refused_and_changes_nothing(path, full, evil):
    statement = EVIL[evil].format(stolen=path.parent / "stolen.db")
    full.remove("Grace")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO undo_step (statement) VALUES (?)", (statement,))
        connection.execute("INSERT INTO undo_step (statement) VALUES ('DELETE FROM tag')")
    before, dump = rows(path), whole(path)

    with pytest.raises(StoreUnusable, match="cannot be undone: what the file says of it was damaged or") as caught:
        full.undo()

    assert str(path) in caught.value.message
    assert caught.value.hint
    assert rows(path) == before
    assert whole(path) == dump
    assert not (path.parent / "stolen.db").exists()
    full.rename(STRANGE[3], "Li Lei")
    assert full.undo().what == f"rename {STRANGE[3]} to Li Lei"


def whole(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def test_the_connection_is_free_again_after_an_undo(full, space, with_crop):
    """What is allowed while a change is taken back is not all that is allowed later."""
    full.remove("Grace")
    full.undo()

    assert full.begin_run(RUN) == 1


def test_a_gallery_in_use_is_not_called_tampered_with(path, new_gallery, space, make_reference):
    with SqliteStore.open(path, create=True, timeout=0.05) as store:
        store.add("Ada", make_reference(), space)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnusable, match="in use by another program"):
                store.undo()
        assert store.undo().what == "enrol Ada"


def can_be_named(text: str) -> bool:
    """Whether all of a text can be seen, as it must in a new name."""
    try:
        new_name(text)
    except BadArgument:
        return False
    return True


texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn", "Cf", "Zs", "Zl", "Zp")), min_size=1, max_size=30
).filter(can_be_named)
paths = st.text(st.characters(exclude_characters="\x00"), min_size=1, max_size=40)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    texts,
    texts,
    texts,
    paths,
    st.floats(0, 1),
    st.floats(0, 2),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=4, max_size=4),
    st.binary(min_size=1, max_size=600),
)
def test_any_text_path_number_and_picture_comes_back(
    path, store, space, make_reference, name, new, words, source, score, cosine, vector, picture
):
    reference = make_reference(source=source, embedding=np.array(vector, np.float32))
    detection = replace(reference.reference.detection, score=score)
    reference = replace(reference, reference=replace(reference.reference, detection=detection, flaws=(words, "'")))
    for person in store.identities():
        store.remove(person.name)
    store.add(name, replace(reference, crop=FaceCrop(picture, 0, 0, max(score, 0.1))), space)
    store.edit(name, lambda d: replace(d, notes=words, tags=(words,), thresholds=Thresholds(cosine, score, words)))
    before = rows(path)

    with store.change(words):
        store.rename(name, new)
        store.edit(new, lambda d: replace(d, notes="", tags=(), thresholds=None, keep_crops=False))
        store.remove(new)
    assert store.undo().what == words

    assert rows(path) == before
