"""Which faces of a run wait for a person, and which photos are to be written anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath

import pytest

from decided_faces import blurred, kept
from gallery.domain.by_hand import Override
from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.reviewing import Recorded, below_output, doubts, output_roots, still_waiting, touched
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunSettings, RunStatus, RunSummary

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LIMITS = Thresholds(0.5, 1.0)
SETTINGS = RunSettings("1", EmbeddingSpace("m", "a" * 64, "p", 4), "d", "b" * 64, LIMITS, {}, {}, 1, 1, "out")
SUMMARY = RunSummary(3, RunStatus.FINISHED, T0, T0, "m", "d", LIMITS, 1, 0, 0, 0, 0)
A, B = Box(0, 0, 20, 20), Box(50, 0, 20, 20)
GREY, RIVAL = Rule.GREY_BAND, Rule.RIVAL


def photo(*faces, source="in/a.jpg", output="out/a.jpg", sha="1", **more) -> ImageRecord:
    return ImageRecord(source, ImageStatus.OK, sha * 64, output=output, output_sha256="c" * 64, faces=faces, **more)


def unverified(*faces, source="in/a.jpg") -> ImageRecord:
    return ImageRecord(source, ImageStatus.UNVERIFIED, "1" * 64, faces=faces, error="It shows through.")


def a_run(*images) -> Run:
    return Run(SUMMARY, SETTINGS, images)


def word(box=A, verdict=Verdict.KEEP, sha="1", made=T0 + timedelta(hours=1)) -> Override:
    keeps = "Ada" if verdict is Verdict.KEEP else None
    return Override(1, sha * 64, box, verdict, "in/a.jpg", "ada", made, keeps=keeps)


def by_hand(box, verdict):
    face = blurred(box)
    return replace(face, decision=Decision(verdict, Rule.BY_HAND, "by hand", face.decision.candidate))


def numbers(run, words=()):
    return [(one.place, one.number) for one in doubts(run, words)]


def test_the_grey_band_comes_first_then_other_doubts_in_the_order_of_the_photos():
    first = photo(blurred(A, rule=RIVAL), kept(B))
    second = photo(blurred(A, rule=GREY), blurred(B, rule=Rule.SMALL), sha="2")
    assert numbers(a_run(first, second)) == [(1, 1), (0, 1), (1, 2)]


def test_who_is_too_far_or_may_not_be_kept_does_not_wait():
    assert numbers(a_run(photo(blurred(A), blurred(B, rule=Rule.DISABLED)))) == []


def test_a_face_with_a_word_waits_no_more_and_one_elsewhere_does():
    run = a_run(photo(blurred(A, rule=GREY), blurred(B, rule=GREY)))
    assert numbers(run, [word(A)]) == [(0, 2)]
    assert numbers(run, [word(A, sha="2")]) == [(0, 1), (0, 2)], "a word on another photo"
    assert numbers(run, [word(A.shift(15, 0))]) == [(0, 1), (0, 2)], "a word on another place"


def test_photos_of_an_earlier_run_count():
    done = replace(photo(blurred(A, rule=GREY)), status=ImageStatus.DONE_BEFORE, earlier=1)
    assert numbers(a_run(done)) == [(0, 1)]


@pytest.mark.parametrize(("left", "expected"), [((0.5, 0.6), [(0, 1)]), ((0.7, 0.6), [(0, 1), (0, 2)])])
def test_of_a_photo_that_failed_verification_those_wait_that_show_through(left, expected):
    faces = [replace(blurred(box), residual=value) for box, value in zip((A, B), left, strict=True)]
    run = a_run(unverified(*faces, kept(Box(90, 0, 9, 9))))
    assert numbers(run) == expected
    assert all("shows through" in one.why for one in doubts(run, []))


def heeded(run, words, *later) -> bool:
    return touched(run, words, [Recorded(3, T0, "out", run.images[0]), *later]) == []


def test_a_photo_is_touched_until_its_newest_record_heeds_the_word():
    run, keep = a_run(photo(blurred(A, rule=GREY))), word()
    shows = photo(by_hand(A, Verdict.KEEP))
    assert not heeded(run, [keep])
    assert heeded(run, [keep], Recorded(4, T0, "out", shows))
    assert not heeded(run, [keep], Recorded(4, T0, "elsewhere", shows)), "another output"
    assert not heeded(run, [keep], Recorded(2, T0, "out", shows)), "an earlier run"
    assert not heeded(run, [word(verdict=Verdict.BLUR)], Recorded(4, T0, "out", shows)), "the contrary"
    gone = replace(shows, status=ImageStatus.FAILED, output=None, output_sha256=None, error="no")
    assert not heeded(run, [keep], Recorded(4, T0, "out", shows), Recorded(5, T0, "out", gone)), "it failed since"


def test_a_word_that_could_not_be_carried_out_is_not_tried_for_ever():
    run = a_run(photo(blurred(A, rule=GREY)))
    disabled = photo(blurred(A, rule=Rule.DISABLED))
    assert heeded(run, [word()], Recorded(4, word().made, "out", disabled))


def test_only_a_failed_verification_with_a_face_to_be_blurred_needs_one_colour():
    def solid(image, verdict):
        (found,) = touched(a_run(image), [word(verdict=verdict)], [])
        return found.solid

    assert solid(unverified(blurred(A)), Verdict.BLUR)
    assert not solid(unverified(blurred(A)), Verdict.KEEP)
    assert not solid(photo(blurred(A, rule=GREY)), Verdict.BLUR)


@pytest.mark.parametrize(
    ("source", "others", "expected"),
    [
        ("in/a.jpg", [], "a.jpg"),
        ("in/sub/a.jpg", [("in/sub/b.jpg", "out/sub/b.jpg")], "sub/a.jpg"),
        ("in/sub/a.jpg", [("in/deep/er/b.jpg", "out/deep/er/b.jpg")], "sub/a.jpg"),
        ("in/sub/a.jpg", [("in/sub/b.jpg", "out/b.jpg")], "a.jpg"),
        ("elsewhere/a.jpg", [("in/sub/b.jpg", "out/sub/b.jpg")], "a.jpg"),
    ],
)
def test_where_the_output_of_a_failed_photo_goes(source, others, expected):
    failed = unverified(blurred(A), source=source)
    rest = [photo(source=one, output=output) for one, output in others]
    run = a_run(failed, *rest)
    assert below_output(failed, run, output_roots(run)) == PurePath(expected)


def test_relative_paths_mean_the_files_below_the_folder_of_their_run():
    keep, shows = word(), photo(by_hand(A, Verdict.KEEP))
    run = replace(a_run(photo(blurred(A, rule=GREY))), settings=replace(SETTINGS, base="/party"))
    seen = replace(shows, source="/party/in/a.jpg", output="/party/out/a.jpg")
    first = Recorded(3, T0, "out", run.images[0], "/party")

    def is_heeded(later):
        return touched(run, [keep], [first, later]) == []

    assert is_heeded(Recorded(4, T0, "out", shows, "/party"))
    assert is_heeded(Recorded(4, T0, "/party/out", seen)), "the same files by their whole paths"
    assert not is_heeded(Recorded(4, T0, "out", shows, "/wedding")), "another copy of the photo"
    assert is_heeded(Recorded(4, T0, "out", shows, "/moved", reviewed=3)), "the same files, moved"
    assert not is_heeded(Recorded(4, T0, "out", shows, "/moved", reviewed=2))
    assert is_heeded(Recorded(4, T0, "out", shows)), "by an earlier version of the program"
    old = a_run(run.images[0])
    assert touched(old, [keep], [replace(first, base=""), Recorded(4, T0, "out", shows, "/party")]) == []


def test_faces_that_still_wait_are_counted():
    image = photo(blurred(A, rule=GREY), blurred(B, rule=RIVAL), kept(Box(90, 0, 9, 9)))
    assert still_waiting(image, []) == 2
    assert still_waiting(image, [word(A), word(B, sha="2")]) == 1
