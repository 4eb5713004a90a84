"""What is said of a face."""

from __future__ import annotations

from decided_faces import blurred, kept
from gallery.adapters.shown_faces.face_words import FaceWords, Limits
from gallery.domain.deciding import Rule
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds

BOX = Box(0, 0, 10, 10)
LIMITS = Limits(Thresholds(0.363, 1.0), {"Ben": Thresholds(0.25, 0.9)})


def words(face):
    return FaceWords.of(3, face.decision, LIMITS)


def test_a_kept_face():
    said = words(kept(BOX))
    assert said.headline == "3 kept · Anna"
    assert said.evidence == "0.200 ≤ 0.363 · matches"


def test_a_blurred_face_is_not_said_to_be_the_one_it_is_closest_to():
    said = words(blurred(BOX))
    assert said.headline == "3 blurred · Anna?"
    assert said.evidence == "0.700 > 0.363 · cosine too far"


def test_a_person_with_thresholds_of_their_own():
    face = blurred(BOX, "Ben", 0.3)
    assert words(face).evidence == "0.300 > 0.250 · cosine too far"
    assert LIMITS.within(face.decision) is False
    assert LIMITS.within(kept(BOX, "Anna", 0.3).decision) is True


def test_another_rule_and_a_distance_that_is_no_number():
    assert words(blurred(BOX, "Anna", 0.3, Rule.SMALL)).evidence == "0.300 ≤ 0.363 · too small"
    broken = blurred(BOX, "Anna", float("nan"))
    assert words(broken).evidence == "nan > 0.363 · cosine too far"
    assert LIMITS.within(broken.decision) is False


def test_a_face_that_was_compared_with_nobody():
    face = blurred(BOX, None)
    assert words(face).headline == "3 blurred"
    assert words(face).evidence == "gallery empty"
    assert LIMITS.within(face.decision) is None
