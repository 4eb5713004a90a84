"""Values that no gallery holds: an error that says so wherever they are read, and a finding that names them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.store import SqliteStore, upgrade
from gallery.adapters.store.engine import Database
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.health import check
from gallery.adapters.store.tables import Base
from gallery.domain.errors import BadArgument, StoreUnusable
from gallery.domain.gallery_file import Finding

FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"


@pytest.fixture(scope="module")
def full_gallery(tmp_path_factory) -> Path:
    """A gallery that has something in its tables."""
    made = tmp_path_factory.mktemp("full") / "gallery.db"
    shutil.copyfile(sorted(FROZEN.glob("*.db"))[-1], made)
    made.chmod(0o600)
    upgrade(made)
    with closing(sqlite3.connect(made)) as connection:  # its templates are not of length one
        connection.execute("UPDATE model SET preparation = 'box margin 0.3, none, 8-d' WHERE current")
        connection.commit()
    return made


@pytest.fixture
def gallery(path, full_gallery) -> Path:
    shutil.copyfile(full_gallery, path)
    path.chmod(0o600)
    return path


def tamper(path: Path, *statements: str, checks: bool = False) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA ignore_check_constraints = {not checks}")
        for statement in statements:
            connection.execute(statement)


def read_everything(path: Path) -> None:
    with SqliteStore.open(path, create=False) as store:
        for person in store.identities():
            store.identity(person.name)
        store.whitelist()
        store.calibration()
        for run in store.runs():
            store.run(run.id)
        store.overrides()
        store.last_change()


def findings(path: Path) -> tuple[Finding, ...]:
    return check(path).findings


def test_a_sound_gallery(gallery):
    checked = check(gallery)
    assert checked.findings == ()
    assert checked.templates == 7
    assert checked.rows > 10
    read_everything(gallery)


def test_checking_changes_nothing(gallery):
    content = gallery.read_bytes()
    check(gallery)
    assert gallery.read_bytes() == content


UNREADABLE = {
    "identity.added": "'yesterday'",
    "identity.name": "CAST(x'41ff' AS TEXT)",
    "reference.added": "x'00'",
    "reference.landmarks": "'[[1, 2]'",
    "reference.box_x": "'left'",
    "reference.score": "'good'",
    "reference.source": "x'ffff'",
    "model.dimension": "'many'",
    "run.started": "'2026-13-45 00:00:00.000000'",
    "run.status": "'dancing'",
    "run.policy": "'{\"broken\": '",
    "run.redaction": "'[1, 2]'",
    "run_image.status": "''",
    "run_image.remarks": "'[1'",
    "run_image.verified": "'perhaps'",
    "override.verdict": "'maybe'",
    "override.made": "'yesterday'",
    "override.note": "x'ff'",
    "decision.residual": "'little'",
    "run_image.output": "CAST(x'ff41' AS TEXT)",
    "decision.rule": "'whim'",
    "decision.landmarks": "'{}'",
    "decision.verdict": "CAST(x'ff' AS TEXT)",
    "calibration.made": "''",
    "calibration.fusion": "'mush'",
    "calibration.cosine": "9e999",
}


ONLY_FOUND = {"reference.box_x", "reference.score", "calibration.fusion", "decision.residual"}
"""Reading these is no error, so only the check finds them."""


@pytest.mark.parametrize("place", UNREADABLE)
def test_an_unreadable_value_is_named_without_being_shown(gallery, place):
    table, column = place.split(".")
    row = number_of_a_row(gallery, table)
    tamper(gallery, f"UPDATE {table} SET {column} = {UNREADABLE[place]} WHERE rowid = {row}")
    assert Finding(f"{table} {row}", f"{column} cannot be read") in findings(gallery)
    if place in ONLY_FOUND:
        return
    with pytest.raises(StoreUnusable, match="is damaged") as caught:
        read_everything(gallery)
    assert "gallery db check" in caught.value.hint
    message = str(caught.value)
    assert message.startswith(f"The gallery {gallery} is damaged: ")
    assert "x'" not in message
    assert UNREADABLE[place].strip("'") not in message.removeprefix(str(gallery)) or UNREADABLE[place] == "''"


def number_of_a_row(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        read = " WHERE current" if table == "model" else ""
        return connection.execute(f"SELECT max(rowid) FROM {table}{read}").fetchone()[0]


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE override SET box_width = -5 WHERE id = 2", "override 2"),
        ("UPDATE reference SET box_width = -5 WHERE id = 1", "reference 1"),
        ("UPDATE reference SET size = 0 WHERE id = 2", "the file"),
        ('UPDATE run SET policy = \'{"personal": {"Ada": {"cosine": 7}}}\' WHERE id = 1', "run 1"),
        ("UPDATE model SET dimension = -1 WHERE current", "the file"),
        ("UPDATE calibration SET cosine = 5", "calibration 1"),
    ],
)
def test_values_that_do_not_fit_together_are_named(gallery, statement, where):
    tamper(gallery, statement)
    assert where in {finding.where for finding in findings(gallery)}


def test_references_to_nothing_are_named(gallery):
    tamper(gallery, "DELETE FROM identity WHERE id = 1")
    found = findings(gallery)
    assert Finding("reference 1", "refers to a row of identity that is not there") in found


VECTOR = "UPDATE template SET vector = ? WHERE reference_id = 2 AND model_id = 1"


@pytest.mark.parametrize(
    ("vector", "what"),
    [
        (np.zeros(7, "<f4"), "has not the 8 values of its model"),
        (np.zeros(9, "<f4"), "has not the 8 values of its model"),
        (np.array([1, 0, 0, 0, 0, 0, 0, np.nan], "<f4"), "holds values that are no numbers"),
        (np.array([1, 0, 0, 0, 0, 0, 0, np.inf], "<f4"), "holds values that are no numbers"),
        (np.array([1.01, 0, 0, 0, 0, 0, 0, 0], "<f4"), "has length 1.01, where its model's have length 1"),
        (np.zeros(8, "<f4"), "has length 0, where its model's have length 1"),
    ],
)
def test_templates_that_their_model_cannot_have_made_are_named(gallery, vector, what):
    with closing(sqlite3.connect(gallery)) as connection:
        connection.execute("UPDATE model SET preparation = 'aligned margin 0, l2, 8-d' WHERE current")
        connection.execute("UPDATE template SET vector = ? WHERE model_id = 1", (np.eye(8, dtype="<f4")[3].tobytes(),))
        connection.execute(VECTOR, (vector.tobytes(),))
        connection.commit()
    assert findings(gallery) == (Finding("template of reference 2 under tiny", what),)


def test_the_length_does_not_matter_to_a_model_that_does_not_scale(gallery):
    with closing(sqlite3.connect(gallery)) as connection:
        connection.execute("UPDATE model SET preparation = 'box margin 0.3, none, 8-d' WHERE current")
        connection.execute(VECTOR, (np.full(8, 100, "<f4").tobytes(),))
        connection.commit()
    assert findings(gallery) == ()


def test_damaged_pages_are_findings_and_everything_else_is_still_examined(gallery):
    with closing(sqlite3.connect(gallery)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'run_image'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("UPDATE identity SET added = '' WHERE id = 1")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(gallery.read_bytes())
    content[(page - 1) * size : page * size] = b"\x55" * size
    gallery.write_bytes(content)
    found = {finding.where: finding.what for finding in findings(gallery)}
    assert found["table run_image"] == "is damaged"
    assert found["identity 1"] == "added cannot be read"


def test_mistakes_of_callers_stay_what_they_are(store, space, make_reference):
    store.add("Ada", make_reference(1), space)
    for embedding in (np.zeros(3, np.float32), np.full(4, np.nan, np.float32)):
        with pytest.raises(ValueError, match="an embedding"):
            store.add("Ada", make_reference(2, embedding=embedding), space)
    with pytest.raises(BadArgument):
        store.identity("")
    with pytest.raises(AttributeError):
        store.add("Ada", None, space)
    with pytest.raises(ZeroDivisionError), store._database.reading():
        raise ZeroDivisionError


def test_a_mistake_of_a_caller_who_reads_a_damaged_gallery_is_put_down_to_the_damage(gallery):
    tamper(gallery, "UPDATE identity SET added = 'yesterday' WHERE id = 1")
    database = Database(GalleryFile(gallery))
    with pytest.raises(StoreUnusable, match="identity 1: added cannot be read"), database.reading():
        raise ZeroDivisionError
    database.close()


def test_errors_of_sqlalchemy_do_not_show_rows(store, space):
    secret = "Ada Lovelace and her templates"
    with pytest.raises(Exception, match="IntegrityError") as caught, store._database.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO identity (name) VALUES (?)", (secret,))
    assert secret not in str(caught.value)


def test_no_table_is_left_out(gallery):
    """Every column of every table is read by the check: a blob in place of any number or text is found."""
    missed = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if column.primary_key or column.type.python_type is bytes or column.foreign_keys:
                continue
            copy = gallery.with_name("copy.db")
            shutil.copyfile(gallery, copy)
            with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
                connection.execute("PRAGMA ignore_check_constraints = ON")
                try:
                    changed = connection.execute(
                        f'UPDATE "{table.name}" SET "{column.name}" = x\'ff00\' WHERE rowid IN '
                        f'(SELECT max(rowid) FROM "{table.name}")'
                    ).rowcount
                except sqlite3.IntegrityError:
                    continue
            wanted = f"{column.name} cannot be read"
            if changed and wanted not in {finding.what for finding in findings(copy)}:
                missed.append(f"{table.name}.{column.name}")
    assert missed == []
