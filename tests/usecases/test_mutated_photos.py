"""Thousands of damaged photos of one face, each anonymised or refused, and never with the face to be seen."""

from __future__ import annotations

import time

import numpy as np
import pytest

from gallery.bootstrap import Bootstrap
from gallery.domain.by_hand import ByHand
from gallery.domain.residual import residual
from gallery.domain.runs import ImageStatus, Verification
from gallery.testing import FakeStore
from mutated_photos import damaged

pytestmark = [pytest.mark.models, pytest.mark.slow]

MUTATIONS = 5000
LONGEST = 10
"""Seconds for one file."""


@pytest.fixture(scope="module")
def use(tmp_path_factory):
    boot = Bootstrap.of(tmp_path_factory.mktemp("nobody") / "gallery.db")
    card = boot.registry().card("sface")
    return boot.anonymise(FakeStore(), boot.recogniser(card, "yunet"), by_hand=ByHand(nobody=True))


@pytest.mark.parametrize("batch", range(10))
def test_no_face_of_a_damaged_photo_stays_visible(use, shared_data, tmp_path, batch):
    files = sorted((shared_data / "awkward" / "formats").glob("hopper*.*"))
    people, fates = use.people(), {"written": 0, "refused": 0, "faces": 0}
    count = MUTATIONS // 10
    for seed in range(batch * count, (batch + 1) * count):
        source, target = tmp_path / "damaged", tmp_path / "out"
        source.write_bytes(damaged(files, seed))
        start = time.monotonic()
        finished = use.work(source, target, people, Verification.WRITTEN)
        assert time.monotonic() - start < LONGEST, f"seed {seed}"
        if finished.staged is None:
            assert finished.record.status is not ImageStatus.OK
            assert not finished.record.error.startswith("Unexpected"), f"seed {seed}: {finished.record.error}"
            assert [path.name for path in tmp_path.iterdir()] == ["damaged"], f"seed {seed} left something"
            fates["refused"] += 1
            continue
        fates["written"] += 1
        fates["faces"] += len(finished.record.faces)
        _require_nobody_recognised(use, source, finished.staged.path, f"seed {seed}")
        use.photos.discard(finished.staged.path)
    assert fates["written"] > count / 20
    assert fates["refused"] > count / 4
    assert fates["faces"] > count / 40


def _require_nobody_recognised(use, source, output, what) -> None:
    """Looks at input and output apart from the program's own second look."""
    before, after = (use.photos.read(path).opaque().pixels for path in (source, output))
    faces = use.recogniser.describe(before, use.recogniser.detect(before))
    seen = use.recogniser.describe(after, use.recogniser.detect(after))
    limits = use.policy.thresholds
    for face in faces:
        if face.quality.size < use.policy.floors.size or face.quality.sharpness < use.policy.floors.sharpness:
            continue
        for other in seen:
            assert np.isfinite(other.embedding).all()
            assert not residual(face.embedding, other.embedding, limits).recognised, what
