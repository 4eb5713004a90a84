"""Questions to the audit trail."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from decided_faces import blurred, kept, record
from gallery.domain.auditing import Question, chosen, faces, named, noting, require_known
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Rule, Verdict
from gallery.domain.errors import UnknownName
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunSettings, RunStatus, RunSummary
from gallery.testing import LONG_AGO

BOX = Box(1, 2, 30, 40)
LIMIT = Thresholds(0.5, 1.0)
SPACE = EmbeddingSpace("m", "0" * 64, "p", 4)
SETTINGS = RunSettings("0", SPACE, "d", "0" * 64, LIMIT, {}, {}, 2, 2, "out")


def near(face, name: str, cosine: float):
    """The same face at another distance; both distances stay in step."""
    candidate = Candidate(name, 1, cosine, math.sqrt(2 * cosine))
    return replace(face, decision=replace(face.decision, candidate=candidate))


ADA = near(kept(BOX), "Ada", 0.1)
UNSURE = near(blurred(BOX), "Ada", 0.55)
GRACE = near(blurred(BOX), "Grace", 0.8)
GROUP = record(ADA, UNSURE, GRACE, source="class/5a/group.jpg")
EMPTY = record(source="class/5b/empty.png")
BROKEN = ImageRecord("class/5b/broken.jpg", ImageStatus.FAILED, error="It is broken.")
SUMMARY = RunSummary(1, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", LIMIT, 3, 1, 1, 2, 0)
RUN = Run(SUMMARY, SETTINGS, (GROUP, EMPTY, BROKEN))


@pytest.mark.parametrize(
    ("question", "images"),
    [
        (Question(), [GROUP, EMPTY, BROKEN]),
        (Question(image="*.png"), [EMPTY]),
        (Question(image="group.jpg"), [GROUP]),
        (Question(image="5b/*"), [EMPTY, BROKEN]),
        (Question(image="class/*"), [GROUP, EMPTY, BROKEN]),
        (Question(failed=True), [BROKEN]),
        (Question(without_face=True), [EMPTY]),
        (Question(waiting=True), []),
        (Question(identity="aDA"), [GROUP]),
        (Question(identity="Bob"), []),
        (Question(verdict=Verdict.KEEP, image="*.png"), []),
    ],
)
def test_photos(question, images):
    assert list(chosen(RUN.images, question)) == images


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        (Question(), [1, 2, 3]),
        (Question(verdict=Verdict.KEEP), [1]),
        (Question(verdict=Verdict.BLUR, identity="Ada"), [2]),
        (Question(below=0.55), [1, 2]),
        (Question(above=0.55), [3]),
        (Question(above=0.2, below=0.6), [2]),
        (Question(image="*.png"), []),
    ],
)
def test_faces(question, numbers):
    assert [one.number for one in faces(RUN, question)] == numbers


def test_what_lies_nearest_to_its_threshold_comes_first():
    nobody = replace(GRACE, decision=replace(GRACE.decision, candidate=None))
    run = replace(RUN, images=(record(ADA, UNSURE, GRACE, nobody),))

    found = faces(run, Question(), by_closeness=True)

    assert [one.number for one in found] == [2, 3, 1, 4]
    assert found[0].share == pytest.approx(1.1)
    assert found[-1].share == math.inf
    assert faces(run, Question(above=1.5)) == [found[-1]], "compared with nobody, it is far from everybody"


def test_personal_thresholds_count():
    own = replace(SETTINGS, policy={"personal": {"Ada": {"cosine": 0.1, "euclidean": 0.5, "origin": ""}}})

    found = faces(replace(RUN, settings=own), Question(identity="Ada"), by_closeness=True)

    assert [one.number for one in found] == [1, 2]
    assert found[0].share == pytest.approx(1)


@pytest.mark.parametrize(
    ("asked", "images"),
    [
        ("class/5a/group.jpg", [GROUP]),
        ("group.jpg", [GROUP]),
        ("5b/*", [EMPTY, BROKEN]),
        ("*", [GROUP, EMPTY, BROKEN]),
        ("else.jpg", []),
    ],
)
def test_photos_are_named_by_their_path_its_end_or_a_pattern(asked, images):
    assert named(RUN.images, asked) == images


def test_of_a_photo_that_is_on_record_twice_the_last_counts():
    later = record(ADA, source=GROUP.source)
    assert named((GROUP, EMPTY, later), "group.jpg") == [later]


def test_a_path_is_meant_before_all_that_fit_it_as_a_pattern():
    odd = record(source="class/5b/*")
    assert named((EMPTY, odd), "class/5b/*") == [odd]


def test_a_photo_on_whose_faces_somebody_decided_waits_no_more():
    unsure = blurred(BOX, rule=Rule.GREY_BAND)
    photo = replace(record(unsure, source="a.jpg"), sha256="1" * 64)
    word = Override(1, "1" * 64, BOX, Verdict.BLUR, "a.jpg", "dora", LONG_AGO)
    assert list(chosen([photo], Question(waiting=True))) == [photo]
    assert list(chosen([photo], Question(waiting=True, words=(word,)))) == []
    elsewhere = replace(word, sha256="2" * 64)
    assert list(chosen([photo], Question(waiting=True, words=(elsewhere,)))) == [photo]


def test_whom_a_run_knows_is_gathered_while_its_photos_go_by():
    names = set()
    assert list(noting(RUN.images, names)) == [GROUP, EMPTY, BROKEN]
    assert {"Ada", "Grace"} <= names


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Grcae Hopper", "Did you mean Grace Hopper? "),
        ("hoper", "Did you mean Grace Hopper? "),
        ("Lovelace", "Did you mean Ada Lovelace or Edith Lovelace? "),
        ("Xerxes", "'gallery audit 1 --closest'"),
    ],
)
def test_a_person_whom_a_run_does_not_know_is_an_error_that_names_who_is_near(name, hint):
    policy = {
        "personal": {"Ada Lovelace": {"cosine": 0.1, "euclidean": 0.5}},
        "by_hand": {"all_of": ["Edith Lovelace"]},
    }
    run = replace(RUN, settings=replace(SETTINGS, policy=policy))
    with pytest.raises(UnknownName, match=f"Nobody called {name!r} is on record in run 1") as caught:
        require_known(run, name, ["Grace Hopper"])
    assert caught.value.hint.startswith(hint)
    require_known(run, "grace hopper", ["Grace Hopper"])
    require_known(run, "Edith lovelace", [])
