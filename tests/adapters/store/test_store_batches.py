"""Many references in one transaction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gallery.domain.errors import AlreadyEnrolled, BadArgument, ModelMismatch, UnknownName


def content(store):
    people = [store.identity(person.name) for person in store.identities()]
    return people, store.whitelist().templates.tolist(), store.last_change(), store.spaces()


def test_a_batch_is_what_its_parts_would_be(store, space, make_reference):
    numbers = store.add_all(
        [("Ada", make_reference(0)), ("Grace", make_reference(1)), ("ADA", make_reference(2))], space
    )

    whitelist = store.whitelist()
    assert whitelist.names == ("Ada", "Grace")
    assert whitelist.references.tolist() == numbers
    assert [whitelist.names[owner] for owner in whitelist.owners] == ["Ada", "Grace", "Ada"]
    assert store.last_change().what == "enrol 3 references"
    store.undo()
    assert store.identities() == []


def test_a_batch_adds_to_people_who_are_there(store, space, make_reference):
    store.add("Ada", make_reference(0), space)

    store.add_all([(f"Person {n % 7}" if n % 2 else "ada", make_reference(n)) for n in range(1, 500)], space)

    assert len(store.identity("Ada").references) == 250
    assert len(store.whitelist()) == 500
    store.undo()
    assert len(store.whitelist()) == 1


def bad_vector(new):
    return replace(new, embedding=np.full_like(new.embedding, np.nan))


@pytest.mark.parametrize(
    ("error", "spoil"),
    [
        (AlreadyEnrolled, lambda batch, there: [*batch, ("Ada", there)]),
        (AlreadyEnrolled, lambda batch, _: [*batch, batch[0]]),
        (BadArgument, lambda batch, _: [*batch, ("", batch[0][1])]),
        (ValueError, lambda batch, _: [batch[0], (batch[1][0], bad_vector(batch[1][1])), batch[2]]),
    ],
    ids=["face is there", "face comes twice", "no name", "no vector"],
)
def test_a_batch_with_one_that_cannot_be_stored_leaves_nothing(store, space, make_reference, error, spoil):
    there = make_reference(0)
    store.add("Ada", there, space)
    before = content(store)
    batch = [("New", make_reference(1)), ("Ada", make_reference(2)), ("Newer", make_reference(3))]

    with pytest.raises(error):
        store.add_all(spoil(batch, there), space)

    assert content(store) == before
    assert store.add_all(batch, space) == [2, 3, 4]


def test_a_batch_of_another_model_is_refused(store, space, make_reference):
    store.add("Ada", make_reference(0), space)

    with pytest.raises(ModelMismatch):
        store.add_all([("Ada", make_reference(1))], replace(space, sha256="b" * 64))


def test_nothing_to_add_is_no_change(store, space):
    assert store.add_all([], space) == []
    assert store.last_change() is None


def test_what_is_settled_holds_for_everybody_in_the_batch(store, space, make_reference):
    batch = [("Ada", make_reference(0)), ("Grace", make_reference(1)), ("Ada", make_reference(2))]

    store.add_all(batch, space, lambda details: replace(details, enabled=False))

    assert store.whitelist().withheld == {"Ada": None, "Grace": None}


def test_templates_come_together_or_not_at_all(store, space, make_reference):
    numbers = store.add_all([("Ada", make_reference(n)) for n in range(3)], space)
    other = replace(space, sha256="c" * 64)
    vectors = {number: np.full(space.dimension, number, np.float32) for number in numbers}

    with pytest.raises(UnknownName):
        store.add_templates({**vectors, 99: vectors[1]}, other)
    assert [use.space for use in store.spaces()] == [space]

    store.add_templates(vectors, other)
    store.use(other)
    assert store.whitelist().templates[:, 0].tolist() == numbers
