"""What an import does not take on an archive's word."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from exchange_fakes import TRUSTING, FakeExchange
from exchanged import RAW, contents, person, reference
from gallery.domain.exchanging import Content, Fate
from gallery.domain.models import Thresholds
from gallery.domain.people import FaceCrop
from gallery.domain.yardstick import Yardstick
from gallery.testing import EMBEDDER, FakeCropper, FakeCrops, FakeDetector, FakeEmbedder
from gallery.usecases.exchange import Import, foresee
from gallery.usecases.faces import Recogniser
from gallery.usecases.reception import Reception

SPACE = EMBEDDER.space
TODAY = date(2026, 2, 1)


def reception(makes: bool = True) -> Reception:
    """Knows the fake embedder."""
    return Reception(
        lambda space: Yardstick.of(EMBEDDER) if space == SPACE else None,
        lambda space: space == SPACE,
        lambda space: makes and space == SPACE,
        lambda _: Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder()),
        FakeCrops(),
        TODAY,
    )


def face(n: int, person_of_picture: int | None, person_of_template: int | None):
    """The nth reference, with a picture of somebody and a template of perhaps somebody else."""
    colour = bytes((person_of_picture, 0, 200)) if person_of_picture is not None else b""
    one, _ = reference(n, (SPACE,) if person_of_template is not None else (), crop=person_of_picture is not None)
    templates = () if person_of_template is None else ((SPACE, embedded(person_of_template)),)
    return one, Content(templates, FaceCrop(colour, 0, 0, 1.0) if colour else None)


def embedded(who: int) -> np.ndarray:
    chip = np.zeros((1, 8, 8, 3), np.uint8)
    chip[:] = (who, 0, 200)
    return FakeEmbedder().embed(chip)[0]


def imported(*people, makes: bool = True):
    store = FakeExchange()
    result = Import(store, reception(makes))(contents(*people, models=(SPACE,), own=SPACE), "import")
    return store, result


def templates(store: FakeExchange, name: str) -> list[list[np.ndarray]]:
    return [[vector for _, vector in one.templates] for one in store.everybody[name][1]]


def test_a_template_is_made_of_its_picture_and_a_strangers_is_said():
    store, result = imported(person("Ada", [face(1, 10, 10), face(2, 10, 90), face(3, 10, None)]))

    for (vector,) in templates(store, "Ada"):
        assert np.array_equal(vector, embedded(10))
    assert result.remade.count == 3
    ((strayed),) = result.remade.strayed
    assert (strayed.name, strayed.source) == ("Ada", "photos/2.jpg")
    assert strayed.cosine > 0.05
    assert result.lacking == ()


def test_without_a_picture_a_template_is_taken_as_it_is():
    store, result = imported(person("Ada", [face(1, None, 90)]))

    ((vector,),) = templates(store, "Ada")
    assert np.array_equal(vector, embedded(90))
    assert result.remade.count == 0


def test_where_none_can_be_made_nobody_is_recognised_by_the_archives():
    store, result = imported(person("Ada", [face(1, 10, 90)]), makes=False)

    assert templates(store, "Ada") == [[]]
    assert result.lacking == ("Ada",)


def test_a_picture_that_cannot_be_used_leaves_no_template():
    one, large = face(1, 10, 90)
    store, result = imported(person("Ada", [(one, replace(large, crop=FaceCrop(b"no picture", 0, 0, 1.0)))]))

    assert templates(store, "Ada") == [[]]
    assert result.remade.left == (("Ada", "photos/1.jpg", "The fake picture is damaged."),)


def test_a_model_that_is_not_known_here_compares_nothing_and_keeps_its_templates():
    store = FakeExchange()
    Import(store, reception())(contents(person("Ada", [reference(1)])), "import")

    assert [[space for space, _ in one.templates] for one in store.everybody["Ada"][1]] == [[RAW]]


@pytest.mark.parametrize(
    ("space", "limits", "looser"),
    [
        (SPACE, Thresholds(2.0, 9.0, EMBEDDER.spec.thresholds.origin), True),
        (SPACE, Thresholds(0.1, 1.0, ""), False),
        (RAW, Thresholds(0.1, 1.0, ""), True),
    ],
)
def test_limits_are_judged_by_numbers_and_get_an_origin_of_their_own(space, limits, looser):
    store = FakeExchange()
    use = Import(store, reception())
    given = contents(person("Ada", [face(1, 10, 10)], thresholds=((space, limits),)), models=(SPACE, RAW), own=SPACE)

    planned = use.plan(given)
    assert planned.looser is looser
    assert [(name, one.looser) for name, one in planned.limits] == [("Ada", looser)]
    use(given, "import")

    ((_, own),) = store.everybody["Ada"][0].thresholds
    assert own == Thresholds(limits.cosine, limits.euclidean, "brought by an archive on 2026-02-01")


def test_who_is_left_out_brings_no_limits():
    loose = ((SPACE, Thresholds(2.0, 9.0)),)
    store = FakeExchange({"Ada": person("Ada", [face(9, None, 10)])}, SPACE)
    given = contents(person("Ada", [face(1, 10, 10)], thresholds=loose), models=(SPACE,), own=SPACE)

    planned = Import(store, reception()).plan(given)

    assert planned.people[0].fate is Fate.LEFT_OUT
    assert not planned.looser
    assert foresee(given, "refuse", reception()).looser
    assert foresee(given, "refuse", TRUSTING).looser
