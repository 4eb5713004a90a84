"""Evaluating a gallery of drawn people."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.domain.deciding import Policy
from gallery.domain.errors import BadArgument, ModelFailed
from gallery.domain.geometry import Box
from gallery.domain.identification import LabelledBox, LabelledPhoto
from gallery.domain.matching import Fusion
from gallery.domain.models import Floors, Thresholds
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, blank, draw
from gallery.usecases.evaluate_identification import EvaluateIdentification, Plan
from gallery.usecases.faces import Recogniser

ADA, BEN, EVE, STRANGER = 10, 90, 170, 230
MIDDLE, LEFT, RIGHT = Box(26, 18, 12, 12), Box(2, 5, 12, 12), Box(40, 8, 12, 12)
POLICY = Policy(Thresholds(0.2, 6.0), Floors(4, 0.0))
COLOURS = {"Ada": ADA, "Ben": BEN, "Eve": EVE}
GROUP = Path("group.png")


class World:
    """Three people with three portraits each, and a group photo of two of them and a stranger."""

    def __init__(self) -> None:
        self.people = {name: [Path(f"{name}{n}.png") for n in (1, 2, 3)] for name in COLOURS}
        self.photos = FakePhotoFiles(
            {
                path: draw(blank(), MIDDLE, COLOURS[name], away=n)
                for name, paths in self.people.items()
                for n, path in enumerate(paths)
            }
        )
        group = draw(draw(draw(blank(), LEFT, ADA, away=1), MIDDLE, STRANGER), RIGHT, BEN, away=4)
        self.photos.photos[GROUP] = group
        self.labels = (LabelledBox(LEFT, "ada"), LabelledBox(MIDDLE, None), LabelledBox(RIGHT, "Ben"))
        self.embedder = FakeEmbedder()
        self.policy = POLICY

    def evaluate(self, *probes: LabelledPhoto, **plan):
        recogniser = Recogniser(FakeDetector(), FakeCropper(), self.embedder)
        use = EvaluateIdentification(recogniser, self.photos, self.policy)
        plan.setdefault("references", (1,))
        return use(self.people, probes or [LabelledPhoto(GROUP, self.labels)], Plan(**plan))


@pytest.fixture
def world() -> World:
    return World()


def test_a_group_photo(world):
    result = world.evaluate()

    (setting,) = result.settings
    probes = result.probes
    assert (probes.photos, probes.faces, probes.named, probes.strangers) == (1, 3, 2, 1)
    assert (probes.unlabelled, probes.undetected) == (0, 0)
    assert setting.enrolled == ("Ada", "Ben", "Eve")
    assert (setting.full.tally.fpir.hits, setting.full.tally.fpir.trials) == (0, 3)
    assert (setting.full.tally.fnir.hits, setting.full.tally.fnir.trials) == (0, 2)
    assert setting.mistakes == ()


def test_names_are_compared_whatever_their_case(world):
    assert world.evaluate().settings[0].full.tally.fnir.trials == 2


def test_faces_without_a_label_and_labels_without_a_face_are_shown(world):
    far = LabelledBox(Box(55, 40, 5, 5), "Eve")

    probes = world.evaluate(LabelledPhoto(GROUP, (world.labels[0], far))).probes

    assert (probes.named, probes.unlabelled, probes.undetected) == (1, 2, 1)


def test_a_folder_for_each_person(world):
    probes = [LabelledPhoto(path, owner=name) for name, paths in world.people.items() for path in paths]

    result = world.evaluate(*probes)

    (setting,) = result.settings
    assert result.probes.photos == 9
    assert setting.full.tally.fnir.trials == 6  # the three that are references are no probes


def test_a_portrait_in_which_no_face_is_found_is_counted(world):
    world.photos.photos[Path("none.png")] = blank()
    probes = [LabelledPhoto(world.people["Ada"][2], owner="Ada"), LabelledPhoto(Path("none.png"), owner="Ada")]

    assert world.evaluate(*probes).probes.undetected == 1


def test_the_first_usable_photos_are_the_references(world):
    world.photos.photos[world.people["Ada"][0]] = draw(draw(blank(), LEFT, ADA), RIGHT, BEN)
    world.photos.photos[world.people["Ben"][0]] = blank()
    del world.photos.photos[world.people["Eve"][0]]
    world.photos.photos[world.people["Eve"][1]] = draw(blank(), Box(20, 20, 3, 3), EVE)

    result = world.evaluate()

    assert result.skipped == {"several faces": 1, "no face": 1, "unreadable": 1, "face too poor": 1}
    assert result.usable == {"Ada": 1, "Ben": 1, "Eve": 1}


def test_a_photo_that_is_there_twice_is_one_reference(world):
    world.photos.photos[world.people["Ada"][1]] = world.photos.photos[world.people["Ada"][0]]
    world.photos.photos[world.people["Ada"][2]] = world.photos.photos[world.people["Ada"][0]]

    result = world.evaluate(references=(2,))

    assert result.usable["Ada"] == 1
    assert result.settings[0].enrolled == ("Ben", "Eve")
    assert result.settings[0].full.tally.fpir.trials == 3  # Ada is a stranger now


def test_each_photo_is_described_once_whatever_is_asked(world):
    world.evaluate(references=(1, 2), fusions=(Fusion.BEST, Fusion.MEAN), seed=7, repeats=3)

    assert len(world.embedder.batches) == 10


def test_every_number_of_references_and_every_fusion(world):
    result = world.evaluate(references=(1, 2), fusions=(Fusion.BEST, Fusion.MEAN))

    assert [(s.references, s.fusion.value) for s in result.settings] == [
        (1, "best"),
        (1, "mean"),
        (2, "best"),
        (2, "mean"),
    ]


def test_repeats_draw_other_references_and_can_be_repeated(world):
    first = world.evaluate(seed=1, repeats=4).settings[0]
    again = world.evaluate(seed=1, repeats=4).settings[0]

    assert len(first.full.repeats) == 4
    assert first.full == again.full
    assert first.full.tally.fnir.trials == 8
    assert (first.mated == again.mated).all()


def test_a_stranger_who_is_kept_is_named_as_a_mistake(world):
    lookalike = draw(blank(), MIDDLE, ADA)
    world.photos.photos[Path("stranger.png")] = lookalike
    probes = [LabelledPhoto(GROUP, world.labels), LabelledPhoto(Path("stranger.png"), (LabelledBox(MIDDLE, None),))]
    world.people["Ada"] = world.people["Ada"][1:]

    (setting,) = world.evaluate(*probes).settings

    assert [(m.source, m.name, m.kept_as) for m in setting.mistakes] == [("stranger.png", None, "Ada")]
    assert setting.full.tally.fpir.hits == 1


def test_one_person_is_not_enough(world):
    world.people = {"Ada": world.people["Ada"]}

    with pytest.raises(BadArgument, match="only Ada"):
        world.evaluate()


def test_people_with_too_few_photos(world):
    for name in ("Ada", "Ben"):
        world.people[name] = world.people[name][:1]

    with pytest.raises(BadArgument, match="1 of 3 people have 2 photos"):
        world.evaluate(references=(2,))


def test_labels_of_nobody_enrolled(world):
    with pytest.raises(BadArgument, match="labelled as somebody enrolled"):
        world.evaluate(LabelledPhoto(GROUP, (LabelledBox(LEFT, "Zoe"),)))


@pytest.mark.parametrize("plan", [{"references": (0,)}, {"references": ()}, {"repeats": 0}, {"repeats": 2}])
def test_plans_that_make_no_sense(plan):
    with pytest.raises(BadArgument):
        Plan(**plan)


def test_a_broken_model_is_an_error(world):
    world.embedder = FakeEmbedder(fails=True)

    with pytest.raises(ModelFailed):
        world.evaluate()
