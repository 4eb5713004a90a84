"""Outputs that show somebody who is about to be forgotten are written anew first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_review import OUT, TWICE, World

from gallery.domain.errors import ModelChanged, UnknownName
from gallery.usecases.rewrite import Rewrite, Rewritten
from gallery.usecases.rewrite_without import RewriteWithout


@pytest.fixture
def world():
    return World()


def without(world: World) -> RewriteWithout:
    def write(run, photos):
        return Rewrite(world.photos, lambda path: path, world.again)(run, photos)

    return RewriteWithout(world.store, write)


def test_nobody_who_is_forgotten_stays_visible(world):
    former = world.store.outputs_showing("Ada")
    assert [one.path for one in former] == [str(OUT / TWICE.name)]

    done = without(world)("Ada")

    (image,) = done.outcomes[0].images
    assert not any(face.decision.kept for face in image.faces)
    assert done.unreached == ()
    assert not world.store.identity("Ada").details.enabled, "until they are forgotten"


def test_somebody_who_was_removed_is_blurred_as_well(world):
    world.store.remove("Ada")
    (outcome,) = without(world)("Ada").outcomes
    assert not any(face.decision.kept for face in outcome.images[0].faces)


def test_what_cannot_be_written_anew_is_said_and_stops_nothing(world):
    def write(run, photos):
        raise ModelChanged("The embedder is another.")

    done = replace(without(world), write=write)("Ada")

    assert [(one.source, one.why) for one in done.unreached] == [(str(TWICE), "The embedder is another.")]


def test_whom_nothing_shows_is_no_error(world):
    world.store.add("Bo", world.store.people["Ada"][0][1], world.store.space())
    assert without(world)("Bo") == Rewritten((), ())
    with pytest.raises(UnknownName):
        replace(without(world), store=_Unknown())("Nobody")


class _Unknown:
    def outputs_showing(self, name):
        raise UnknownName(f"There is nobody named {name}.")
