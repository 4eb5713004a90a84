"""Upgrades, with a migration that does not exist yet, and the frozen databases of the schemas released so far."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from sqlalchemy import create_engine

import gallery
from gallery.adapters.store import SqliteStore, upgrade
from gallery.adapters.store.migrating import alembic_config
from gallery.adapters.store.schema import REVISIONS, Schema, this_schema
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.errors import SchemaTooNew, SchemaTooOld, StoreUnusable
from gallery.domain.geometry import Box
from gallery.domain.models import CohortEntry, Thresholds
from gallery.domain.people import Details
from gallery.domain.runs import ImageStatus, RunStatus, Verification
from gallery.domain.vectors import directions
from gallery.resources import resource

ROOT = Path(gallery.__file__).resolve().parent.parent
FROZEN = Path(__file__).resolve().parents[2] / "assets" / "upgrade"

NEXT = '''
"""Gives identities a column and rebuilds their table, which others refer to."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("identity", recreate="always") as batch:
        batch.add_column(sa.Column("note", sa.Text()))
    {more}
'''


@pytest.fixture
def next_schema(tmp_path: Path):
    """Makes this program's schema with one more migration."""

    def make(more: str = "pass") -> Schema:
        folder = tmp_path / "migrations 100%"
        shutil.copytree(resource("migrations"), folder)
        (folder / "versions" / "9999_next.py").write_text(NEXT.format(head=REVISIONS[-1], more=more))
        return Schema((*REVISIONS, "9999"), folder)

    return make


@pytest.fixture
def old(path, space, make_reference) -> Path:
    """A gallery of this program's schema with two people."""
    with SqliteStore.open(path, create=True) as store:
        store.add("Ada", make_reference(1), space)
        store.add("Grace", make_reference(2), space)
    return path


def columns(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {row[1] for row in connection.execute("PRAGMA table_info(identity)")}


def test_an_upgrade_keeps_everything_and_backs_up_first(old, next_schema):
    schema = next_schema()
    with pytest.raises(SchemaTooOld):
        SqliteStore.open(old, create=False, schema=schema)
    with SqliteStore.open(old, create=False) as store:
        before = [store.identity("Ada"), store.identity("Grace")]
    backup = upgrade(old, schema=schema)
    assert "note" in columns(old)
    with SqliteStore.open(old, create=False, schema=schema) as store:
        assert [store.identity("Ada"), store.identity("Grace")] == before
        assert len(store.whitelist()) == 2
    assert backup is not None
    assert backup.parent == old.parent
    assert backup.name.startswith(f"gallery.db.{REVISIONS[-1]}-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with SqliteStore.open(backup, create=False) as store:
        assert [store.identity("Ada"), store.identity("Grace")] == before


def test_a_backup_is_private_whatever_the_umask(old, next_schema):
    before = os.umask(0)
    try:
        backup = upgrade(old, schema=next_schema())
    finally:
        os.umask(before)
    assert backup is not None
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_gallery_that_is_up_to_date_is_left_alone(old):
    content = old.read_bytes()
    assert upgrade(old) is None
    assert old.read_bytes() == content
    assert [p.name for p in old.parent.iterdir()] == ["gallery.db"]


@pytest.mark.parametrize("more", ["raise RuntimeError('broken')", "op.execute('SELECT * FROM nowhere')"])
def test_an_upgrade_that_breaks_leaves_the_gallery_as_it_was(old, next_schema, more):
    with pytest.raises((RuntimeError, StoreUnusable)):
        upgrade(old, schema=next_schema(more))
    assert "note" not in columns(old)
    with SqliteStore.open(old, create=False) as store:
        assert len(store.whitelist()) == 2


def test_an_upgrade_that_loses_rows_others_refer_to_is_undone(old, next_schema):
    with pytest.raises(StoreUnusable, match="do not fit together"):
        upgrade(old, schema=next_schema("""op.execute("DELETE FROM identity WHERE name = 'Ada'")"""))
    with SqliteStore.open(old, create=False) as store:
        assert [person.name for person in store.identities()] == ["Ada", "Grace"]


def test_a_gallery_in_use_is_not_upgraded(old, next_schema):
    schema = next_schema()
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnusable, match="in use by another program"):
            upgrade(old, timeout=0.05, schema=schema)
        other.execute("ROLLBACK")
    assert not list(old.parent.glob("*.backup"))


def test_what_cannot_be_upgraded(path, tmp_path):
    with pytest.raises(StoreUnusable, match="no gallery at"):
        upgrade(path)
    path.touch()
    with pytest.raises(StoreUnusable, match="no gallery at"):
        upgrade(path)
    path.write_text("not a database")
    with pytest.raises(StoreUnusable, match="not a gallery"):
        upgrade(path)
    assert path.read_text() == "not a database"
    with pytest.raises(StoreUnusable, match="that is a folder"):
        upgrade(tmp_path)


def test_a_newer_gallery_is_not_upgraded(old):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaTooNew):
        upgrade(old)


def test_a_read_only_gallery_is_not_upgraded(open_folder, as_ordinary_user, next_schema):
    schema = next_schema()
    path = open_folder / "gallery.db"
    SqliteStore.open(path, create=True).close()
    path.chmod(0o400)
    with as_ordinary_user(open_folder), pytest.raises(StoreUnusable, match="read-only"):
        upgrade(path, schema=schema)
    assert list(open_folder.iterdir()) == [path]


def test_every_released_schema_has_its_frozen_database():
    assert sorted(file.stem for file in FROZEN.glob("*.db")) == sorted(REVISIONS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_frozen_database_is_upgraded_and_read(path, revision):
    shutil.copyfile(FROZEN / f"{revision}.db", path)
    assert (upgrade(path) is None) == (revision == this_schema().head)
    with SqliteStore.open(path, create=False) as store:
        ada, grace = store.identities()
        assert (ada.name, ada.references, ada.templates["tiny"]) == ("Ada Lovelace", 3, 3)
        assert (grace.name, grace.references) == ("Grace Hopper", 2)
        first = store.identity("ada lovelace").references[0]
        assert first.reference.detection.box == Box(10, 20, 64, 80)
        assert first.reference.detection.landmarks is not None
        assert first.added.isoformat() == "2026-01-31T12:00:00.123456+00:00"
        assert store.identity("grace hopper").references[1].reference.detection.landmarks is None
        whitelist = store.whitelist()
        assert whitelist.templates.shape == (5, 8)
        assert whitelist.names == ("Ada Lovelace", "Grace Hopper")
        assert store.check_trail().misfit is None
        assert [run.status for run in store.runs()][-2:] == [RunStatus.RUNNING, RunStatus.FINISHED]
        run = store.run(1)
        assert [image.status for image in run.images] == [ImageStatus.OK, ImageStatus.FAILED]
        kept, blurred, *later = (face.decision for face in run.images[0].faces)
        assert (kept.verdict, kept.rule, kept.candidate.identity) == (Verdict.KEEP, Rule.MATCH, "Ada Lovelace")
        assert (blurred.verdict, blurred.rule, blurred.runner_up) == (Verdict.BLUR, Rule.COSINE, None)
        if revision == "0001":
            assert (later, store.calibration()) == ([], None)
            return
        assert later[0].rule is Rule.CLOSE_CALL
        calibration = store.calibration()
        assert calibration.thresholds == Thresholds(0.5, 1.0, "calibrated for a test")
        assert calibration.personal == {"Ada Lovelace": Thresholds(0.375, 0.875, "Ada Lovelace's own")}
        assert calibration.made.isoformat() == "2026-02-01T12:00:00.123456+00:00"
        assert (calibration.fusion, calibration.added, calibration.removed) == ("median-of-3", 1, 0)
        assert ada.last_matched is not None
        assert grace.last_matched is None
        if revision == "0002":
            assert [(one.enabled, one.expires, one.tags) for one in (ada, grace)] == [(True, None, ())] * 2
            assert (store.crops("ada lovelace"), store.last_change()) == ({}, None)
            return
        assert [decision.rule for decision in later[1:]] == [Rule.DISABLED]
        read_what_is_by_hand(store, revision)
        read_trail(store, revision)
        read_record_of_people(store, revision)
        read_scores(store, revision)
        assert store.check_trail().misfit is None


def read_scores(store: SqliteStore, revision: str) -> None:
    """What came with the seventh schema."""
    run = store.run(1)
    closest = run.images[0].faces[0].decision.candidate
    if revision < "0007":
        assert (closest.normalised, closest.age, run.settings.scores) == (None, None, None)
        return
    assert (closest.normalised, closest.age) == (12.5, 1.75)
    assert (run.images[0].faces[0].decision.runner_up.normalised, run.settings.scores.strict) == (-2.5, 7.25)


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_an_earlier_schema_lacks_of_templates_is_computed_without_photos(path, revision):
    members = directions(np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32))
    cohort = Cohort(CohortEntry("made-up.npz", "c" * 64, 1, 4, -3.0, 2.5), members)
    shutil.copyfile(FROZEN / f"{revision}.db", path)
    upgrade(path)
    with SqliteStore.open(path, create=False) as store:
        before = store.whitelist(cohort)
        np.testing.assert_allclose(before.standing, cohort.standing(before.templates), rtol=1e-6)
        assert store.measure(cohort) == 5
        assert store.measure(cohort) == 0
        np.testing.assert_array_equal(store.whitelist(cohort).standing, before.standing)
        assert store.check_trail().misfit is None


def read_trail(store: SqliteStore, revision: str) -> None:
    """What came with the fifth schema, and how a record of an earlier one is taken over."""
    found = store.check_trail()
    if revision < "0005":
        assert (found.entries, found.pruned, store.run(1).summary.by) == (found.runs + found.photos, 0, "")
        assert store.review_crop(1, 0, 3) is None
        return
    assert (found.runs, found.photos, found.pruned, found.unended) == (2, 5, 1, (2,))
    stub = store.run(3)
    assert (stub.summary.by, stub.summary.pruned_by, stub.summary.failed, stub.images) == (
        "operator",
        "operator",
        1,
        (),
    )
    assert store.review_crop(1, 0, 3) == b"a picture of the third face, which waits"


def read_what_is_by_hand(store: SqliteStore, revision: str) -> None:
    """What came with the fourth schema, and what stands in its place in a gallery of the third."""
    first = store.run(1).images[0]
    assert (first.remarks, first.verified, first.state, first.earlier) == ((), None, None, None)
    assert [face.residual for face in first.faces] == [None] * 4
    if revision == "0003":
        assert (store.overrides(), store.run(2).images) == ([], ())
        return
    keep, blur = store.overrides()
    noted = revision >= "0006"
    assert (keep.keeps, keep.in_force, blur.in_force) == ("Ada Lovelace" if noted else None, noted, True)
    assert store.run(2).images[0].faces[0].decision.keeps == keep.keeps
    assert (keep.number, keep.verdict, keep.source, keep.by) == (2, Verdict.KEEP, "fête.jpg", "operator")
    assert (keep.note, keep.made.isoformat()) == ("Asked, said yes.", "2026-02-01T12:00:00.123456+00:00")
    assert (blur.number, blur.verdict, blur.box, blur.by) == (3, Verdict.BLUR, Box(300, 50, 80, 96), "")
    run = store.run(2)
    assert [image.status for image in run.images] == [
        ImageStatus.OK,
        ImageStatus.UNVERIFIED,
        ImageStatus.DONE_BEFORE,
    ]
    done = run.images[0]
    assert (done.verified, done.state, done.kept) == (Verification.FULL, "3" * 64, 1)
    assert done.remarks == ("fête.jpg held a gain map, which was left out.",)
    assert [(face.decision.rule, face.residual) for face in done.faces] == [(Rule.BY_HAND, None), (Rule.COSINE, 0.9375)]
    assert run.images[2].earlier == 1
    assert (run.summary.failed, run.summary.before) == (1, 1)
    assert store.done_before(run.settings.fingerprint, "1" * 64, "3" * 64, "2" * 64).run == 2


def read_record_of_people(store: SqliteStore, revision: str) -> None:
    """What came with the third schema."""
    ada, grace = store.identity("Ada Lovelace"), store.identity("Grace Hopper")
    assert ada.details == Details(True, date(2027, 7, 31), "Wrote Note G.\nÄ, 好", ("5b", "Chor"))
    assert grace.details == Details(enabled=False, thresholds=Thresholds(0.25, 0.75, "set by hand"))
    assert ada.last_matched.isoformat() == "2026-01-31T12:00:05.123456+00:00"
    assert [one.models for one in ada.references] == [("tiny", "second"), ("tiny", "second"), ("tiny",)]
    assert grace.references[1].reference.flaws == ("too small", "cut off")
    crops = store.crops("Ada Lovelace")
    assert {number: (len(crop.picture), crop.x, crop.y, crop.scale) for number, crop in crops.items()} == {
        2: (100, 1, 2, 0.5)
    }
    assert [(use.space.model, use.current, use.templates, use.lacking) for use in store.spaces()] == [
        ("tiny", True, 5, ()),
        ("second", False, 2, ("Grace Hopper",)),
    ]
    assert store.whitelist().withheld == {"Grace Hopper": None}
    assert store.by_hand() == {"Grace Hopper": Thresholds(0.25, 0.75, "set by hand")}
    assert store.undo().what == "remove Charles Babbage"
    assert [one.name for one in store.identities()] == ["Ada Lovelace", "Charles Babbage", "Grace Hopper"]
    assert len(store.crops("Charles Babbage")) == 1
    receipt = store.forget("Ada Lovelace")
    assert (receipt.pseudonym, receipt.references, receipt.decisions) == (
        "forgotten person 1",
        3,
        3 if revision >= "0006" else 2,
    )
    assert receipt.missing_backups == ("/backups/gallery.db.backup",)


def test_an_upgraded_gallery_records_what_the_earlier_one_could_not(path):
    shutil.copyfile(FROZEN / "0001.db", path)
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE decision SET rule = 'too like another' WHERE verdict = 'blur'")
    upgrade(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE decision SET rule = 'too like another' WHERE verdict = 'blur'")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE decision SET rule = 'matches' WHERE verdict = 'blur'")


def test_a_gallery_with_a_long_record_is_upgraded_quickly(path):
    shutil.copyfile(FROZEN / "0003.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(decision)")]
        copied = ", ".join(f'"{name}"' for name in columns if name not in {"id", "position"})
        connection.executemany(
            f"INSERT INTO decision (position, {copied}) SELECT ?, {copied} FROM decision WHERE id = 2",
            ((n,) for n in range(10, 60_010)),
        )
        connection.executemany(
            "INSERT INTO run_image (run_id, source, status, sha256, output_sha256) VALUES (1, ?, 'ok', ?, ?)",
            ((f"{n}.jpg", f"{n:064x}", f"{n + 1:064x}") for n in range(20_000)),
        )
    start = time.perf_counter()
    upgrade(path)
    assert time.perf_counter() - start < 30, "it takes a second or two"
    with SqliteStore.open(path, create=False) as store:
        assert store.outputs(f"{20_000:064x}") == []
        newest = store.runs()[-1]
        assert (newest.images, newest.blurred) == (20_002, 60_003)


def test_what_the_former_schema_cannot_say_becomes_the_nearest_it_can(path):
    shutil.copyfile(FROZEN / "0004.db", path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE decision SET rule = 'nobody kept' WHERE rule = 'euclidean too far' OR id = 2")
    connection.commit()
    connection.close()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as alembic:
        command.downgrade(alembic_config(resource("migrations"), alembic), "0003")
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT verdict, rule, identity FROM decision WHERE id IN (2, 5) ORDER BY id")
        assert found.fetchall() == [
            ("blur", "gallery empty", "Grace Hopper"),
            ("keep", "matches", "kept by hand"),
        ]
        statuses = connection.execute("SELECT status FROM run_image WHERE run_id = 2 ORDER BY id").fetchall()
        assert statuses == [("ok",), ("failed",), ("ok",)]
        assert connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'run'").fetchone() == (2,)
    upgrade(path)
    with SqliteStore.open(path, create=False) as store:
        assert store.overrides() == []
        assert [image.status for image in store.run(2).images] == [ImageStatus.OK, ImageStatus.FAILED, ImageStatus.OK]


def test_the_script_that_freezes_a_database_still_works(tmp_path):
    target = tmp_path / "frozen.db"
    subprocess.run([sys.executable, FROZEN / "make.py", target], cwd=ROOT, env=env(), check=True, timeout=60)
    with SqliteStore.open(target, create=False) as store:
        assert [person.name for person in store.identities()] == ["Ada Lovelace", "Grace Hopper"]


def test_a_migration_can_be_drafted(tmp_path):
    folder = tmp_path / "migrations"
    shutil.copytree(resource("migrations"), folder)
    done = subprocess.run(
        [sys.executable, folder / "draft.py", "nothing new"],
        cwd=ROOT,
        env=env(),
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    made = folder / "versions" / f"{len(REVISIONS) + 1:04}_nothing_new.py"
    assert str(made) in done.stdout
    assert f"down_revision = '{REVISIONS[-1]}'" in made.read_text()
    assert "op." not in made.read_text()


def env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


PARTY = "INSERT INTO override VALUES (?, ?, 102, 51, 80, 96, 'keep', 'party.jpg', 'anna', ?, '')"


@pytest.mark.parametrize(("made", "keeps"), [("2026-05-01", "Ada Lovelace"), ("2020-01-01", "Ada Lovelace")])
def test_what_was_kept_by_hand_is_kept_for_the_closest_person_on_record(path, made, keeps):
    """Be it decided after the run or before it; where the face is on no record, it keeps nobody."""
    shutil.copyfile(FROZEN / "0005.db", path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(PARTY, (7, "b" * 64, f"{made} 12:00:00.000000"))
        connection.execute(PARTY, (8, "e" * 64, f"{made} 12:00:00.000000"))
    upgrade(path)
    with SqliteStore.open(path, create=False) as store:
        found = {word.number: word for word in store.overrides()}
        assert (found[7].keeps, found[7].in_force) == (keeps, True)
        assert (found[8].keeps, found[8].in_force) == (None, False)
        assert store.check_trail().misfit is None
        store.edit("Ada Lovelace", lambda details: replace(details, enabled=False))
        assert [word.ended for word in store.overrides() if word.number == 7] == ["disabled"]
        store.remove("Ada Lovelace")
        assert [word.keeps for word in store.overrides() if word.number == 7] == [None]
        store.undo()
        store.merge("Ada Lovelace", "Grace Hopper")
        assert [word.keeps for word in store.overrides() if word.number == 7] == ["Grace Hopper"]
