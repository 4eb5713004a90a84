"""What a second look makes of what is found in an output: a kept face, a cover, or somebody whom nobody settled."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from gallery.domain.deciding import Decision, Policy, Rule, Verdict
from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate, Whitelist, candidates
from gallery.domain.models import Floors, Thresholds
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakeRedactor, blank, draw
from gallery.usecases.decided import Decided
from gallery.usecases.faces import Recogniser
from gallery.usecases.second_look import Looker, SecondLook, Written, different, kept_and_covered

ADA, GRACE, STRANGER, FLOWER = 10, 90, 170, 200
POLICY = Policy(Thresholds(0.2, 3.0), Floors(4, 0.0))
FAR = Whitelist.empty(16)
K, B = Box(20, 10, 20, 24), Box(44, 10, 12, 20)


class Scripted(FakeDetector):
    """Finds what it was told, whatever the picture."""

    def __init__(self, *boxes: Box) -> None:
        super().__init__()
        self.boxes = boxes

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        return tuple(Detection(box, 0.9) for box in self.boxes)


class Plane(FakeEmbedder):
    """Gives some colours directions of length one in a plane, by their cosine distance from black."""

    def __init__(self, **away: float) -> None:
        super().__init__()
        self.directions = {COLOURS[name]: at(distance) for name, distance in away.items()}

    def embed(self, chips):
        found = super().embed(chips)
        for row, chip in zip(found, chips, strict=True):
            if (colour := tuple(int(level) for level in chip[0, 0])) in self.directions:
                row[:] = self.directions[colour]
        return found


def at(distance: float) -> np.ndarray:
    """`(16,)` a direction at that cosine distance from the first."""
    vector = np.zeros(16, np.float32)
    vector[:2] = 1 - distance, math.sqrt(1 - (1 - distance) ** 2)
    return vector


def colour(person: int, away: int = 0) -> tuple[int, ...]:
    return tuple(int(level) for level in draw(blank(1, 1), Box(0, 0, 1, 1), person, away)[0, 0])


COLOURS = {"black": (0, 0, 0), "flower": colour(FLOWER), "pale": colour(FLOWER, 9)}


@dataclass
class Drawing(FakeRedactor):
    """Covers in black, and draws something over it; not on an empty picture."""

    box: Box = B
    person: int = FLOWER
    away: int = 9

    def redact(self, image, faces, regions=(), kept=()):
        covered = super().redact(image, faces, regions, kept)
        return covered if (image == image[0, 0]).all() else draw(covered, self.box, self.person, self.away)


@dataclass
class Scene:
    """A photo with a kept face and a blurred one."""

    photo: RGB
    kept: tuple[Box, ...] = (K,)
    blurred: tuple[Box, ...] = (B,)
    regions: tuple[Box, ...] = ()
    redactor: FakeRedactor | None = None
    embedder: FakeEmbedder | None = None
    whitelist: Whitelist = FAR

    def look(self, *found: Box) -> SecondLook:
        recogniser = Recogniser(Scripted(*found), FakeCropper(), self.embedder or FakeEmbedder())
        boxes = (*self.kept, *self.blurred)
        faces = recogniser.describe(self.photo, [Detection(box, 0.9) for box in boxes])
        keep = Decision(Verdict.KEEP, Rule.MATCH, "matches", Candidate("Ada", 1, 0.1, 0.1))
        blur = Decision(Verdict.BLUR, Rule.COSINE, "too far")
        like = candidates(np.stack([face.embedding for face in faces]), self.whitelist)
        decided = Decided(faces, (keep,) * len(self.kept) + (blur,) * len(self.blurred), tuple(like), self.regions)
        redactor = self.redactor or FakeRedactor()

        def cover(picture: RGB) -> RGB:
            return redactor.redact(picture, [Detection(box, 0.9) for box in self.blurred], self.regions)

        output = cover(self.photo)
        return Looker(recogniser, self.whitelist, POLICY).look(
            Written(self.photo, output, decided, cover, different(output, self.photo))
        )


def picture(*others: tuple[Box, int]) -> RGB:
    image = draw(draw(blank(), K, ADA), B, STRANGER)
    for box, person in others:
        draw(image, box, person)
    return image


def test_a_kept_face_is_its_own():
    assert Scene(picture()).look(K, B).strangers == ()
    assert Scene(picture()).look(Box(K.x + 2, K.y + 2, K.width, K.height)).strangers == (), "a box a little beside it"


def test_somebody_half_hidden_behind_a_kept_face_is_found():
    behind = Box(28, 6, 20, 24)
    assert K.x <= behind.centre[0] < K.right

    assert [one.box for one in Scene(picture()).look(K, behind).strangers] == [behind]


@pytest.mark.parametrize("seen", [(30, 6, 16, 14), (22, 12, 8, 8)])
def test_somebody_in_a_kept_face_that_is_not_found_again_is_found(seen):
    other = Box(*seen)

    assert [one.box for one in Scene(picture((other, GRACE))).look(other).strangers] == [other]


def test_what_is_left_of_a_kept_face_is_that_face():
    part = Box(22, 12, 8, 10)

    assert Scene(picture()).look(part).strangers == ()
    assert [one.box for one in Scene(picture()).look(part, part.shift(1, 1)).strangers] == [part.shift(1, 1)], "once"
    assert [one.box for one in Scene(picture()).look(K, part).strangers] == [part], "nor beside the whole"


def test_of_two_in_the_place_of_a_kept_face_one_is_that_face():
    one, other = K, Box(K.x + 3, K.y, K.width, K.height)

    assert [found.box for found in Scene(picture()).look(other, one).strangers] == [other]


def test_two_kept_faces_are_each_their_own():
    beside = Box(2, 10, 14, 24)
    scene = Scene(picture((beside, GRACE)), kept=(K, beside))

    assert scene.look(K, beside).strangers == ()
    assert scene.look(beside, K).strangers == ()


def test_what_is_found_in_a_cover_is_none():
    assert Scene(picture()).look(B, Box(45, 11, 14, 19)).strangers == ()


def test_what_is_only_partly_covered_is_a_face_of_its_own():
    half = Box(B.x, B.y, 2 * B.width, B.height)  # its middle is on the edge of the cover

    assert [one.box for one in Scene(picture()).look(half).strangers] == [half]


def test_what_lies_between_two_covers_is_a_face_of_its_own_though_most_of_it_is_covered():
    left, right, between = Box(2, 10, 14, 20), Box(20, 10, 14, 20), Box(6, 12, 24, 16)
    scene = Scene(draw(draw(blank(), left, GRACE), right, STRANGER), kept=(), blurred=(left, right))

    assert [one.box for one in scene.look(between).strangers] == [between]


@dataclass
class Wide(FakeRedactor):
    """Covers more than the boxes."""

    def redact(self, image, faces, regions=(), kept=()):
        wide = [replace(one, box=one.box.grow(1).clip(64, 48)) for one in faces]
        return super().redact(image, wide, regions, kept)


def test_what_is_covered_entirely_is_none_wherever_its_middle_is():
    face, margin = Box(20, 10, 10, 12), Box(10, 2, 9, 12)
    photo = draw(np.full((48, 64, 3), 255, np.uint8), face, GRACE)
    scene = Scene(photo, kept=(), blurred=(face,), redactor=Wide())

    assert scene.look(margin).strangers == ()
    assert [one.box for one in scene.look(margin.shift(-1, 0)).strangers] == [margin.shift(-1, 0)], "a column shows"


def told(share: float) -> tuple[str, ...]:
    """What is told of the second of two kept faces, of which that share is covered, and of a blurred one between."""
    covered = np.zeros((48, 64), bool)
    covered[0:20, 20 : 20 + round(20 * share)] = True
    covered[20:40] = True
    boxes = Box(0, 0, 10, 20), Box(0, 20, 10, 20), Box(20, 0, 20, 20)
    faces = Recogniser(Scripted(), FakeCropper(), FakeEmbedder()).describe(
        blank(), [Detection(box, 0.9) for box in boxes]
    )
    keep = Decision(Verdict.KEEP, Rule.MATCH, "matches", Candidate("Ada", 1, 0.1, 0.1))
    blur = Decision(Verdict.BLUR, Rule.COSINE, "too far")
    return kept_and_covered(Decided(faces, (keep, blur, keep), ((), (), ())), covered)


def test_a_kept_face_of_which_a_quarter_is_covered_is_told():
    assert told(0.2) == ()
    assert told(0.25) == ("Face 3 is kept, but 25% of it is covered with what lies beside it.",)
    assert told(1) == ("Face 3 is kept, but 100% of it is covered with what lies beside it.",)


def test_a_region_is_a_cover_too():
    scene = Scene(picture(), blurred=(), regions=(B,))

    assert scene.look(K, Box(B.x + 1, B.y, B.width + 2, B.height)).strangers == ()


@dataclass
class Leaky(FakeRedactor):
    """Leaves one face as it is."""

    face: Box = B

    def redact(self, image, faces, regions=(), kept=()):
        return super().redact(image, [one for one in faces if one.box != self.face], regions, kept)


def test_what_is_still_like_the_face_fails():
    look = Scene(picture(), redactor=Leaky()).look(K)

    assert "Face 2 can still be recognised" in look.failure
    assert look.residuals == (None, pytest.approx(0, abs=1e-6))


def test_what_is_found_in_several_covers_is_compared_with_each_face():
    """It overlaps one face more, and is the other."""
    near, other, seen = Box(2, 10, 20, 20), Box(24, 10, 12, 20), Box(4, 8, 26, 24)
    photo = draw(draw(blank(), near, GRACE), other, STRANGER)

    scene = Scene(photo, (), (near, other), redactor=Drawing(box=Box(15, 18, 4, 4), person=STRANGER, away=1))

    assert "Face 2 can still be recognised" in scene.look(seen).failure


def flowers(flower: float, pale: float = 1.0, **more) -> Scene:
    """A flower in the place of the blurred face, so far from a bare cover; and so far a paler one."""
    photo = draw(draw(blank(), K, ADA), B, FLOWER)
    return Scene(photo, embedder=Plane(black=0, flower=flower, pale=pale), **more)


def test_where_a_bare_cover_is_as_near_the_comparison_tells_nothing():
    look = flowers(0.1).look(K)

    assert look.failure == ""
    assert look.residuals == (None, pytest.approx(0.1))
    assert [remark[:40] for remark in look.remarks] == ["A bare cover would be taken for face 2 a"]


def test_then_a_cover_that_depends_on_what_is_under_it_fails():
    @dataclass
    class Mirroring(FakeRedactor):
        def redact(self, image, faces, regions=(), kept=()):
            covered = super().redact(image, faces, regions, kept)
            covered[B.bottom - 1, B.right - 1] = image[B.bottom - 1, B.right - 1]
            return covered

    assert "Face 2 can still be recognised" in flowers(0.1, redactor=Mirroring()).look(K).failure


@pytest.mark.parametrize(
    ("bare", "published"),
    [(0.16, True), (0.19, True), (0.21, False)],
)
def test_a_bare_cover_excuses_nothing_beyond_the_limit(bare, published):
    """What is seen is nearer, but not by much."""
    seen = 1 - math.cos(math.acos(1 - bare) - math.acos(1 - 0.14))  # by angles: the paler one lies beyond the flower

    look = flowers(bare, seen, redactor=Drawing()).look(K)

    assert (look.failure == "") is published


@pytest.mark.parametrize(("person", "published"), [(0.15, True), (0.21, False)])
def test_a_match_with_a_person_is_held_against_a_bare_cover_as_well(person, published):
    """Beyond the limit of the flower, but within that of somebody it was compared with."""
    order = np.zeros(1, np.int64)
    enrolled = Whitelist(("Flora",), order.astype(np.intp), order, at(person)[None])
    seen = 1 - math.cos(math.acos(1 - person) - math.acos(1 - 0.14))

    look = flowers(0.9, seen, whitelist=enrolled, redactor=Drawing()).look(K)

    assert (look.failure == "") is published
    if not published:
        assert "Face 2 still matches Flora in the output, at 0.140" in look.failure
    assert flowers(0.9, seen, redactor=Drawing()).look(K).failure == ""


def test_only_those_a_face_was_like_before_are_held_against_its_cover():
    """What has nothing to do with the face is chance."""
    templates = np.stack([at(0.05), at(0.88), at(0.92)])
    order = np.arange(3)
    everybody = Whitelist(("Chance", "One", "Two"), order, order.astype(np.int64), templates)

    assert flowers(0.9, whitelist=everybody).look(K).failure == ""


class Fanciful(Scripted):
    """Sees one more face where the other is covered in black, which is how covers are drawn here."""

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        found = super().detect(image)
        return found if (image[B.y + 1, B.x + 1] == 0).all() else tuple(one for one in found if one.box not in FANCIES)


FANCIES = (Box(20, 2, 30, 40),)


def test_what_is_seen_only_because_of_how_covers_are_drawn_is_no_face(monkeypatch):
    monkeypatch.setitem(globals(), "Scripted", Fanciful)

    assert Scene(picture()).look(K, FANCIES[0]).strangers == ()


def test_what_is_seen_beside_a_cover_in_any_colour_is_a_face():
    (stranger,) = Scene(picture()).look(K, FANCIES[0]).strangers
    assert stranger.box == FANCIES[0]
