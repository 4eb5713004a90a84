"""Whatever is changed of the record behind the program's back is found, and what the program rightly changes is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.adapters.store import SqliteStore, trail
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import TrailBroken
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, ImageStatus, RunSettings, RunStatus, Verification, withdrawn
from gallery.domain.trail import FIRST, Event

SPACE = EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4)
SETTINGS = RunSettings(
    program="0.1.0",
    space=SPACE,
    detector="yunet",
    detector_sha256="d" * 64,
    thresholds=Thresholds(0.535, 1.034, "made up"),
    policy={"grey_band": 0.05, "personal": {"Ada": {"cosine": 0.5, "euclidean": 1.0, "origin": "Ada's own"}}},
    redaction={"method": "blur"},
    identities=2,
    templates=3,
    output="out",
    base="/home/ada",
)
POINTS = Landmarks((10.5, 20.25), (30.0, 20.0), (20.0, 30.0), (12.0, 40.0), (28.0, 40.0))
ADA, GRACE = Candidate("Ada", 1, 0.25, 0.7), Candidate("Grace", 2, 0.9, 1.3)
KEPT = Decision(Verdict.KEEP, Rule.MATCH, "matches Ada within both thresholds", ADA, GRACE)
BLURRED = Decision(Verdict.BLUR, Rule.COSINE, "cosine distance 0.900 is above the threshold 0.535", GRACE, ADA)


def face(decision: Decision, residual: float | None = None) -> DecidedFace:
    return DecidedFace(Detection(Box(1, 2, 30, 40), 0.9, POINTS), Quality(30, 12.5, True), decision, residual)


def photo(name: str) -> ImageRecord:
    return ImageRecord(
        *(f"in/{name}.jpg", ImageStatus.OK, "b" * 64, 640, 480, f"out/{name}.jpg", "c" * 64),
        faces=(face(KEPT), face(BLURRED, 0.9)),
        remarks=("It held a gain map.",),
        verified=Verification.FULL,
        state="3" * 64,
    )


FAILED = ImageRecord("in/torn.jpg", ImageStatus.FAILED, error="in/torn.jpg is cut off.")
BEFORE = ImageRecord("in/a.jpg", ImageStatus.DONE_BEFORE, "b" * 64, 8, 8, "out/a.jpg", "c" * 64, earlier=1)


def add_runs(store: SqliteStore) -> None:
    first = store.begin_run(SETTINGS, "operator")
    store.record(first, photo("a"))
    store.record(first, photo("b"))
    store.record(first, FAILED)
    store.end_run(first, RunStatus.FINISHED)
    second = store.begin_run(SETTINGS, "operator")
    store.record(second, BEFORE)


def tampered(path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        assert connection.execute(statement, values).rowcount > 0


def salts(path) -> dict[int, str]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT id, salt FROM run_image"))


def test_an_untouched_record_fits(store):
    assert store.check_trail().head == FIRST
    add_runs(store)
    found = store.check_trail()
    assert found.misfit is None
    assert (found.entries, found.runs, found.photos, found.unended) == (7, 2, 4, (2,))
    assert found.known_head is None
    assert store.check_trail(found.head).known_head is True
    assert store.check_trail("0" * 63 + "1").known_head is False


def test_a_head_noted_once_is_known_for_good(store):
    add_runs(store)
    noted = store.check_trail().head
    store.end_run(2, RunStatus.FINISHED)
    now = store.check_trail(noted)
    assert now.head != noted
    assert now.known_head is True


COLUMNS = [
    *(("run", name) for name in ("id", "salt", *trail.RUN)),
    *(("run_image", name) for name in ("id", "salt", *trail.IMAGE)),
    *(("decision", name) for name in ("run_image_id", *trail.DECISION)),
    *(("trail", name) for name in ("id", "at", "event", "run", "image", "digest", "previous", "sha256")),
]


def other(value: object) -> object:
    """Something else that is as like it as can be: one bit of a number, one letter of a text."""
    if value is None:
        return "x" * 32
    if isinstance(value, int):
        return value + 9
    if isinstance(value, float):
        return float.fromhex((value + 2**-52).hex()) if value + 2**-52 != value else value * (1 + 2**-52)
    text = str(value)
    return text[:-1] + ("0" if text[-1] != "0" else "1")


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_change_to_any_value_of_any_row_is_found(store, path, table, column):
    add_runs(store)
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        values = connection.execute(f'SELECT rowid, "{column}" FROM "{table}"').fetchall()
    assert values
    whole = path.read_bytes(), path.with_name("gallery.db-wal").exists()
    assert not whole[1]
    for row, value in values:
        tampered(path, f'UPDATE OR REPLACE "{table}" SET "{column}" = ? WHERE rowid = ?', other(value), row)
        found = store.check_trail()
        assert found.misfit is not None, (row, value, other(value))
        store.close()
        path.with_name("gallery.db-wal").unlink(missing_ok=True)
        path.with_name("gallery.db-shm").unlink(missing_ok=True)
        path.write_bytes(whole[0])


def test_every_column_of_the_record_is_covered(path, store):
    with closing(sqlite3.connect(path)) as connection:
        columns = {
            table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            for table in ("run", "run_image", "decision")
        }
    assert columns["run"] - set(trail.RUN) == {"id", "salt"}
    assert columns["run_image"] - set(trail.IMAGE) == {"id", "salt"}
    assert columns["decision"] - set(trail.DECISION) == {"run_image_id"}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE decision SET cosine = 0.2 WHERE id = 3", "The record of in/b.jpg in run 1, or a decision"),
        ("UPDATE run SET cosine = 0.9 WHERE id = 1", "The record of run 1 (its settings"),
        ("DELETE FROM decision WHERE id = 2", "The record of in/a.jpg in run 1, or a decision"),
        ("DELETE FROM run_image WHERE id = 3", "A photo of run 1 is missing (row 3)"),
        ("DELETE FROM run WHERE id = 2", "Run 2 is missing"),
        ("UPDATE run_image SET run_id = 2 WHERE id = 3", "A photo of run 1 is missing"),
        ("UPDATE run_image SET run_id = 77 WHERE id = 3", "A photo of run 1 is missing"),
        ("DELETE FROM trail WHERE id = 7", "The last entries of the trail are missing: there were 7, and 6 are left"),
        ("DELETE FROM trail WHERE id = 4", "Entry 4 of the trail is missing"),
        ("DELETE FROM trail", "there were 7, and 0 are left"),
        ("UPDATE trail SET previous = digest WHERE id = 5", "Entry 5 of the trail (run ended, run 1, 2026-01-31"),
        ("UPDATE trail SET digest = previous WHERE id = 5", "is not as it was written"),
        (
            "INSERT INTO run_image SELECT 99, run_id, source, status, sha256, width, height, output, output_sha256,"
            " error, remarks, verified, state, earlier, salt, output_mark FROM run_image WHERE id = 1",
            "The record of in/a.jpg in run 1 was added behind the program's back",
        ),
    ],
)
def test_the_first_thing_that_does_not_fit_is_named(store, path, statement, said):
    add_runs(store)
    tampered(path, statement)
    assert said in (store.check_trail().misfit or "")


def test_a_run_that_was_put_in_is_found(store, path):
    add_runs(store)
    with closing(sqlite3.connect(path)) as connection:
        names = ", ".join(f'"{row[1]}"' for row in connection.execute("PRAGMA table_info(run)") if row[1] != "id")
    tampered(path, f"INSERT INTO run (id, {names}) SELECT 9, {names} FROM run WHERE id = 1")
    assert "Run 9 was added behind the program's back" in (store.check_trail().misfit or "")


def remove_second_run(path) -> None:
    """With its entries, which are the last; no hash is made anew."""
    for statement in (
        "DELETE FROM decision WHERE run_image_id IN (SELECT id FROM run_image WHERE run_id = 2)",
        "DELETE FROM run_image WHERE run_id = 2",
        "DELETE FROM run WHERE id = 2",
        "DELETE FROM trail WHERE run = 2",
    ):
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)


def test_removed_last_entries_are_not_hidden_by_what_the_program_adds(store, path, make_reference):
    store.add("Ada", make_reference(1), SPACE)
    add_runs(store)
    remove_second_run(path)
    assert "there were 7, and 5 are left" in (store.check_trail().misfit or "")
    store.forget("Ada")
    assert "Entry 6 of the trail is missing" in (store.check_trail().misfit or "")
    store.begin_run(SETTINGS)
    assert "Entry 6 of the trail is missing" in (store.check_trail().misfit or "")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sqlite_sequence WHERE name = 'trail'",
        "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'trail'",
        "UPDATE sqlite_sequence SET seq = 'a' WHERE name = 'trail'",
        "UPDATE sqlite_sequence SET seq = NULL WHERE name = 'trail'",
        "UPDATE sqlite_sequence SET name = 'trial' WHERE name = 'trail'",
        "UPDATE trail SET at = x'ff' WHERE id = 3",
        "UPDATE trail SET digest = x'ff' WHERE id = 3",
        "UPDATE trail SET event = x'ff' WHERE id = 3",
    ],
)
def test_a_count_or_an_entry_that_makes_no_sense_is_a_misfit(store, path, statement):
    add_runs(store)
    tampered(path, statement)
    assert store.check_trail().misfit is not None


def test_rows_that_belong_to_nothing_are_found(store, path):
    add_runs(store)
    columns = "source, status, sha256, width, height, output, output_sha256, error, remarks, verified, state, earlier"
    tampered(
        path, f"INSERT INTO run_image (run_id, salt, {columns}) SELECT 777, salt, {columns} FROM run_image LIMIT 1"
    )
    assert "is of a run 777 that there is not" in (store.check_trail().misfit or "")


def test_a_photo_that_came_to_nothing_after_all_fits(store):
    run = store.begin_run(SETTINGS)
    store.record(run, photo("a"))
    store.amend(run, ImageRecord("in/a.jpg", ImageStatus.FAILED, error="The disk is full."), photo("a"))
    assert store.check_trail().misfit is None
    assert store.check_trail().entries == 3


def test_forgetting_somebody_keeps_the_chain_whole(store, make_reference):
    for n, name in enumerate(("Ada", "Grace"), 1):
        store.add(name, make_reference(n), SPACE)
    add_runs(store)
    before = store.check_trail()
    store.forget("Ada")
    after = store.check_trail(before.head)
    assert after.misfit is None
    assert after.known_head is True
    assert after.entries > before.entries, "what was rewritten is entered"
    assert "Ada" not in str(store.run(1))


def test_forgetting_gives_new_salts_so_that_old_digests_say_nothing(store, path, make_reference):
    store.add("Ada", make_reference(1), SPACE)
    add_runs(store)
    before = salts(path)
    store.forget("Ada")
    after = salts(path)
    # The third has no output; the fourth's lay in a folder named like her, so that its place is marked.
    assert {row for row in before if before[row] != after[row]} == {1, 2, 4}


def test_forgetting_does_not_hide_what_was_changed_before(store, path, make_reference):
    store.add("Ada", make_reference(1), SPACE)
    add_runs(store)
    tampered(path, "UPDATE decision SET cosine = 0.1 WHERE id = 1")
    store.forget("Ada")
    assert "in/a.jpg in run 1" in (store.check_trail().misfit or "")


def test_a_backup_is_whole_too_and_stays_so_when_somebody_is_forgotten(store, path, make_reference):
    from gallery.adapters.store.backup import make

    store.add("Ada", make_reference(1), SPACE)
    add_runs(store)
    copy = path.with_name("copy.db")
    make(path, copy)
    store.forget("Ada")
    with SqliteStore.open(copy, create=False) as other_store:
        assert other_store.check_trail().misfit is None
        assert "Ada" not in str(other_store.run(1))


def test_pruning_leaves_a_stub_and_the_chain_whole(store):
    add_runs(store)
    full = store.run(1).summary
    assert store.run(1).settings.base == "/home/ada"
    store.prune([1], "head teacher")
    stub = store.run(1)
    assert stub.images == ()
    assert stub.summary.pruned is not None
    assert stub.summary.pruned_by == "head teacher"
    counts = ("images", "failed", "kept", "blurred", "waiting", "before", "model", "thresholds", "started", "finished")
    assert [getattr(stub.summary, name) for name in counts] == [getattr(full, name) for name in counts]
    assert stub.settings.policy == {}
    assert stub.settings.output == ""
    assert stub.settings.base == ""
    found = store.check_trail()
    assert (found.misfit, found.runs, found.pruned, found.photos) == (None, 1, 1, 1)
    assert store.outputs("c" * 64) == ["out/a.jpg", "/home/ada/out/a.jpg"], (
        "the second run's record of the same file stays"
    )


def test_a_stub_cannot_be_changed_or_removed_either(store, path):
    add_runs(store)
    store.prune([1], "head teacher")
    tampered(path, "UPDATE run SET pruned_by = 'nobody' WHERE id = 1")
    assert "The record of run 1" in (store.check_trail().misfit or "")
    tampered(path, "DELETE FROM run WHERE id = 1")
    assert store.check_trail().misfit == "Run 1 is missing."


def test_photos_put_back_into_a_pruned_run_are_found(store, path):
    add_runs(store)
    store.prune([1], "")
    tampered(path, "UPDATE run_image SET run_id = 1")
    assert store.check_trail().misfit is not None


def test_a_broken_record_is_not_pruned(store, path):
    add_runs(store)
    tampered(path, "UPDATE decision SET verdict = 'keep' WHERE id = 2")
    with pytest.raises(TrailBroken, match=r"in/a\.jpg in run 1"):
        store.prune([2])
    assert len(store.run(2).images) == 1


def entry(path, event: str, run: int, image: int | None) -> None:
    """Adds an entry with the record as it is now, as whoever can write the file and knows the program can."""
    with SqliteStore.open(path, create=True) as store, store._database.writing() as session:
        seal = trail.seal_run if image is None else trail.seal_image
        seal(session, Event(event), run, *(() if image is None else (image,)), now=datetime.now(UTC))


@pytest.mark.parametrize(
    ("event", "image", "said"),
    [
        ("photo amended", 1, "was made when its run had ended"),
        ("photo recorded", 1, "records what was recorded before"),
        ("adopted", 1, "adopts what was recorded while there was a trail"),
        ("run begun", None, "records what was recorded before"),
        ("run ended", None, "was made when its run had ended"),
    ],
)
def test_no_entry_vouches_anew_for_what_was_altered(store, path, event, image, said):
    add_runs(store)
    table = "run_image" if image else "run"
    if image:
        tampered(path, "UPDATE decision SET verdict = 'blur', rule = 'cosine' WHERE id = 1")
    else:
        tampered(path, "UPDATE run SET cosine = 0.9 WHERE id = 1")
    entry(path, event, 1, image)
    assert said in (store.check_trail().misfit or ""), table


def test_a_photo_of_a_run_that_goes_on_is_amended_to_a_failure_only(store, path):
    add_runs(store)
    store.record(2, photo("c"))
    tampered(path, "UPDATE decision SET verdict = 'blur', rule = 'cosine' WHERE id = 5")
    entry(path, "photo amended", 2, 5)
    assert "in/c.jpg in run 2 was amended, and yet the photo did not fail" in (store.check_trail().misfit or "")


def test_a_run_that_goes_on_cannot_be_ended_with_other_settings(store, path):
    add_runs(store)
    tampered(path, "UPDATE run SET cosine = 0.9 WHERE id = 2")
    store.end_run(2, RunStatus.FINISHED)
    assert "The record of run 2 (its settings" in (store.check_trail().misfit or "")


def test_a_run_during_which_somebody_was_forgotten_ends_all_the_same(store, make_reference):
    store.add("Ada", make_reference(1), SPACE)
    add_runs(store)
    store.forget("Ada")
    store.end_run(2, RunStatus.FINISHED)
    assert store.check_trail().misfit is None


def test_what_was_changed_after_the_noted_head_is_listed(store, path, make_reference):
    for n, name in enumerate(("Ada", "Grace"), 1):
        store.add(name, make_reference(n), SPACE)
    add_runs(store)
    noted = store.check_trail().head
    assert store.check_trail(noted).superseded == ()
    store.amend(2, FAILED, BEFORE)
    store.record(2, photo("c"))
    store.end_run(2, RunStatus.FINISHED)
    amended = store.check_trail(noted)
    assert amended.misfit is None
    assert [(one.run, one.image, one.event) for one in amended.superseded] == [(2, 4, "photo amended")]
    later = amended.head
    tampered(path, "UPDATE decision SET verdict = 'blur', rule = 'cosine' WHERE id = 1")
    entry(path, "somebody forgotten", 1, 1)
    altered = store.check_trail(later)
    assert [(one.run, one.image, one.event) for one in altered.superseded] == [(1, 1, "somebody forgotten")]
    assert store.check_trail().superseded == (), "nothing was noted"


def test_outputs_that_should_be_there_are_the_last_of_each_photo(store):
    first = store.begin_run(SETTINGS)
    for name in ("a", "b", "c", "d"):
        store.record(first, photo(name))
    second = store.begin_run(SETTINGS)
    again = photo("a")
    store.record(second, ImageRecord(again.source, ImageStatus.OK, "b" * 64, 8, 8, again.output, "d" * 64))
    gone = f"It is damaged.{withdrawn('out/b.jpg')}"
    store.record(second, ImageRecord("in/b.jpg", ImageStatus.FAILED, error=gone))
    left_alone = "out/d.jpg is there already, and no run on record wrote it as it is."
    store.record(second, ImageRecord("in/d.jpg", ImageStatus.FAILED, error=left_alone))
    store.record(second, ImageRecord("else/c.jpg", ImageStatus.OK, "b" * 64, 8, 8, "out/c.jpg", "e" * 64))
    found = {one.path: (one.run, one.sha256[0]) for one in store.outputs_on_record()}
    assert found == {"out/a.jpg": (2, "d"), "out/c.jpg": (2, "e"), "out/d.jpg": (1, "c")}


def test_outputs_of_the_same_name_in_two_folders_are_two(store):
    def written(sha, output="out/a.jpg", folder="out", **more):
        number = store.begin_run(replace(SETTINGS, output=folder, **more))
        source = f"{output.removesuffix('out/a.jpg')}in/a.jpg"
        store.record(number, ImageRecord(source, ImageStatus.OK, "b" * 64, 8, 8, output, sha * 64))

    def found():
        return [(one.base, one.path, one.sha256[0]) for one in store.outputs_on_record()]

    written("1", base="/party")
    written("2", base="/wedding")
    assert found() == [("/party", "out/a.jpg", "1"), ("/wedding", "out/a.jpg", "2")]
    written("3", "/party/out/a.jpg", "/party/out", base="")
    assert found() == [("/wedding", "out/a.jpg", "2"), ("", "/party/out/a.jpg", "3")]
    written("4", base="/moved", reviewed=2)
    assert found() == [("", "/party/out/a.jpg", "3"), ("/moved", "out/a.jpg", "4")]


def test_outputs_of_an_earlier_version_are_taken_as_they_were_given(store):
    store.record(store.begin_run(replace(SETTINGS, base="")), photo("a"))
    store.record(store.begin_run(replace(SETTINGS, base="/party")), photo("a"))
    assert [(one.run, one.base) for one in store.outputs_on_record()] == [(2, "/party")]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["begin", "photo", "fail", "amend", "end", "prune"]), max_size=14))
def test_whatever_the_program_does_fits(new_gallery, tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("trail") / "gallery.db"
    path.write_bytes(new_gallery.read_bytes())
    path.chmod(0o600)
    with SqliteStore.open(path, create=True) as store:
        run, last, heads = 0, None, []
        for step in steps:
            if step == "begin" or run == 0:
                run, last = store.begin_run(SETTINGS), None
            elif step in ("photo", "fail"):
                last = photo("a") if step == "photo" else FAILED
                store.record(run, last)
            elif step == "amend" and last is not None:
                gone = ImageRecord(last.source, ImageStatus.FAILED, error="gone")
                store.amend(run, gone, last)
                last = gone
            elif step == "end":
                store.end_run(run, RunStatus.FINISHED)
                run = 0
            elif step == "prune":
                store.prune([one.id for one in store.runs() if one.pruned is None])
                run = 0
            heads.append(store.check_trail().head)
        assert store.check_trail().misfit is None
        assert all(store.check_trail(head).known_head for head in heads)
