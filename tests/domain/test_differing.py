"""Two runs beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decided_faces import blurred, kept
from gallery.domain.causes import Cause
from gallery.domain.differing import Change, difference
from gallery.domain.errors import BadArgument, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.pairing import PairedPhoto
from gallery.domain.runs import ImageRecord, ImageStatus, Run, RunSettings, RunStatus, RunSummary
from gallery.testing import LONG_AGO

LEFT, RIGHT = Box(0, 0, 40, 40), Box(100, 0, 40, 40)
LIMIT = Thresholds(0.5, 1.3, "made up")
SPACE = EmbeddingSpace("m", "0" * 64, "p", 4)
SETTINGS = RunSettings("1", SPACE, "d", "0" * 64, LIMIT, {"detector": {"score": 0.6}}, {"method": "blur"}, 2, 2, "out")
NEAR = kept(LEFT, cosine=0.4)
FAR = blurred(LEFT, cosine=0.4)
STRICT = replace(SETTINGS, thresholds=Thresholds(0.3, 1.3, "made up"))


def photo(*faces, source: str = "x.jpg", content: str = "a", **others) -> ImageRecord:
    return ImageRecord(source, others.pop("status", ImageStatus.OK), content * 64, faces=faces, **others)


def run(number: int, *images: ImageRecord, settings: RunSettings = SETTINGS) -> Run:
    summary = RunSummary(number, RunStatus.FINISHED, LONG_AGO, LONG_AGO, "m", "d", settings.thresholds, 1, 0, 1, 1, 0)
    return Run(summary, settings, images)


def test_what_changed_is_found_with_its_cause():
    found = difference(run(1, photo(NEAR, blurred(RIGHT))), run(2, photo(FAR, blurred(RIGHT)), settings=STRICT))

    assert [(change.before.number, change.after.number) for change in found.changes] == [(1, 1)]
    assert found.changes[0].causes == (Cause.THRESHOLDS,)
    assert found.changes[0].hidden
    assert not found.changes[0].shown
    assert found.changes[0].person == "Anna"
    assert found.by_cause == {Cause.THRESHOLDS: 1}
    assert (found.faces, len(found.photos.both), found.nothing) == (2, 1, False)


def test_faces_found_in_one_run_only():
    other = replace(SETTINGS, detector="haar")
    found = difference(
        run(1, photo(NEAR, kept(RIGHT))), run(2, photo(NEAR, blurred(Box(300, 0, 9, 9))), settings=other)
    )

    assert [(c.before and c.before.number, c.after and c.after.number) for c in found.changes] == [(None, 2), (2, None)]
    assert [c.causes for c in found.changes] == [(Cause.DETECTOR,)] * 2
    assert [(c.shown, c.hidden) for c in found.changes] == [(False, True), (False, False)], "not found is visible"
    assert found.faces == 1


def test_equal_runs_differ_in_nothing():
    again = photo(NEAR, status=ImageStatus.DONE_BEFORE, earlier=1)
    found = difference(run(1, photo(NEAR)), run(2, again))

    assert found.nothing
    assert not found.settings
    assert found.faces == 1, "what an earlier run did counts with that run's decisions"


def test_photos_that_failed_in_one_run_are_not_compared():
    broken = photo(FAR, status=ImageStatus.UNVERIFIED, error="It was recognised.")
    found = difference(run(1, photo(NEAR)), run(2, broken))

    assert not found.changes
    assert [pair.after for pair in found.failed_once] == [broken]
    assert not found.nothing
    assert difference(run(1, broken), run(2, broken)).nothing


def test_edited_and_missing_photos_are_named():
    alone, edited = photo(NEAR, source="y.jpg", content="b"), photo(FAR, content="c")
    found = difference(run(1, photo(NEAR), alone), run(2, edited))

    assert [pair.after for pair in found.edited] == [edited]
    assert found.photos.before == (alone,)
    assert found.changes[0].causes[-1] is Cause.PHOTO


def test_settings_that_differ_are_listed_by_name():
    policy = {"detector": {"score": 0.5}, "grey_band": 0.1, "personal": {"a_b": {"cosine": 0.2}}}
    other = replace(
        SETTINGS, program="2", space=replace(SPACE, sha256="1" * 64), policy=policy, identities=3, output="elsewhere"
    )
    found = difference(run(1), run(2, settings=other)).settings

    assert [(one.name, one.before, one.after) for one in found] == [
        ("program", "1", "2"),
        ("model sha256", "0" * 64, "1" * 64),
        ("detector score", 0.6, 0.5),
        ("gallery people", 2, 3),
        ("thresholds of a_b cosine", None, 0.2),
        ("grey band", None, 0.1),
    ]


def test_a_run_is_not_compared_with_itself():
    with pytest.raises(BadArgument, match="itself"):
        difference(run(1), run(1))


def test_a_change_has_a_face_and_a_cause():
    pair = PairedPhoto(photo(), photo())
    with pytest.raises(ValueError, match="a face and a cause"):
        Change(pair, None, None, (Cause.RULES,))


def test_a_pruned_run_is_refused():
    gone = run(2)
    gone = replace(gone, summary=replace(gone.summary, pruned=LONG_AGO, pruned_by="me"))
    with pytest.raises(UnknownName, match="pruned"):
        difference(run(1), gone)
