"""Evaluating comparisons of drawn portraits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.domain.errors import BadLabels, ModelFailed
from gallery.domain.geometry import Box
from gallery.domain.metrics import Metric
from gallery.domain.verification import ImageName, LabelErrors, Pair, PairList
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, blank, draw
from gallery.usecases.evaluate_verification import EvaluateVerification, LabelledPairs
from gallery.usecases.faces import Recogniser

MIDDLE, CORNER = Box(26, 18, 12, 12), Box(0, 0, 14, 14)
COLOUR = {"Ada": 10, "Ben": 90, "Eve": 170}
PASSER_BY = 240


class World:
    """Three people with two portraits each, a passer-by in the corner of every one."""

    def __init__(self) -> None:
        image = {name: [ImageName(name, 1), ImageName(name, 2)] for name in COLOUR}
        others = {"Ada": "Ben", "Ben": "Eve", "Eve": "Ada"}
        self.pairs = PairList(
            tuple((Pair(*image[name]), Pair(image[name][0], image[other][1])) for name, other in others.items())
        )
        self.files = {i: Path(f"{i}.png") for images in image.values() for i in images}
        self.photos = FakePhotoFiles(
            {
                path: draw(draw(blank(), CORNER, PASSER_BY), MIDDLE, COLOUR[i.name], away=i.number)
                for i, path in self.files.items()
            }
        )
        self.recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())

    def evaluate(self, errors: LabelErrors | None = None, every_impostor: bool = False, **options):
        use = EvaluateVerification(self.photos)
        return use(self.recogniser, LabelledPairs(self.pairs, self.files, errors), every_impostor, **options)


@pytest.fixture
def world() -> World:
    return World()


def test_the_face_in_the_middle_is_meant(world):
    (scores,) = world.evaluate().scores

    for metric in Metric:
        assert scores.metrics[metric].accuracy.mean == 1
        assert scores.metrics[metric].genuine.max() < scores.metrics[metric].impostors.min()


def test_a_portrait_without_a_face_is_counted_and_infinitely_far(world):
    world.photos.photos[Path("Ada_0002.png")] = blank()

    result = world.evaluate()

    assert result.failures.no_face == ("Ada_0002",)
    genuine = result.scores[0].metrics[Metric.COSINE].genuine
    assert sorted(genuine)[-1] == float("inf")
    assert result.scores[0].metrics[Metric.COSINE].own.fnmr.hits == 1


def test_a_portrait_that_cannot_be_read_is_counted_and_the_rest_go_on(world):
    del world.photos.photos[Path("Ben_0001.png")]

    result = world.evaluate(every_impostor=True)

    assert result.failures.unreadable == ("Ben_0001",)
    assert result.scores[0].impostors.failed == 4


def test_all_impostors(world):
    result = world.evaluate(every_impostor=True)

    (scores,) = result.scores
    assert scores.impostors.count == 12
    assert [point.target for point in scores.points[Metric.COSINE]] == [1e-3, 1e-4, 1e-5, 1e-6]
    assert not any(point.supported for point in scores.points[Metric.COSINE])
    first, second, distance = result.closest[0]
    assert first[:3] != second[:3]
    assert distance == min(d for _, _, d in result.closest)


def test_without_all_impostors_there_are_none(world):
    result = world.evaluate()

    assert result.scores[0].impostors is None
    assert result.scores[0].points == {}
    assert result.closest == ()


def test_errors_in_the_labels_are_reported_with_and_without(world):
    errors = LabelErrors((("Ada", "Ben"),), frozenset({ImageName("Eve", 2)}))

    labelled, cleaned = world.evaluate(errors, every_impostor=True).scores

    assert (labelled.without_errors, labelled.left_out, labelled.people) == (False, 0, 3)
    assert (cleaned.without_errors, cleaned.left_out, cleaned.people) == (True, 3, 2)
    assert cleaned.impostors.count == 4


def test_errors_that_leave_nothing(world):
    errors = LabelErrors((("Ada", "Ben"), ("Ben", "Eve")))

    with pytest.raises(BadLabels, match="no pair"):
        world.evaluate(errors)


def test_a_broken_model_is_an_error_not_a_failure_to_find_a_face(world):
    world.recogniser = Recogniser(FakeDetector(fails=True), FakeCropper(), FakeEmbedder())

    with pytest.raises(ModelFailed):
        world.evaluate()


def test_each_image_is_looked_at_once(world):
    steps = []

    world.evaluate(progress=lambda done, total: steps.append((done, total)), every_impostor=True)

    assert steps == [(n, 6) for n in range(1, 7)]
    assert world.recogniser.embedder.batches == [1] * 6
