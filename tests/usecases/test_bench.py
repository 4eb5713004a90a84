"""Measuring the stages and a run, on drawn faces and a clock of which every look takes a second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.benching import STAGES, Spent
from gallery.domain.deciding import Policy
from gallery.domain.errors import BadPhoto
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.testing import (
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakeMachine,
    FakePhotoFiles,
    FakeRedactor,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.bench import Bench, compose, spread
from gallery.usecases.faces import Recogniser

ONE, TWO, GONE = Path("in/one.png"), Path("in/two.png"), Path("in/gone.png")
A, B = Box(2, 5, 10, 12), Box(20, 8, 12, 12)


class World:
    def __init__(self) -> None:
        pair = draw(draw(blank(), A, 10), B, 90)
        self.photos = FakePhotoFiles({ONE: draw(blank(), A, 10), TWO: pair})
        recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
        own, self.record = FakeStore(), FakeStore()
        enrolment(recogniser, self.photos, own)("Ada", [ONE])
        policy = Policy(Thresholds(0.2, 3.0), Floors(4, 0.0))
        use = Anonymise(recogniser, FakeRedactor(), self.photos, self.record, policy, "0.test")
        people = Anonymise(recogniser, FakeRedactor(), self.photos, own, policy, "0.test").people()
        self.bench = Bench(use, people, FakeMachine())


@pytest.fixture
def world() -> World:
    return World()


def test_every_stage_of_every_photo_is_timed_once_and_the_first_photo_is_done_before(world):
    found = world.bench([ONE, TWO], Path("out"), 1)

    assert (found.photos, found.faces, found.pixels) == (2, 3, 2 * 64 * 48)
    assert tuple(found.stages) == STAGES
    assert set(found.stages.values()) == {Spent(2, 1, 2)}, "a second, half of it worked, for each of two photos"


def test_the_run_is_that_of_the_people_who_were_given_and_leaves_nothing_of_the_stages(world):
    world.bench([ONE, TWO], Path("out"), 1)

    ((_, images, _),) = world.record.recorded
    assert [[face.decision.kept for face in image.faces] for image in images] == [[True], [True, False]]
    assert sorted(world.photos.written) == [Path("out/0-one.png"), Path("out/1-two.png")]


def test_shares_are_those_of_all_cores(world):
    found = world.bench([ONE], Path("out"), 1)

    assert found.run == Spent(1, 0.5, 1)
    assert found.cpu_use == 0.25
    assert found.others == 0.25
    assert found.parts == Spent(8, 4, 8)
    assert found.overhead == 1 / (4 / 2)
    assert found.overhead_of_ours == 0.75 * found.overhead


def test_a_photo_that_cannot_be_done_is_left_out(world):
    found = world.bench([GONE, ONE], Path("out"), 1)

    assert found.photos == 1
    assert list(found.failed) == [GONE]
    assert found.parts.wall == 8


def test_nothing_is_measured_where_no_photo_can_be_done(world):
    with pytest.raises(BadPhoto, match=r"None of the photos.*gone\.png"):
        world.bench([GONE], Path("out"), 1)


def test_it_is_told_how_far_it_has_come(world):
    heard = []
    world.bench([ONE, GONE, TWO], Path("out"), 1, lambda done, of: heard.append((done, of)))

    assert heard == [(1, 6), (2, 6), (3, 6), (4, 5), (5, 5)]


@pytest.mark.parametrize(
    ("count", "most", "expected"), [(3, 5, [0, 1, 2]), (10, 3, [0, 3, 6]), (5, 5, [0, 1, 2, 3, 4])]
)
def test_photos_are_taken_from_all_over_the_folder(count, most, expected):
    files = [Path(f"{number}.jpg") for number in range(count)]

    assert spread(files, most) == [files[number] for number in expected]


def test_copies_of_the_demo_picture_are_written(world):
    class Pictures:
        def group(self):
            return draw(blank(), A, 10)

    files = compose(Pictures(), world.photos, Path("made"), 2)

    assert files == [Path("made/group-1.jpg"), Path("made/group-2.jpg")]
    assert all(np.array_equal(world.photos.written[file], draw(blank(), A, 10)) for file in files)
