"""Which thresholds apply, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gallery.domain.calibrated import Calibration, InForce, in_force, lax, tidy
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.yardstick import Yardstick

SPACE = EmbeddingSpace("tiny", "a" * 64, "aligned", 4)
MODEL = Thresholds(0.5, 1.0, "the model's")
CALIBRATION = Calibration(
    space=SPACE,
    thresholds=Thresholds(0.4, 0.9, "calibrated"),
    personal={"Ada": Thresholds(0.3, 0.8, "Ada's own")},
    fmr=1e-3,
    fusion="best",
    method="made up",
    detector="yunet",
    genuine=10,
    impostors=3000,
    strangers=300,
    references=10,
    last_reference=10,
    made=datetime(2026, 1, 31, tzinfo=UTC),
)


def test_without_a_calibration_the_models_apply():
    found = in_force(MODEL, None, SPACE, "best")

    assert (found.thresholds, found.personal, found.remark) == (MODEL, {}, "")


def test_the_calibrated_ones_come_before_the_models_and_a_persons_own_before_those():
    found = in_force(MODEL, CALIBRATION, SPACE, "best")

    assert found.thresholds == CALIBRATION.thresholds
    assert found.personal == CALIBRATION.personal
    assert found.remark == ""


@pytest.mark.parametrize("change", [{"sha256": "b" * 64}, {"preparation": "box"}, {"dimension": 8}])
def test_another_models_are_never_used(change):
    found = in_force(MODEL, CALIBRATION, replace(SPACE, **change), "best")

    assert (found.thresholds, found.personal) == (MODEL, {})


def test_the_same_space_by_another_name_is_the_same():
    assert in_force(MODEL, CALIBRATION, replace(SPACE, model="mine"), "best").thresholds == CALIBRATION.thresholds


def test_those_of_another_fusion_are_not_used_and_that_is_said():
    found = in_force(MODEL, CALIBRATION, SPACE, "mean")

    assert (found.thresholds, found.personal) == (MODEL, {})
    assert "--fusion best" in found.remark


def test_what_is_set_by_hand_comes_first_for_everybody():
    both = in_force(MODEL, CALIBRATION, SPACE, "best").replace(0.0, 2.0)
    one = in_force(MODEL, CALIBRATION, SPACE, "best").replace(0.45, None)

    assert (both.thresholds.cosine, both.thresholds.euclidean, both.personal) == (0.0, 2.0, {})
    assert (one.thresholds.cosine, one.thresholds.euclidean) == (0.45, 0.9)
    assert (one.personal["Ada"].cosine, one.personal["Ada"].euclidean) == (0.45, 0.8)
    assert one.personal["Ada"].origin == "cosine set by hand; else Ada's own"


@pytest.mark.parametrize(
    ("added", "removed", "said"),
    [
        (1, 0, "1 reference was added"),
        (0, 2, "2 references were removed"),
        (2, 1, "2 references were added and 1 removed"),
    ],
)
def test_changes_since_are_said_and_go_on_record(added, removed, said):
    found = in_force(MODEL, replace(CALIBRATION, added=added, removed=removed), SPACE, "best")

    assert found.remark == f"Since the calibration of 2026-01-31, {said}. Run 'gallery calibrate' again."
    for thresholds in (found.thresholds, *found.personal.values()):
        assert thresholds.origin.endswith(f"; since then {said}")
    assert found.thresholds.cosine == CALIBRATION.thresholds.cosine


@pytest.mark.parametrize(
    ("rate", "said"), [(1e-3, "1e-3"), (1.9e-3, "1.9e-3"), (1e-5, "1e-5"), (0.05, "0.05"), (0.5, "0.5")]
)
def test_rates_as_people_write_them(rate, said):
    assert tidy(rate) == said
    assert float(said) == rate


LOOSE = Thresholds(0.9, 1.9, "calibrated for FMR 1e-5 over LFW")


@pytest.mark.parametrize(
    ("limits", "whose"),
    [
        (InForce(MODEL), ""),
        (InForce(MODEL.replace(0.2, None)), ""),
        (InForce(MODEL.replace(0.501, None)), "everybody (cosine 0.501, Euclidean 1.000)"),
        (InForce(MODEL.replace(None, 2.0)), "everybody (cosine 0.500, Euclidean 2.000)"),
        (InForce(MODEL, {"Ada": LOOSE, "Bob": MODEL}), "Ada (cosine 0.900, Euclidean 1.900)"),
        (InForce(LOOSE, {"Ada": LOOSE}), "everybody (cosine 0.900, Euclidean 1.900), Ada (cosine 0.900"),
        (InForce(MODEL, {f"P{n}": LOOSE for n in range(7)}), "P4 (cosine 0.900, Euclidean 1.900) and 2 more"),
    ],
)
def test_limits_that_are_looser_than_the_models_are_remarked_whatever_their_origin_says(limits, whose):
    said = lax(limits, Yardstick("tiny", MODEL, unit=False))

    assert bool(said) == bool(whose)
    assert whose in said
    assert ("looser than those of tiny itself (cosine 0.500, Euclidean 1.000)" in said) == bool(whose)
