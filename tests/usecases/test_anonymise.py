"""Anonymising drawn faces: who stays, what is written, what is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enrolling import enrolment
from gallery.domain.by_hand import ByHand, Override
from gallery.domain.deciding import Policy, Rule, Verdict
from gallery.domain.errors import NotWritten, StoreUnusable, UnknownName
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.domain.runs import FULL_UP_TO, ImageStatus, RunStatus, Verification
from gallery.testing import (
    LONG_AGO,
    FakeCropper,
    FakeDetector,
    FakeEmbedder,
    FakePhotoFiles,
    FakeRedactor,
    FakeStore,
    blank,
    draw,
)
from gallery.usecases.anonymise import Anonymise, Shortlists
from gallery.usecases.faces import Recogniser
from gallery.usecases.running import Options

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

    def use(self, **more) -> Anonymise:
        return Anonymise(self.recogniser, FakeRedactor(), self.photos, self.store, self.policy, "0.test", **more)

    def run(self, *inputs: Path, report=lambda _: None, by_hand: ByHand | None = None, **options):
        use = self.use(by_hand=by_hand or ByHand())
        return use(inputs, OUT, Options(**options), report)


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

    assert world.embedder.batches[0] == 3


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
        def redact(self, image, faces, regions=(), kept=()):
            if faces:
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
    written = world.run(GROUP, verification=Verification.WRITTEN)
    assert dry.images[0].faces == written.images[0].faces


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

    assert image.status is ImageStatus.UNVERIFIED
    assert world.photos.written == {}


def test_an_input_is_never_an_output(world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    world.photos.photos[OUT / "group.png"] = np.zeros((8, 8, 3), np.uint8)

    with pytest.raises(NotWritten, match="would take the place of the photos themselves"):
        world.run(GROUP, OUT / "group.png")

    assert world.photos.written == {}
    assert world.store.recorded == [], "nothing was begun"


def test_one_identity_once_per_photo(world):
    world.enrol()
    world.photos.photos[GROUP] = draw(draw(blank(), A, ADA), B, ADA, away=2)

    (image,) = world.run(GROUP).images

    assert [f.decision.rule for f in image.faces] == [Rule.MATCH, Rule.RIVAL]


def test_a_file_that_no_run_wrote_is_never_replaced(world):
    world.photos.photos[OUT / "group.png"] = blank(20, 20)

    with pytest.raises(NotWritten, match="no run on record wrote it"):
        world.run(GROUP)

    assert world.photos.written == {}
    assert world.store.recorded == [], "nothing was begun"


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

    with pytest.raises(NotWritten):
        world.run(GONE)

    assert world.photos.photos[OUT / "gone.png"] is mine


def test_ctrl_c_between_writing_and_recording_leaves_nothing(world):
    def stop(*_):
        raise KeyboardInterrupt

    world.store.record = stop

    with pytest.raises(KeyboardInterrupt):
        world.run(GROUP, EMPTY, threads=2)

    assert world.photos.written == {}


class Transparent(FakePhotoFiles):
    """All of a photo is nearly transparent."""

    opacity = 0

    def read(self, path):
        photo = super().read(path)
        if path != GROUP:
            return photo
        return replace(photo, alpha=np.full(photo.pixels.shape[:2], self.opacity, np.uint8))


def test_transparent_parts_become_white_before_anybody_looks(world):
    world.photos = Transparent(world.photos.photos)

    (image,) = world.run(GROUP).images

    assert image.error is None
    written = world.photos.written[OUT / "group.png"]
    assert (written[:4] == 255).all()


def test_faces_that_are_too_faint_on_white_are_blurred(world):
    """Nobody is found in the photo laid on white; stretching its contrast shows them all the same."""
    world.photos = Transparent(world.photos.photos)
    world.photos.opacity = 15

    (image,) = world.run(GROUP).images

    assert [face.detection.box for face in image.faces] == [A, B, C]
    written = world.photos.written[OUT / "group.png"]
    for box in (A, B, C):
        assert not written[box.y : box.bottom, box.x : box.right].any()


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


def many(world, number: int) -> list[Path]:
    """Photos of a stranger, each with a face of another size."""
    paths = [Path(f"in/{place:03}.png") for place in range(number)]
    for place, path in enumerate(paths):
        world.photos.photos[path] = draw(blank(), Box(2, 5, 10, 10 + place % 9), STRANGER)
    return paths


@pytest.mark.parametrize("threads", [1, 3])
def test_photos_are_recorded_in_their_order_however_many_are_at_work(world, threads):
    paths = many(world, 30)

    outcome = world.run(*paths, threads=threads)

    assert [i.source for i in outcome.images] == [str(path) for path in paths]
    assert world.store.run(1).images == outcome.images
    assert set(world.photos.written) == {OUT / path.name for path in paths}


def test_outputs_are_verified_in_full_up_to_a_number_of_photos(world):
    few, more = many(world, 3), many(world, FULL_UP_TO + 1)

    assert {i.verified for i in world.run(*few).images} == {Verification.FULL}
    assert {i.verified for i in world.run(*more).images} == {Verification.WRITTEN}
    assert {i.verified for i in world.run(*few, verification=Verification.WRITTEN).images} == {Verification.WRITTEN}


def test_what_is_left_of_a_blurred_face_is_on_record(world):
    world.enrol()

    (image,) = world.run(GROUP).images

    assert image.faces[0].residual is None, "who is kept is not blurred"
    assert all(face.residual > world.policy.thresholds.cosine for face in image.faces[1:])


class Sparing(FakeRedactor):
    """Forgets the box that begins farthest to the right, and darkens it a little instead."""

    def redact(self, image, faces, regions=(), kept=()):
        spared = max(face.box for face in faces)
        redacted = super().redact(image, [face for face in faces if face.box != spared], regions)
        redacted[0, 0] = 255 - redacted[0, 0]
        return redacted


class Credulous(FakePhotoFiles):
    """Believes that everything was covered."""

    def verify(self, staged, pixels, like, covered):
        return super().verify(staged, pixels, like, ())


def test_a_kept_face_that_is_covered_with_its_neighbour_is_told(world):
    world.enrol()
    by_hand = ByHand(regions=(Box(A.right, 0, 3, 40),))
    assert world.run(GROUP, by_hand=by_hand).images[0].remarks == ()

    class Wide(FakeRedactor):
        def redact(self, image, faces, regions=(), kept=()):
            return super().redact(image, (), [*(face.box.grow(1.2).clip(64, 48) for face in faces), *regions])

    use = Anonymise(world.recogniser, Wide(), world.photos, world.store, world.policy, "0.test")
    (image,) = use([GROUP], Path("wide")).images

    assert image.faces[0].decision.kept
    assert any(remark.startswith("Face 1 is kept, but ") for remark in image.remarks)


def test_a_face_that_can_still_be_recognised_fails_the_photo(world):
    files = Credulous(world.photos.photos)
    use = Anonymise(world.recogniser, Sparing(), files, world.store, world.policy, "0.test")

    (image,) = use([GROUP], OUT).images

    assert image.status is ImageStatus.UNVERIFIED
    assert "Face 3 can still be recognised" in image.error
    assert image.faces[2].residual == pytest.approx(0, abs=1e-6)
    assert files.written == {}
    assert world.store.run(1).images == (image,)


def test_a_part_that_was_not_covered_fails_the_photo(world):
    class Idle(FakeRedactor):
        def redact(self, image, faces, regions=(), kept=()):
            return image.copy()

    use = Anonymise(world.recogniser, Idle(), world.photos, world.store, world.policy, "0.test")

    (image,) = use([GROUP], OUT, Options(verification=Verification.WRITTEN)).images

    assert image.status is ImageStatus.UNVERIFIED
    assert world.photos.written == {}


class Shy(FakeDetector):
    """Overlooks the stranger until somebody else in the picture is covered."""

    def detect(self, image):
        found = super().detect(image)
        return found if len(found) < 3 else tuple(one for one in found if one.box != C)


def test_a_face_that_shows_only_in_the_output_is_blurred_too(world):
    world.recogniser = Recogniser(Shy(), FakeCropper(), world.embedder)

    (image,) = world.run(GROUP).images

    assert image.status is ImageStatus.OK
    assert [face.detection.box for face in image.faces] == [A, B, C]
    assert not world.photos.written[OUT / "group.png"].any()
    assert image.remarks == ("Found only in the written copy, on the second look: face 3.",)


def test_a_run_that_is_asked_to_stop_finishes_what_is_in_hand(world):
    paths = many(world, 20)
    seen = []

    outcome = world.run(*paths, report=seen.append, stopped=lambda: len(seen) >= 3, threads=2)

    assert outcome.status is RunStatus.INTERRUPTED
    assert 3 <= len(outcome.images) <= 7
    assert [i.source for i in outcome.images] == [str(path) for path in paths[: len(outcome.images)]]
    assert set(world.photos.written) == {OUT / Path(i.source).name for i in outcome.images}
    assert world.store.run(1).summary.status is RunStatus.INTERRUPTED


def test_the_first_failure_ends_a_run_that_is_to_fail_fast(world):
    outcome = world.run(EMPTY, GONE, GROUP, fail_fast=True, threads=2)

    assert outcome.status is RunStatus.FAILED
    assert [i.status for i in outcome.images] == [ImageStatus.OK, ImageStatus.FAILED]
    assert list(world.photos.written) == [OUT / "empty.png"]


def test_a_resumed_run_passes_over_what_is_done(world):
    world.enrol()
    world.run(GROUP)
    before = dict(world.photos.written)
    world.embedder.batches.clear()

    outcome = world.run(GROUP, EMPTY, resume=True)

    assert [i.status for i in outcome.images] == [ImageStatus.DONE_BEFORE, ImageStatus.OK]
    assert outcome.images[0].earlier == 1
    assert [face.decision.kept for face in outcome.images[0].faces] == [True, False, False], "as it was decided then"
    assert world.embedder.batches == []
    assert (world.photos.written[OUT / "group.png"] == before[OUT / "group.png"]).all()


@pytest.mark.parametrize("change", ["photo", "output", "people", "settings", "override", "gone"])
def test_a_resumed_run_does_again_what_would_come_out_differently(world, change):
    world.enrol()
    world.run(GROUP)
    if change == "photo":
        world.photos.photos[GROUP] = draw(blank(), A, ADA)
    elif change == "output":
        world.run(GROUP, by_hand=ByHand(nobody=True))
    elif change == "people":
        world.store.edit("Ada", lambda details: replace(details, enabled=False))
    elif change == "settings":
        world.policy = replace(world.policy, grey_band=0.2)
    elif change == "override":
        sha256 = world.photos.fingerprint(GROUP)
        world.store.add_override(Override(0, sha256, A, Verdict.BLUR, str(GROUP), "me", LONG_AGO))
    else:
        world.photos.discard(OUT / "group.png")

    (image,) = world.run(GROUP, resume=True).images

    assert image.status is ImageStatus.OK


def test_nobody_is_kept_where_nobody_is_to_be(world):
    world.enrol()

    (image,) = world.run(GROUP, by_hand=ByHand(nobody=True)).images

    assert {face.decision.rule for face in image.faces} == {Rule.NOBODY_KEPT}
    assert not world.photos.written[OUT / "group.png"].any()


def test_all_of_a_person_are_kept(world):
    world.enrol()
    world.photos.photos[GROUP] = draw(draw(blank(), A, ADA), B, ADA, away=2)

    (image,) = world.run(GROUP, by_hand=ByHand(all_of=frozenset({"Ada"}))).images

    assert [f.decision.rule for f in image.faces] == [Rule.MATCH, Rule.MATCH]


def test_names_are_compared_without_regard_to_case(world):
    world.enrol()
    world.photos.photos[GROUP] = draw(draw(blank(), A, ADA), B, ADA, away=2)

    outcome = world.run(GROUP, by_hand=ByHand(all_of=frozenset({"aDA"})))

    assert outcome.images[0].kept == 2
    assert outcome.settings.policy["by_hand"] == {"all_of": ["Ada"]}


def test_somebody_who_is_not_there_cannot_be_kept(world):
    with pytest.raises(UnknownName, match="Bob"):
        world.run(GROUP, by_hand=ByHand(all_of=frozenset({"Bob"})))
    assert world.store.recorded == []


def test_regions_are_covered_with_all_faces_they_touch(world):
    world.enrol()
    region = Box(0, 0, 4, 8)
    world.photos.photos[EMPTY] = np.full((48, 64, 3), 255, np.uint8)

    (image,) = world.run(GROUP, EMPTY, by_hand=ByHand(regions=(region, Box(5000, 0, 9, 9)))).images[:1]

    assert image.faces[0].decision.rule is Rule.BY_HAND
    assert any("5000,0,9,9 lies outside" in remark for remark in image.remarks)
    for name in ("group.png", "empty.png"):
        written = world.photos.written[OUT / name]
        assert not written[:8, :4].any()
    assert world.photos.written[OUT / "empty.png"][20:, 20:].any()


def test_a_persons_word_on_a_face_holds(world):
    world.enrol()
    sha256 = world.photos.fingerprint(GROUP)
    world.store.add_override(Override(0, sha256, A, Verdict.BLUR, str(GROUP), "me", LONG_AGO))
    keep = Override(0, sha256, C.shift(1, 1), Verdict.KEEP, str(GROUP), "me", LONG_AGO, keeps="Ada")
    world.store.add_override(keep)

    (image,) = world.run(GROUP).images

    assert [(f.decision.kept, f.decision.rule) for f in image.faces] == [
        (False, Rule.BY_HAND),
        (False, Rule.COSINE),
        (True, Rule.BY_HAND),
    ]


def test_a_word_on_a_face_that_is_not_found_again_is_heeded_or_told(world):
    sha256 = world.photos.fingerprint(EMPTY)
    world.store.add_override(Override(0, sha256, A, Verdict.BLUR, str(EMPTY), "me", LONG_AGO))
    world.store.add_override(Override(0, sha256, C, Verdict.KEEP, str(EMPTY), "me", LONG_AGO))

    (image,) = world.run(EMPTY).images

    assert not world.photos.written[OUT / "empty.png"][A.y : A.bottom, A.x : A.right].any()
    assert any("changes nothing" in remark for remark in image.remarks)


def test_an_output_that_cannot_get_its_name_is_recorded_as_failed(world):
    class Full(FakePhotoFiles):
        def publish(self, staged, instead_of):
            self.discard(staged.path)
            raise NotWritten("The disk is full.")

    world.photos = Full(world.photos.photos)

    outcome = world.run(GROUP)

    (image,) = outcome.images
    assert image.status is ImageStatus.FAILED
    assert image.error == "The disk is full."
    assert world.store.run(outcome.run).images == (image,)
    assert world.photos.written == {}


def test_onlookers_see_the_photo_as_it_was(world):
    seen = []

    class Looking:
        def add(self, image, record, relative):
            seen.append((image.copy(), record, relative))

    outcome = world.run(GROUP, GONE, onlookers=(Looking(),))

    ((image, record, relative),) = seen
    assert (image == world.photos.photos[GROUP]).all()
    assert record == outcome.images[0]
    assert relative == Path("group.png")


def test_an_output_that_cannot_be_named_leaves_nothing_hidden(world):
    class Stuck(FakePhotoFiles):
        def publish(self, staged, instead_of):
            raise NotWritten("The disk reports an error.")

    world.photos = Stuck(world.photos.photos)
    (image,) = world.run(GROUP).images

    assert image.status is ImageStatus.FAILED
    assert world.photos.written == {}


def test_onlookers_see_photos_that_were_done_before_too(world):
    seen = []

    class Looking:
        def add(self, image, record, relative):
            seen.append((image.copy(), record))

    world.enrol()
    world.run(GROUP, EMPTY)
    outcome = world.run(GROUP, EMPTY, resume=True, onlookers=(Looking(),))

    assert [image.status for image in outcome.images] == [ImageStatus.DONE_BEFORE] * 2
    assert [record for _, record in seen] == list(outcome.images)
    assert (seen[0][0] == world.photos.photos[GROUP]).all()
    assert [face.decision.kept for face in seen[0][1].faces] == [True, False, False]


def test_photos_in_flight_are_decided_anew_when_somebody_is_disabled(world):
    """Everything that was begun under the people as they were is done again, not only the first photo."""
    world.enrol()
    paths = [Path(f"in/{place}.png") for place in range(8)]
    for path in paths:
        world.photos.photos[path] = world.photos.photos[REFERENCE]

    def meanwhile(image):
        if image.source == str(paths[0]):
            world.store.edit("Ada", lambda details: replace(details, enabled=False))

    outcome = world.run(*paths, report=meanwhile, threads=4)

    kept = [image.source for image in outcome.images if image.kept]
    assert kept == [str(paths[0])], "which was recorded before"
    for path in paths[1:]:
        assert not world.photos.written[OUT / path.name][A.y : A.bottom, A.x : A.right].any()


def test_a_photo_done_before_is_looked_at_again_when_somebody_is_disabled_meanwhile(world):
    world.enrol()
    copy = Path("in/copy.png")
    world.photos.photos[copy] = world.photos.photos[REFERENCE]
    world.run(REFERENCE, copy)

    def meanwhile(image):
        if image.source == str(REFERENCE):
            world.store.edit("Ada", lambda details: replace(details, enabled=False))

    images = world.run(REFERENCE, copy, report=meanwhile, resume=True).images

    assert [image.status for image in images] == [ImageStatus.DONE_BEFORE, ImageStatus.OK]
    assert not images[1].kept


def test_a_file_that_comes_while_a_photo_is_at_work_is_left_alone(world):
    class Slow(FakePhotoFiles):
        def stage(self, pixels, like, target):
            self.photos[target] = blank(20, 20)
            return super().stage(pixels, like, target)

    world.photos = Slow(world.photos.photos)

    (image,) = world.run(GROUP).images

    assert image.status is ImageStatus.FAILED
    assert world.photos.written == {}
    assert world.store.run(1).images == (image,)


def test_only_an_output_in_its_own_place_is_replaced(world):
    """A photo without faces may be its own output, byte for byte; that is no reason to replace it."""
    world.run(EMPTY)
    world.photos.photos[OUT / "group.png"] = world.photos.photos[EMPTY]

    with pytest.raises(NotWritten, match="no run on record wrote it"):
        world.run(GROUP)

    assert (world.photos.photos[OUT / "group.png"] == world.photos.photos[EMPTY]).all()


def test_an_interruption_after_the_output_got_its_name_leaves_both(world):
    class Interrupted(FakePhotoFiles):
        def publish(self, staged, instead_of):
            super().publish(staged, instead_of)
            raise KeyboardInterrupt

    world.photos = Interrupted(world.photos.photos)

    with pytest.raises(KeyboardInterrupt):
        world.run(GROUP)

    (image,) = world.store.run(1).images
    assert image.status is ImageStatus.OK
    assert list(world.photos.written) == [OUT / "group.png"]


@pytest.mark.parametrize("recorded", [True, False])
def test_an_interruption_before_that_leaves_neither(world, recorded):
    record = world.store.record

    def interrupted(*words):
        if recorded:
            record(*words)
        raise KeyboardInterrupt

    world.store.record = interrupted

    with pytest.raises(KeyboardInterrupt):
        world.run(GROUP)

    assert [image.status for image in world.store.run(1).images] == [ImageStatus.FAILED] * recorded
    assert world.photos.written == {}


class Nobody:
    """A shortlist that misses everybody it was told to miss."""

    def __init__(self, rows):
        self.rows, self.asked = rows, 0

    def nearest(self, directions):
        self.asked += 1
        return [np.array(self.rows, np.intp)] * len(directions)


def shortlisted(world, rows, *inputs, templates=1, photos=1, **options):
    made = Nobody(rows)
    use = world.use(shortlists=Shortlists(lambda _: made, templates, photos))
    return use(inputs, OUT, Options(**options)).images, made


@pytest.mark.parametrize("withheld", [False, True])
def test_one_face_near_somebody_on_the_shortlist_has_all_compared_with_everybody(world, withheld):
    world.enrol()
    (grace,) = enrolment(world.recogniser, FakePhotoFiles({EMPTY: draw(blank(), B, GRACE)}), world.store)(
        "Grace", [EMPTY]
    )
    if withheld:
        world.store.edit("Grace", lambda details: replace(details, enabled=False))
    whole = world.run(GROUP, verification=Verification.WRITTEN).images

    images, made = shortlisted(world, [0], GROUP, verification=Verification.WRITTEN)  # names Ada only

    assert made.asked == 1
    assert grace.accepted
    assert images[0].faces == whole[0].faces, "Grace is decided on as if nothing had missed her"


def test_what_a_shortlist_misses_is_blurred(world):
    world.enrol()
    (grace,) = enrolment(world.recogniser, FakePhotoFiles({EMPTY: draw(blank(), B, GRACE)}), world.store)(
        "Grace", [EMPTY]
    )
    photo = Path("ada.png")
    world.photos.photos[photo] = draw(blank(), A, ADA)

    images, _ = shortlisted(world, [1], photo, verification=Verification.WRITTEN)

    (face,) = images[0].faces
    assert grace.accepted
    assert face.decision.rule is Rule.COSINE
    assert face.decision.candidate.identity == "Grace"


@pytest.mark.parametrize(
    "given", [{"templates": 2}, {"photos": 2}, {"verification": Verification.FULL}], ids=["templates", "photos", "full"]
)
def test_no_shortlist_is_made_where_it_does_not_pay(world, given):
    world.enrol()

    _, made = shortlisted(world, [], GROUP, **{"verification": Verification.WRITTEN, **given})

    assert made.asked == 0


@pytest.mark.parametrize(
    ("source", "output", "base"),
    [
        (EMPTY, OUT, "/home/ann"),
        (Path("/abs.png"), OUT, "/home/ann"),
        (EMPTY, Path("/out"), "/home/ann"),
        (Path("/abs.png"), Path("/out"), ""),
    ],
)
def test_the_current_folder_is_recorded_only_where_a_path_starts_at_it(world, source, output, base):
    world.photos.photos[source] = blank()
    outcome = world.use(base="/home/ann")([source], output)
    assert world.store.run(outcome.run).settings.base == base


def test_a_run_may_be_recorded_as_if_it_were_made_in_another_folder(world):
    home = Path("/home/ann")
    world.photos.photos = {home / path: pixels for path, pixels in world.photos.photos.items()}
    options = Options(base=home)
    outcome = world.use(base="/else")([home / EMPTY, home / GONE, Path("/abs.png")], home / OUT, options)
    run = world.store.run(outcome.run)
    assert (run.settings.base, run.settings.output) == ("/home/ann", "out")
    assert [(one.source, one.output) for one in run.images] == [
        ("in/empty.png", "out/empty.png"),
        ("in/gone.png", None),
        ("/abs.png", None),
    ]
    assert "/home" not in run.images[1].error
    assert world.use()([home / EMPTY], home / OUT, Options(resume=True)).images[0].earlier == outcome.run
