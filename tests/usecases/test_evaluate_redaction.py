"""Evaluating redaction on drawn pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gallery.domain.errors import BadArgument, BadLabels, ModelFailed
from gallery.domain.geometry import Box
from gallery.domain.redacting import Attack
from gallery.testing import (
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeRedactor,
    blank,
    draw,
)
from gallery.usecases.evaluate_redaction import EvaluateRedaction, Sampling, Way
from gallery.usecases.faces import Recogniser

FACE = Box(20, 10, 16, 16)
PEOPLE = {name: tuple(Path(name, f"{n}.png") for n in (1, 2)) for name in ("a", "b", "c")}


def photos() -> dict[Path, object]:
    return {
        path: draw(blank(), FACE, person, away)
        for person, files in enumerate(PEOPLE.values(), 20)
        for away, path in enumerate(files)
    }


@dataclass
class Unscaled:
    """Leaves every face as large as it is."""

    asked: list[int] = field(default_factory=list)

    def scale(self, image, detection, side):
        self.asked.append(side)
        return image, detection


@dataclass
class Nothing:
    """Covers nothing."""

    settings: dict = field(default_factory=dict)

    def redact(self, image, faces):
        assert len(faces) == 1
        return image.copy()


WAYS = (Way("nothing", "", Nothing()), Way("black", "", FakeRedactor(), default=True))


def evaluate(people=PEOPLE, files=None, scaler=None, embedder=None, sampling=None, **options):
    recogniser = Recogniser(FakeDetector(), FakeCropper(), embedder or FakeEmbedder())
    run = EvaluateRedaction(recogniser, scaler or Unscaled(), FakePhotoFiles(files or photos()))
    return run(people, options.pop("ways", WAYS), sampling or Sampling(sides=(40,)), **options)


def test_what_is_not_covered_is_found_and_what_is_black_is_not():
    result = evaluate()

    nothing, black = result.results
    assert {attack: found.rank_one.hits for attack, found in nothing.attacks.items()} == dict.fromkeys(Attack, 3)
    assert black.attacks[Attack.SAME].rank_one.hits == 0
    assert black.attacks[Attack.CLEAR].passing.hits == 0
    assert (result.people, result.chance, result.left_out, result.seed) == (3, 1 / 3, 0, None)


def test_every_size_is_measured():
    scaler = Unscaled()
    result = evaluate(scaler=scaler, sampling=Sampling())

    assert [(found.side, found.way.label) for found in result.results] == [
        (40, "nothing"),
        (40, "black"),
        (400, "nothing"),
        (400, "black"),
    ]
    assert set(scaler.asked) == {40, 400}


def test_people_without_two_faces_are_left_out_and_another_is_drawn():
    files = photos()
    files[Path("b", "1.png")] = blank()
    result = evaluate(files=files)
    assert (result.people, result.left_out) == (2, 1)

    del files[Path("b", "1.png")]
    people = {**PEOPLE, "b": (*PEOPLE["b"], Path("b", "3.png"))}
    files[Path("b", "3.png")] = draw(blank(), FACE, 21)
    result = evaluate(people, files)
    assert (result.people, result.left_out) == (3, 0)
    assert len(result.unreadable) == 1


def test_a_lot_is_the_same_every_time():
    def drawn(seed):
        used = []
        files = FakePhotoFiles(photos())
        files.read = lambda path: used.append(path) or FakePhotoFiles.read(files, path)
        recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
        result = EvaluateRedaction(recogniser, Unscaled(), files)(PEOPLE, WAYS, Sampling(2, seed, (40,)))
        assert (result.people, result.seed) == (2, seed)
        return used

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(8)}) > 1


def test_fewer_than_two_people_make_no_evaluation():
    with pytest.raises(BadLabels, match="two people"):
        evaluate({"a": PEOPLE["a"], "b": PEOPLE["b"][:1]})


def test_a_broken_embedder_is_an_error():
    with pytest.raises(ModelFailed):
        evaluate(embedder=FakeEmbedder(fails=True))


@pytest.mark.parametrize("wrong", [{"people": 1}, {"sides": (0,)}, {"sides": (5000,)}])
def test_a_sampling_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(BadArgument):
        Sampling(**wrong)


def test_progress_is_told():
    steps = []
    evaluate(progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]
