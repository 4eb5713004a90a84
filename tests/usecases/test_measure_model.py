"""Measuring thresholds for a model that has none, on drawn portraits."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.registry import TomlRegistry, load
from gallery.domain.embedding import finished
from gallery.domain.errors import BadArgument, TooLittleData
from gallery.domain.geometry import Box
from gallery.domain.models import ModelCard, Normalisation, Thresholds
from gallery.domain.verification import ImageName, LabelErrors, Pair, PairList
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, blank, draw
from gallery.usecases.evaluate_verification import EvaluateVerification, LabelledPairs
from gallery.usecases.faces import Recogniser
from gallery.usecases.measure_model import MeasureModel

MIDDLE = Box(26, 18, 12, 12)
PEOPLE = 90
"""With two portraits each: 16,020 comparisons of different people, enough for FMR 1e-3 by the rule of three."""
TODAY = date(2026, 12, 1)


class Finishing(FakeEmbedder):
    """Gives embeddings as its card says."""

    def embed(self, chips):
        return finished(super().embed(chips), self.card.spec, super().embed(chips))


class World:
    def __init__(self, folder: Path, normalisation: Normalisation = Normalisation.L2, away: int = 1) -> None:
        images = [[ImageName(f"P{p:02}", 1), ImageName(f"P{p:02}", 2)] for p in range(PEOPLE)]
        half = PEOPLE // 2
        folds = [
            [pair for p in part for pair in (Pair(*images[p]), Pair(images[p][0], images[(p + 1) % PEOPLE][1]))]
            for part in (range(half), range(half, PEOPLE))
        ]
        self.pairs = PairList(tuple(tuple(fold) for fold in folds))
        self.files = {image: Path(f"{image}.png") for both in images for image in both}
        self.photos = FakePhotoFiles(
            {
                path: draw(blank(), MIDDLE, 1 + 2 * int(i.name[1:]), away=0 if i.number == 1 else away)
                for i, path in self.files.items()
            }
        )
        self.registry = TomlRegistry(folder)
        shipped = load(folder)["auraface"]
        mirror = normalisation is Normalisation.L2
        spec = replace(shipped.spec, dimension=64, normalisation=normalisation, mirror=mirror)
        self.registry.add(replace(shipped, name="mine", file="/weights.onnx", urls=(), embedder=spec))

    def measure(self, fmr: float = 1e-3, errors: LabelErrors | None = None, card: ModelCard | None = None):
        use = MeasureModel(EvaluateVerification(self.photos), self.registry, TODAY, fmr)
        embedder = Finishing(card or self.registry.card("mine"))
        recogniser = Recogniser(FakeDetector(), FakeCropper(), embedder)
        return use, use(recogniser, LabelledPairs(self.pairs, self.files, errors), "made-up faces")


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def all_distances(world: World) -> np.ndarray:
    """Cosine distances of all portraits of different people."""
    card = world.registry.card("mine")
    chips = np.stack([np.tile(world.photos.photos[path][24, 32], (8, 8, 1)) for path in world.files.values()])
    vectors = Finishing(card).embed(chips)
    owners = np.array([image.name for image in world.files])
    different = np.triu(owners[:, None] != owners[None, :])
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.sort(1 - (vectors @ vectors.T)[different])


@pytest.mark.parametrize("fmr", [1e-3, 5e-4])
def test_the_thresholds_are_the_largest_of_three_decimals_that_keep_the_rate(world, fmr):
    _, measured = world.measure(fmr)

    found, distances = measured.card.spec.thresholds, all_distances(world)
    allowed = math.floor(fmr * len(distances) + 1e-9)
    assert len(distances) == measured.comparisons == PEOPLE * (PEOPLE - 1) * 2
    assert np.count_nonzero(distances <= found.cosine) <= allowed
    assert np.count_nonzero(distances <= found.cosine + 0.001) > allowed
    assert found.cosine == round(found.cosine, 3)
    assert 0 <= math.sqrt(2 * found.cosine) - found.euclidean < 0.001


def test_their_origin_says_from_what_when_and_what_they_miss(world):
    _, measured = world.measure()
    origin = measured.card.spec.thresholds.origin
    assert origin == (
        "FMR 1e-3 over 16,020 impostor pairs of made-up faces, where FNMR is 0.0%; measured on 2026-12-01 with "
        "fake-detector"
    )


def test_nothing_is_on_the_list_before_it_is_recorded(world):
    use, measured = world.measure()
    assert not world.registry.card("mine").spec.measured
    use.record(measured)
    assert world.registry.card("mine") == measured.card
    world.registry.card("mine").require_measured()


def test_on_vectors_of_any_length_each_distance_has_a_threshold_of_its_own(tmp_path):
    _, measured = World(tmp_path, Normalisation.NONE).measure()
    found = measured.card.spec.thresholds
    assert 0 < found.cosine < 1
    assert found.euclidean > 5, "the fake embeddings are 10 long"


def test_faces_that_were_not_found_do_not_make_the_rate_look_lower(world):
    _, all_found = world.measure()
    for image, path in list(world.files.items())[::3]:
        if image.number == 2:
            world.photos.photos[path] = blank()
    _, some = world.measure()
    assert some.comparisons < all_found.comparisons
    # Fewer were compared, so fewer of them may match: the threshold cannot have risen for what is missing.
    left = np.array([path for path in world.files.values() if world.photos.photos[path].any()])
    assert len(left) < 2 * PEOPLE
    assert some.fnmr.hits >= PEOPLE // 3 - 1


def test_too_few_people_for_the_rate(world):
    with pytest.raises(TooLittleData, match="FMR 1e-5 needs 300,000 comparisons") as caught:
        world.measure(1e-5)
    assert "--fmr 1.9e-4" in caught.value.hint


def test_known_errors_in_the_labels_are_left_out(world):
    errors = LabelErrors((("P00", "P01"),), frozenset({ImageName("P05", 2)}))
    _, measured = world.measure(errors=errors)
    # Four comparisons less for the two names of one person, and one portrait less against 178 of others.
    assert measured.comparisons == PEOPLE * (PEOPLE - 1) * 2 - 4 - 178


@pytest.mark.parametrize("fmr", [0, -1e-5, 2e-3, 1, math.nan])
def test_a_rate_that_makes_no_sense(world, fmr):
    with pytest.raises(BadArgument, match="false match rate"):
        world.measure(fmr)


def test_a_model_that_recognises_nobody_is_not_recorded(tmp_path):
    with pytest.raises(TooLittleData, match="does not recognise one person") as caught:
        World(tmp_path, away=50).measure()
    assert "face recogniser" in caught.value.hint


def test_a_model_to_which_all_are_one_is_not_recorded(world):
    for path in world.photos.photos:
        world.photos.photos[path] = draw(blank(), MIDDLE, 7)
    with pytest.raises(TooLittleData, match="as near to each other as can be"):
        world.measure()


def test_a_model_that_comes_with_thresholds_keeps_them(world):
    with pytest.raises(BadArgument, match="stay as they are"):
        world.measure(card=world.registry.card("sface"))


def test_thresholds_given_by_hand_give_way(world):
    card = world.registry.card("mine")
    world.registry.record(replace(card, embedder=replace(card.spec, thresholds=Thresholds(0.9, 1.3, "by hand"))))
    use, measured = world.measure()
    assert measured.before.spec.thresholds.origin == "by hand"
    use.record(measured)
    assert world.registry.card("mine").spec.thresholds.origin.startswith("FMR 1e-3")
