"""The gallery's model, and its templates as one whitelist."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from gallery.adapters.store.tables import ModelRow
from gallery.adapters.store.vectors import read_into, to_bytes
from gallery.domain.errors import ModelMismatch, StoreUnusable
from gallery.domain.models import EmbeddingSpace
from gallery.testing import EMBEDDER


def test_a_new_gallery_has_no_model_and_an_empty_whitelist(store):
    assert store.space() is None
    assert len(store.whitelist()) == 0
    assert store.whitelist().names == ()


def test_the_first_reference_brings_the_model(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    assert store.space() == space


def test_a_chosen_model_may_be_changed_while_there_are_no_templates(store, space, make_reference):
    store.choose(EMBEDDER)
    assert store.space() == EMBEDDER.space
    assert store.whitelist().templates.shape == (0, 16)
    store.add("Ada", make_reference(), space)
    assert store.space() == space
    store.remove("Ada")
    store.choose(EMBEDDER)
    assert store.space() == EMBEDDER.space


def test_a_model_that_differs_in_name_only_does_not_rename_a_gallery_with_templates(store, make_reference):
    """Thresholds go by the model's name: another card of the same weights must not bring its own in."""
    own = replace(EMBEDDER, name="own-copy")
    store.choose(EMBEDDER)
    store.add("Ada", make_reference(embedding=np.ones(16)), EMBEDDER.space)
    store.choose(own)
    assert store.space() == EMBEDDER.space
    store.add("Ada", make_reference(2, embedding=np.ones(16)), own.space)
    assert len(store.whitelist()) == 2
    assert store.identity("Ada").references[0].models == (EMBEDDER.name,)


def test_an_empty_gallery_takes_the_name_last_chosen(store):
    store.choose(EMBEDDER)
    store.choose(replace(EMBEDDER, name="own-copy"))
    assert store.space().model == "own-copy"


def refusals(space: EmbeddingSpace) -> dict[str, tuple[EmbeddingSpace, str, str]]:
    return {
        "name": (
            replace(space, model="vgg-face", sha256="b" * 64),
            "described by tiny; they cannot be compared with those of vgg-face",
            "--model tiny",
        ),
        "weights": (
            replace(space, sha256="b" * 64),
            "tiny with weights aaaaaaaaaaaa; they cannot be compared with those of tiny with weights bbbbbbbbbbbb",
            "Install the weights",
        ),
        "preparation": (
            replace(space, preparation="box margin 0.3"),
            "tiny (aligned margin 0, l2, 4-d); they cannot be compared with those of tiny (box margin 0.3)",
            "Prepare faces",
        ),
    }


@pytest.mark.parametrize("kind", ["name", "weights", "preparation"])
def test_another_model_is_refused_by_what_differs(store, space, make_reference, kind):
    other, message, remedy = refusals(space)[kind]
    store.add("Ada", make_reference(1), space)
    with pytest.raises(ModelMismatch, match=re.escape(message)) as caught:
        store.add("Grace", make_reference(2), other)
    assert remedy in caught.value.hint
    assert f"gallery reembed --model {other.model}" in caught.value.hint
    assert [person.name for person in store.identities()] == ["Ada"]
    assert store.space() == space


def test_choosing_another_model_for_a_gallery_with_templates_is_refused(store, space, make_reference):
    store.add("Ada", make_reference(), space)
    with pytest.raises(ModelMismatch, match="tiny; they cannot be compared with those of fake-embedder"):
        store.choose(EMBEDDER)
    assert store.space() == space


def test_choosing_the_galleries_own_model_writes_nothing(path, store, space):
    store.choose(EMBEDDER)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store.choose(EMBEDDER)


def test_at_most_one_model_is_the_galleries_own(store):
    def row(n: int) -> ModelRow:
        return ModelRow(name="m", sha256=f"{n:064x}", preparation="p", dimension=1, current=True)

    with pytest.raises(IntegrityError), store._database.writing() as session:
        session.add_all([row(1), row(2)])


def test_the_whitelist_holds_every_template_with_its_owner(store, space, make_reference):
    numbers = {n: store.add(name, make_reference(n), space) for n, name in enumerate(["Grace", "ada", "Grace", "Zoë"])}
    whitelist = store.whitelist()
    assert whitelist.names == ("ada", "Grace", "Zoë")
    held = {
        int(reference): (whitelist.names[owner], template.tolist())
        for owner, reference, template in zip(whitelist.owners, whitelist.references, whitelist.templates, strict=True)
    }
    assert held == {
        numbers[0]: ("Grace", [0, 1, 2, 3]),
        numbers[1]: ("ada", [1, 1, 2, 3]),
        numbers[2]: ("Grace", [2, 1, 2, 3]),
        numbers[3]: ("Zoë", [3, 1, 2, 3]),
    }
    assert whitelist.templates.dtype == np.float32
    assert whitelist.templates.flags.c_contiguous
    assert whitelist.templates.flags.writeable


def test_the_whitelist_takes_the_same_queries_whatever_its_size(store, space, make_reference):
    statements: list[str] = []
    event.listen(store._database._engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    def queries() -> int:
        statements.clear()
        store.whitelist()
        return len(statements)

    store.add("Ada", make_reference(0), space)
    few = queries()
    for n in range(1, 60):
        store.add(f"Person {n}", make_reference(n), space)
    assert queries() == few
    assert sum("template.vector" in statement for statement in statements) == 1


@pytest.mark.parametrize(
    "vector",
    [
        np.zeros(3, "<f4").tobytes(),
        np.zeros(5, "<f4").tobytes(),
        np.array([1, np.nan, 2, 3], "<f4").tobytes(),
        np.array([1, 2, 3, np.inf], "<f4").tobytes(),
    ],
    ids=["short", "long", "not a number", "infinite"],
)
def test_a_damaged_template_is_named(path, store, space, make_reference, vector):
    store.add("Ada", make_reference(1), space)
    bad = store.add("Grace", make_reference(2), space)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE template SET vector = ? WHERE reference_id = ?", (vector, bad))
        connection.commit()
    with pytest.raises(StoreUnusable, match=rf"reference {bad} \(Grace in photo2\.jpg\)") as caught:
        store.whitelist()
    assert "remove Grace" in caught.value.hint


def test_vectors_are_little_endian_float32():
    assert to_bytes(np.array([1.0, -2.0]), 2) == bytes.fromhex("0000803f000000c0")
    assert to_bytes(np.array([1.0, -2.0], ">f4"), 2) == bytes.fromhex("0000803f000000c0")


@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_vectors_come_back_bit_by_bit(vector):
    row = np.empty(len(vector), np.float32)
    assert read_into(row, to_bytes(vector, len(vector)))
    assert row.tobytes() == vector.tobytes()
    assert not read_into(np.empty(len(vector) + 1, np.float32), to_bytes(vector, len(vector)))


def test_a_number_too_large_for_float32_is_refused():
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="not a finite number"):
        to_bytes(np.array([1e300]), 1)
