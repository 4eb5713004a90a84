"""What a report shows, as data."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from gallery.domain.matching import Candidate
from gallery.domain.reporting import BINS, Fault, Report, ReportedPhoto, Slot, distributions, faces_of
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunStatus, RunSummary
from gallery.testing import LONG_AGO
from reported import LIMIT, NOW, by_hand, kept, settings, too_far, waiting

SUMMARY = RunSummary(1, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", LIMIT, 1, 0, 1, 1, 0)


def run_of(*faces) -> Run:
    return Run(SUMMARY, settings(), (ImageRecord("x.jpg", ImageStatus.OK, faces=faces),))


def test_kept_and_blurred_distances_are_counted_apart():
    (found,) = distributions(run_of(kept("A", 0.1), kept("A", 0.2), too_far("A", 0.8), by_hand("me")))
    assert (found.kept.counts.sum(), found.blurred.counts.sum(), found.without) == (2, 1, 1)
    assert len(found.kept.counts) == BINS
    assert found.mark.value == 0.5
    assert found.kept.edges[-1] == pytest.approx(0.84)


def test_the_euclidean_distance_is_shown_where_it_says_something_else():
    face = kept("A", 0.2)
    longer = replace(face, decision=replace(face.decision, candidate=Candidate("A", 1, 0.2, 7.5)))
    names = [one.name for one in distributions(run_of(longer, too_far("A")))]
    assert names == ["cosine distance", "Euclidean distance"]


@pytest.mark.parametrize("distance", [math.nan, math.inf])
def test_what_is_no_distance_is_counted_beside(distance):
    face = too_far("A")
    odd = replace(face, decision=replace(face.decision, candidate=Candidate("A", 1, distance, distance)))
    found = distributions(run_of(odd))[0]
    assert found.without == 1
    assert found.blurred.counts.sum() == 0
    assert np.isfinite(found.kept.edges).all()


def test_a_run_without_faces_has_an_empty_figure():
    (found,) = distributions(run_of())
    assert found.kept.counts.sum() + found.blurred.counts.sum() + found.without == 0


def test_faces_know_their_photo_and_their_own_limits():
    own = {"Bob": {"cosine": 0.3, "euclidean": 0.9, "origin": "by hand"}}
    images = (
        ImageRecord("x", ImageStatus.OK),
        ImageRecord("y", ImageStatus.OK, faces=(kept("A", 0.25), too_far("Bob"))),
    )
    first, second = faces_of(Run(SUMMARY, settings(personal=own), images))
    assert [(one.photo, one.number) for one in (first, second)] == [(1, 1), (1, 2)]
    assert (first.limits.cosine, second.limits.cosine) == (0.5, 0.3)
    assert (first.share, second.share) == (pytest.approx(0.5), pytest.approx(0.7 / 0.3))
    assert faces_of(run_of(by_hand("me")))[0].share == math.inf


def test_a_place_holds_a_picture_or_a_sentence():
    with pytest.raises(ValueError, match="picture or a sentence"):
        Slot()
    with pytest.raises(ValueError, match="picture or a sentence"):
        Slot(b"x", "x")


def test_what_needs_review_and_what_is_wrong_is_counted():
    missing = Slot(sentence="gone", fault=Fault.MISSING)
    fine = ImageRecord("a", ImageStatus.OK, faces=(kept("A"),))
    photos = [
        ReportedPhoto(fine, Slot(b"x")),
        ReportedPhoto(replace(fine, faces=(waiting("A"),)), missing, missing),
        ReportedPhoto(replace(fine, faces=()), Slot(b"x")),
        ReportedPhoto(ImageRecord("b", ImageStatus.FAILED, error="broken"), Slot(sentence="nothing")),
    ]
    assert [photo.needs_review for photo in photos] == [False, True, True, True]
    assert Report(run_of(), tuple(photos), NOW, "1").faults == {Fault.MISSING: 2}
