"""Evaluating by group and by the gallery's size, on drawn portraits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.domain.deciding import Policy
from gallery.domain.errors import BadArgument, BadLabels, ModelFailed, ModelUnmeasured
from gallery.domain.geometry import Box
from gallery.domain.models import NOT_MEASURED
from gallery.testing import EMBEDDER, FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, blank, draw
from gallery.usecases.evaluate_demographics import EvaluateDemographics, Tried, limits_of
from gallery.usecases.faces import Recogniser
from gallery.usecases.portraits import ReadPortraits
from gallery.usecases.simulate_galleries import Draws, SimulateGalleries

MIDDLE, CORNER = Box(26, 18, 12, 12), Box(0, 0, 14, 14)
UNMEASURED = replace(EMBEDDER, embedder=replace(EMBEDDER.spec, thresholds=NOT_MEASURED))


class World:
    """Adults who differ, children who hardly do, and a passer-by in the corner of every portrait."""

    def __init__(self) -> None:
        self.known = {Path(f"adult-{n}.png"): {"age": "30-39", "class": ""} for n in range(10)}
        self.known |= {Path(f"child-{n}.png"): {"age": "3-9", "class": "5b" if n < 5 else "5c"} for n in range(10)}
        self.photos = FakePhotoFiles({path: self.portrait(n, path) for n, path in enumerate(self.known)})

    def portrait(self, number: int, path: Path):
        person, away = (5 + 10 * number, 0) if path.name.startswith("adult") else (250, number - 9)
        return draw(draw(blank(), CORNER, 240), MIDDLE, person, away)

    def evaluate(self, cosines=(), crossed: int = 2, card=EMBEDDER, **fakes):
        recogniser = Recogniser(FakeDetector(**fakes), FakeCropper(), FakeEmbedder(card))
        return EvaluateDemographics(ReadPortraits(self.photos), crossed)(recogniser, self.known, Tried(tuple(cosines)))

    def simulate(self, sizes=None, galleries=None):
        recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
        spec = EMBEDDER.spec
        policy = Policy(spec.thresholds, spec.floors, spec.grey_band, once_per_photo=False)
        use = SimulateGalleries(recogniser, ReadPortraits(self.photos), lambda _size: policy)
        return use({str(path): (path,) for path in self.known}, Draws(sizes, galleries))


@pytest.fixture
def world() -> World:
    return World()


def rates(result, limit: int = 0) -> dict:
    return {group.values: group.fmr.value for group in result.results[limit].groups}


def test_children_who_look_alike_are_found_out(world):
    result = world.evaluate()
    found = rates(result)
    assert result.faces == 20
    assert found["3-9",] > 0.3
    assert found["30-39",] == 0
    assert 0 < found[()] < found["3-9",]
    assert set(found) == {(), ("30-39",), ("3-9",), ("5b",), ("5c",), ("3-9", "5b"), ("3-9", "5c")}


def test_stricter_limits_match_fewer(world):
    result = world.evaluate([0.1, 0.01, 0.1])
    assert [one.limit.label for one in result.results] == ["cosine 0.2", "cosine 0.1", "cosine 0.01"]
    own, tenth, hundredth = (rates(result, n)["3-9",] for n in range(3))
    assert own >= tenth > hundredth


def test_without_thresholds_of_its_own_a_model_is_evaluated_at_those_given(world):
    with pytest.raises(ModelUnmeasured):
        world.evaluate(card=UNMEASURED)
    assert [limit.label for limit in limits_of(UNMEASURED, Tried((0.3,)))] == ["cosine 0.3"]


def test_what_cannot_be_compared_is_named_and_not_counted(world):
    children = [path for path in world.known if path.name.startswith("child")]
    world.photos.photos[children[0]] = blank()
    del world.photos.photos[children[1]]
    world.photos.photos[children[2]] = world.photos.photos[children[3]]

    result = world.evaluate()

    assert result.failures.no_face == ("child-0.png",)
    assert result.failures.unreadable == ("child-1.png",)
    assert result.failures.doubles == ("child-3.png",)
    assert {group.values: group.faces for group in result.results[0].groups}["3-9",] == 7


def test_a_broken_model_is_no_photo_without_a_face(world):
    with pytest.raises(ModelFailed):
        world.evaluate(fails=True)


def test_too_few_faces(world):
    for path in list(world.known)[1:]:
        world.photos.photos[path] = blank()
    with pytest.raises(BadLabels, match="Only 1 of 20"):
        world.evaluate()


@pytest.mark.parametrize("crossed", [0, -1])
def test_no_columns_at_all(world, crossed):
    with pytest.raises(BadArgument):
        world.evaluate(crossed=crossed)


def test_a_threshold_that_makes_no_sense(world):
    with pytest.raises(BadArgument, match="cosine"):
        world.evaluate([-0.1])


def test_galleries_of_each_size_that_there_are_people_for(world):
    result = world.simulate()
    assert [one.size for one in result.results] == [1]
    assert (result.people, result.faces) == (20, 20)
    result = world.simulate((1, 10, 5))
    assert [one.size for one in result.results] == [1, 5, 10]
    small, _, large = (one.fpir.value for one in result.results)
    assert 0 < small < large


@pytest.mark.parametrize("sizes", [(20,), (1, 20), (1000,)])
def test_a_gallery_that_leaves_no_stranger(world, sizes):
    with pytest.raises(BadArgument, match="faces of 20 people"):
        world.simulate(sizes)


@pytest.mark.parametrize(("sizes", "galleries"), [((0,), None), ((-3, 2), None), (None, 0)])
def test_draws_that_make_no_sense(world, sizes, galleries):
    with pytest.raises(BadArgument):
        world.simulate(sizes, galleries)
