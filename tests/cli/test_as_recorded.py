"""A run's record is enough to make the same run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.as_recorded import Again, AsRecorded, stricter
from gallery.bootstrap import Bootstrap, HaarSettings
from gallery.domain.models import Thresholds
from gallery.usecases.running import Options

COMBINATIONS = [
    [],
    ["--method", "solid", "--shape", "box", "--face-margin", "0.6", "--feather", "0.1"],
    ["--method", "pixelate", "--strength", "2"],
    ["--detector", "haar", "--haar-scale", "1.2", "--turned"],
    ["--always-blur", "--box", "0,0,20,20"],
    ["--keep-all-of", "Grace Hopper", "--format", "jpeg", "--quality", "90", "--keep-times", "--keep-metadata"],
    ["--fusion", "median-of-3", "--margin", "0.1", "--allow-repeats", "--max-pixels", "5000000"],
    ["--cosine", "0.5"],
    ["--cosine", "0.5", "--euclidean", "1.0", "--verify", "written"],
]


@pytest.mark.models
@pytest.mark.parametrize("words", COMBINATIONS, ids=" ".join)
def test_the_settings_of_the_rebuilt_run_are_those_of_the_first(gallery, photos, words):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    gallery("set", "Grace Hopper", "--cosine", "0.45")
    assert gallery("anonymise", photos / "pair.png", "-o", "out", *words).code in (0, 3)
    boot = Bootstrap.of()
    with boot.store() as store:
        run = store.run(1)
        again = Again(boot, store, run)
        pairs = ((photos / "pair.png", Path("pair.png")),)
        verify = run.images[0].verified
        settings = again()((), Path("out"), Options(dry_run=True, pairs=pairs, verification=verify)).settings
        assert settings == replace(run.settings, reviewed=1), "but for whose photos they are"
        assert settings.fingerprint == run.settings.fingerprint
        assert again.remarks == []
        assert again(True).redactor.settings["method"] == "solid"


@pytest.mark.models
def test_of_thresholds_that_have_changed_the_stricter_apply(gallery, photos):
    gallery("enroll", "Grace Hopper", photos / "hopper.png")
    gallery("anonymise", photos / "pair.png", "-o", "out")
    boot = Bootstrap.of()
    with boot.store() as store:
        run = store.run(1)
        gallery("set", "Grace Hopper", "--cosine", "0.45")
        again = Again(boot, store, run)
        assert again().policy.limit("Grace Hopper").cosine == 0.45
        assert again().policy.thresholds == run.settings.thresholds
        assert "stricter" in again.remarks[0]
        gallery("set", "Grace Hopper", "--cosine", "0.9", "--yes")
        assert again().policy.limit("Grace Hopper").cosine == run.settings.thresholds.cosine


def test_the_stricter_is_taken_of_each_distance():
    recorded, now = Thresholds(0.5, 1.2, "then"), Thresholds(0.6, 1.0, "now")
    found = stricter(recorded, now, 3)
    assert (found.cosine, found.euclidean) == (0.5, 1.0)
    assert "run 3" in found.origin
    assert stricter(recorded, Thresholds(0.6, 1.2), 3) is recorded


@pytest.mark.parametrize("given", [{}, {"cosine": 0.3}, {"euclidean": 0.9}, {"cosine": 0.3, "euclidean": 0.9}])
@pytest.mark.parametrize("origin", ["cosine and euclidean set by hand", "FMR 1e-5 over LFW"])
def test_which_threshold_was_given_is_read_from_numbers_and_not_from_the_origin(make_settings, given, origin):
    policy = {"given": given} if given else {}
    settings = replace(make_settings, thresholds=Thresholds(0.5, 1.0, origin), policy=policy)

    assert AsRecorded.of(settings).wishes.thresholds == given


def test_a_run_with_two_detectors_is_done_again_with_both_and_an_older_one_with_its_own(make_settings):
    second = {"name": "centerface", "sha256": "0" * 64, "score": 0.3}

    assert AsRecorded.of(make_settings).detector == "yunet"
    with_both = replace(make_settings, policy={**make_settings.policy, "detector": {"score": 0.6, "second": second}})
    assert AsRecorded.of(with_both).detector == "yunet+centerface"


def test_what_an_earlier_version_did_not_record_is_as_usual(make_settings):
    recorded = AsRecorded.of(replace(make_settings, policy={}, redaction={}))
    assert (recorded.wishes.method, recorded.turned, recorded.haar) == ("blur", False, HaarSettings())


@pytest.fixture
def make_settings():
    from gallery.domain.models import EmbeddingSpace
    from gallery.domain.runs import RunSettings

    space = EmbeddingSpace("sface", "a" * 64, "p", 4)
    return RunSettings("1", space, "yunet", "b" * 64, Thresholds(0.5, 1.0), {}, {}, 1, 1, "out")
