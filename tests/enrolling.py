"""The use case of enrolment on drawn faces, of which every one is good enough."""

from __future__ import annotations

from gallery.domain.models import Floors
from gallery.domain.reference_quality import Limit, Limits, limits_for
from gallery.testing import EMBEDDER, FakeCrops
from gallery.usecases.enrol import Enrol

ANYTHING = Limits(
    size=Limit(4, "made up for tests"),
    sharpness=Limit(0, "made up for tests"),
    brightness=Limit(0, "made up for tests"),
    contrast=Limit(0, "made up for tests"),
    burnt=Limit(1, "made up for tests"),
    outside=Limit(1, "made up for tests"),
    yaw=Limit(180, "made up for tests"),
    roll=Limit(180, "made up for tests"),
    nose=Limit(0, "made up for tests"),
)


def enrolment(recogniser, photos, store, limits=ANYTHING) -> Enrol:
    return Enrol(recogniser, photos, store, FakeCrops(), limits, EMBEDDER.spec.thresholds)


def strict() -> Limits:
    """The limits of a model that needs large faces."""
    return limits_for(Floors(size=20, sharpness=0.0))
