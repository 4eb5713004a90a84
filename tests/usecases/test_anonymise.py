"""Anonymising drawn faces: who stays, what is written, what is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.deciding import Policy, Rule
from gallery.domain.errors import StoreUnusable
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.domain.runs import ImageStatus, RunStatus
from gallery.testing import (
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeRedactor,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import Recogniser

ADA, GRACE, STRANGER = 10, 90, 170
REFERENCE, GROUP, EMPTY, GONE = Path("in/ada.png"), Path("in/group.png"), Path("in/empty.png"), Path("in/gone.png")
OUT = Path("out")
A, B, C = Box(2, 5, 10, 12), Box(20, 8, 12, 12), Box(40, 8, 12, 20)


class World:
    """Everything a run needs, in memory."""

    def __init__(self) -> None:
        group = draw(draw(draw(blank(), A, ADA, away=1), B, GRACE), C, STRANGER)
        self.photos = FakePhotoFiles({REFERENCE: draw(blank(), A, ADA), GROUP: group, EMPTY: blank()})
        self.store = FakeStore()
        self.embedder = FakeEmbedder()
        self.recogniser = Recogniser(FakeDetector(), FakeCropper(), self.embedder)
        self.policy = Policy(Thresholds(0.2, 3.0), Floors(4, 0.0))

    def enrol(self) -> None:
        (result,) = enrolment(self.recogniser, self.photos, self.store)("Ada", [REFERENCE])
        assert result.accepted

    def run(self, *inputs: Path, **options):
        use = Anonymise(self.recogniser, FakeRedactor(), self.photos, self.store, self.policy, "0.test")
        return use(inputs, OUT, **options)


@pytest.fixture
def world() -> World:
    return World()


def test_only_the_enrolled_stay(world):
    world.enrol()

    outcome = world.run(GROUP)

    (image,) = outcome.images
    assert [f.decision.kept for f in image.faces] == [True, False, False]
    written = world.photos.written[OUT / "group.png"]
    before = world.photos.photos[GROUP]
    assert (written[A.y : A.bottom, A.x : A.right] == before[A.y : A.bottom, A.x : A.right]).all()
    for box in (B, C):
        assert not written[box.y : box.bottom, box.x : box.right].any()


def test_all_faces_of_a_photo_are_embedded_as_one_batch(world):
    world.enrol()
    world.embedder.batches.clear()

    world.run(GROUP)

    assert world.embedder.batches == [3]


def test_an_empty_gallery_blurs_everybody(world):
    (image,) = world.run(GROUP).images

    assert {f.decision.rule for f in image.faces} == {Rule.NOBODY}
    assert not world.photos.written[OUT / "group.png"].any()


def test_a_photo_without_faces_is_written_too(world):
    world.enrol()

    (image,) = world.run(EMPTY).images

    assert image.status is ImageStatus.OK
    assert image.faces == ()
    assert OUT / "empty.png" in world.photos.written


def test_the_record_holds_everything(world):
    world.enrol()

    outcome = world.run(GROUP, GONE)

    run = world.store.run(outcome.run)
    assert run.images == outcome.images
    assert run.summary.status is RunStatus.FINISHED
    assert (run.summary.kept, run.summary.blurred, run.summary.failed) == (1, 2, 1)
    assert run.settings.identities == 1
    assert run.settings.thresholds == world.policy.thresholds


def test_a_failing_photo_is_reported_and_the_rest_go_on(world):
    world.enrol()

    outcome = world.run(GONE, GROUP)

    assert [i.status for i in outcome.images] == [ImageStatus.FAILED, ImageStatus.OK]
    assert "no file" in outcome.images[0].error
    assert list(world.photos.written) == [OUT / "group.png"]


def test_a_failing_detector_is_an_error_never_no_faces(world):
    world.recogniser = Recogniser(FakeDetector(fails=True), FakeCropper(), world.embedder)

    (image,) = world.run(GROUP).images

    assert image.status is ImageStatus.FAILED
    assert world.photos.written == {}


def test_a_failing_embedder_writes_nothing(world):
    world.recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder(fails=True))

    (image,) = world.run(GROUP).images

    assert image.status is ImageStatus.FAILED
    assert world.photos.written == {}


def test_an_unforeseen_error_fails_one_photo_only(world):
    class Broken(FakeRedactor):
        def redact(self, image, boxes):
            if boxes:
                raise ZeroDivisionError("a defect")
            return image

    use = Anonymise(world.recogniser, Broken(), world.photos, world.store, world.policy, "0.test")

    failed, fine = use([GROUP, EMPTY], OUT).images

    assert "ZeroDivisionError" in failed.error
    assert fine.status is ImageStatus.OK
    assert list(world.photos.written) == [OUT / "empty.png"]


def test_a_dry_run_writes_nothing_and_decides_the_same(world):
    world.enrol()

    dry = world.run(GROUP, dry_run=True)

    assert dry.run is None
    assert world.photos.written == {}
    assert world.store.recorded == []
    assert dry.images[0].faces == world.run(GROUP).images[0].faces


def test_what_cannot_be_recorded_is_not_published(world):
    world.store.refuses = True

    with pytest.raises(StoreUnusable):
        world.run(GROUP)

    assert world.photos.written == {}
    assert world.store.run(1).summary.status is RunStatus.FAILED


def test_ctrl_c_marks_the_run(world):
    def stop(_record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.run(GROUP, EMPTY, report=stop)

    run = world.store.run(1)
    assert run.summary.status is RunStatus.INTERRUPTED
    assert [i.source for i in run.images] == [str(GROUP)]


def test_an_output_that_does_not_read_back_is_removed(world):
    class Lying(FakePhotoFiles):
        def write(self, pixels, like, target):
            super().write(pixels[:-1], like, target)
            return "0" * 64

    world.photos = Lying(world.photos.photos)

    (image,) = world.run(GROUP).images

    assert "does not read back" in image.error
    assert world.photos.written == {}


def test_an_input_is_never_an_output(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world.photos.photos[OUT / "group.png"] = np.zeros((8, 8, 3), np.uint8)

    first, second = world.run(GROUP, OUT / "group.png").images

    for image in (first, second):
        assert "one of the photos to be anonymised" in image.error
    assert world.photos.written == {}


def test_one_identity_once_per_photo(world):
    world.enrol()
    world.photos.photos[GROUP] = draw(draw(blank(), A, ADA), B, ADA, away=2)

    (image,) = world.run(GROUP).images

    assert [f.decision.rule for f in image.faces] == [Rule.MATCH, Rule.RIVAL]


def test_a_file_that_no_run_wrote_is_never_replaced(world):
    world.photos.photos[OUT / "group.png"] = blank(20, 20)

    (image,) = world.run(GROUP).images

    assert "no run on record wrote it" in image.error
    assert world.photos.written == {}


def test_an_output_of_an_earlier_run_is_replaced(world):
    world.run(GROUP)
    world.enrol()

    (image,) = world.run(GROUP).images

    assert image.error is None
    assert world.photos.written[OUT / "group.png"].any(), "Ada stays now"


def test_an_earlier_output_of_a_photo_that_fails_now_is_removed(world):
    world.run(GROUP)
    del world.photos.photos[GROUP]

    (image,) = world.run(GROUP).images

    assert "was removed" in image.error
    assert world.photos.written == {}


def test_a_failure_leaves_other_peoples_files_alone(world):
    mine = blank(20, 20)
    world.photos.photos[OUT / "gone.png"] = mine

    (image,) = world.run(GONE).images

    assert image.error is not None
    assert world.photos.photos[OUT / "gone.png"] is mine


def test_ctrl_c_between_writing_and_recording_leaves_nothing(world):
    class Stopping(FakePhotoFiles):
        def write(self, pixels, like, target):
            super().write(pixels, like, target)
            raise KeyboardInterrupt

    world.photos = Stopping(world.photos.photos)

    with pytest.raises(KeyboardInterrupt):
        world.run(GROUP)

    assert world.photos.written == {}


def test_transparent_parts_become_white_before_anybody_looks(world):
    class Transparent(FakePhotoFiles):
        def read(self, path):
            import dataclasses

            photo = super().read(path)
            if path != GROUP:
                return photo
            alpha = np.zeros(photo.pixels.shape[:2], np.uint8)
            return dataclasses.replace(photo, alpha=alpha)

    world.photos = Transparent(world.photos.photos)

    (image,) = world.run(GROUP).images

    assert image.faces == ()
    assert (world.photos.written[OUT / "group.png"] == 255).all()


def test_who_is_disabled_during_a_run_is_not_kept_from_then_on(world):
    """Somebody else disables a person while a photo is being written."""
    world.enrol()

    class Meanwhile(FakePhotoFiles):
        def write(self, pixels, like, target):
            if world.store.identity("Ada").details.enabled:
                world.store.edit("Ada", lambda details: replace(details, enabled=False))
            return super().write(pixels, like, target)

    files = Meanwhile(world.photos.photos)
    use = Anonymise(world.recogniser, FakeRedactor(), files, world.store, world.policy, "0.test")
    (image,) = use([GROUP], OUT).images

    assert not any(face.decision.kept for face in image.faces)
    assert image.faces[0].decision.rule is Rule.DISABLED
    ((_, recorded, _),) = world.store.recorded
    assert recorded == [image], "only what was decided last is on record"
    assert not files.written[OUT / "group.png"][A.y : A.bottom, A.x : A.right].any()
