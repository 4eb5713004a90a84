"""How templates stand to a cohort is kept, computed where it is not, and never taken for that of another template."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from gallery.adapters.store import SqliteStore
from gallery.domain.cohorts import Cohort
from gallery.domain.models import CohortEntry
from gallery.domain.vectors import directions


def some_cohort(dimension: int, sha256: str = "c" * 64, seed: int = 0) -> Cohort:
    members = directions(np.random.default_rng(seed).standard_normal((20, dimension)).astype(np.float32))
    age = np.random.default_rng(seed).standard_normal(dimension + 1).astype(np.float32)
    return Cohort(CohortEntry("made-up.npz", sha256, 1, 4, -3.0, 2.5, 1.0), members, age)


@pytest.fixture
def cohort(space) -> Cohort:
    return some_cohort(space.dimension)


@pytest.fixture
def filled(store, space, make_reference) -> SqliteStore:
    for n, name in enumerate(("Ada", "Ada", "Grace")):
        store.add(name, make_reference(n), space)
    return store


def kept(path) -> list[tuple[str | None, bytes | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT cohort, standing FROM template ORDER BY reference_id").fetchall()


def test_it_is_the_same_whether_it_is_kept_or_computed(filled, cohort, path):
    computed = filled.whitelist(cohort)
    assert kept(path) == [(None, None)] * 3
    assert filled.measure(cohort) == 3
    assert {row[0] for row in kept(path)} == {"c" * 64}
    np.testing.assert_array_equal(filled.whitelist(cohort).standing, computed.standing)
    assert filled.whitelist(cohort).cohort is cohort
    assert filled.whitelist().standing is None


def test_what_is_kept_is_what_is_used(filled, cohort, path):
    filled.measure(cohort)
    with closing(sqlite3.connect(path)) as connection, connection:
        changed = np.array([0.5, 0.25, 2.0], "<f4").tobytes()
        connection.execute("UPDATE template SET standing = ? WHERE reference_id = 2", (changed,))
    assert filled.whitelist(cohort).standing[1].tolist() == [0.5, 0.25, 2.0]


def test_of_another_cohort_it_is_computed_anew(filled, cohort, space):
    filled.measure(cohort)
    other = some_cohort(space.dimension, "d" * 64, seed=1)
    found = filled.whitelist(other)
    np.testing.assert_allclose(found.standing, other.standing(found.templates), rtol=1e-6)
    assert filled.measure(other) == 3


def test_only_what_is_new_is_computed(filled, cohort, space, make_reference):
    filled.measure(cohort)
    filled.add("Linus", make_reference(7), space)
    assert filled.measure(cohort) == 1


def test_a_new_template_of_a_reference_does_not_keep_the_former_one_s(filled, cohort, space, path):
    filled.measure(cohort)
    filled.add_templates({1: np.ones(space.dimension, np.float32)}, space)
    assert kept(path)[0] == (None, None)
    found = filled.whitelist(cohort)
    np.testing.assert_allclose(found.standing, cohort.standing(found.templates), rtol=1e-6)
    filled.measure(cohort)
    filled.undo()
    found = filled.whitelist(cohort)
    np.testing.assert_allclose(found.standing, cohort.standing(found.templates), rtol=1e-6)


def test_it_is_no_change_to_the_people(filled, cohort):
    last, generation = filled.last_change(), filled.generation()
    filled.measure(cohort)
    assert (filled.last_change(), filled.generation()) == (last, generation)
    filled.undo()
    assert [one.name for one in filled.identities()] == ["Ada"]


def test_a_removed_person_comes_back_with_it(filled, cohort):
    filled.measure(cohort)
    before = filled.whitelist(cohort)
    filled.remove("Ada")
    filled.undo()
    np.testing.assert_array_equal(filled.whitelist(cohort).standing, before.standing)


def test_a_read_only_gallery_is_left_as_it_is(filled, cohort, path):
    filled.close()
    path.chmod(0o400)
    before = kept(path)
    with SqliteStore.open(path, create=False) as store:
        if store._file.writable:
            pytest.skip("this user may write everything")
        assert store.measure(cohort) == 0
        assert len(store.whitelist(cohort)) == 3
    assert kept(path) == before


def test_a_cohort_of_another_model_is_refused(filled, space):
    with pytest.raises(ValueError, match="does not fit templates"):
        filled.whitelist(some_cohort(space.dimension + 1))


def test_a_gallery_without_a_model_has_nothing_to_compute(store, cohort):
    assert store.measure(cohort) == 0
    assert len(store.whitelist()) == 0
