"""Runs whose gallery file is removed, moved or replaced meanwhile."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from enrolling import enrolment
from gallery.adapters.store import SqliteStore
from gallery.domain.deciding import Policy
from gallery.domain.errors import GalleryReplaced
from gallery.domain.geometry import Box
from gallery.domain.models import Floors, Thresholds
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, FakeRedactor, blank, draw
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import Recogniser
from gallery.usecases.running import Options

PHOTOS = [Path(f"in/{n}.png") for n in range(6)]
OUT = Path("out")
FACE = Box(2, 5, 10, 12)


@pytest.fixture
def path(tmp_path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "gallery.db"


@pytest.fixture
def photos() -> FakePhotoFiles:
    return FakePhotoFiles({path: draw(blank(), FACE, 10) for path in PHOTOS})


@pytest.fixture
def use(path, photos):
    recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
    with SqliteStore.open(path, create=True) as store:
        enrolment(recogniser, photos, store)("Ada", [PHOTOS[0]])
        yield Anonymise(recogniser, FakeRedactor(), photos, store, Policy(Thresholds(0.2, 3.0), Floors(4, 0.0)), "0")


def disabled(path: Path) -> Path:
    """A copy of the gallery in which Ada may not stay visible."""
    other = path.with_name("other.db")
    with SqliteStore.open(path, create=True) as store:
        store.compact()
    shutil.copy(path, other)
    with SqliteStore.open(other, create=True) as store:
        store.edit("Ada", lambda details: replace(details, enabled=False))
    return other


def remove(path, _):
    path.unlink()


def move_folder(path, _):
    path.parent.rename(path.parent.with_name("moved"))


def restore(path, other):
    other.replace(path)


def remove_log(path, _):
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.parametrize("go", [remove, move_folder, restore])
@pytest.mark.parametrize("after", [1, 4, 6])
def test_no_output_stays_that_is_on_no_record(use, path, photos, go, after):
    other, done = disabled(path), []

    def report(image):
        done.append(image)
        if len(done) == after:
            go(path, other)

    with pytest.raises(GalleryReplaced, match=f"{after} of {after} outputs of this run are on no record"):
        use(PHOTOS, OUT, report=report)

    assert len(done) == after
    assert photos.written == {}


def test_what_was_restored_is_as_it_was_then(use, path):
    other = disabled(path)

    with pytest.raises(GalleryReplaced):
        use(PHOTOS, OUT, report=lambda _: restore(path, other) if other.exists() else None)

    with SqliteStore.open(path, create=False) as store:
        assert store.runs() == []
        assert not store.identity("Ada").details.enabled


def test_outputs_that_are_on_record_stay(use, path, photos):
    done = []

    def report(image):
        done.append(image)
        if len(done) == 3:
            remove_log(path, None)

    with pytest.raises(GalleryReplaced, match="wal was removed"):
        use(PHOTOS, OUT, report=report)

    with SqliteStore.open(path, create=False) as store:
        recorded = [image.output for image in store.run(1).images]
        assert store.check_trail().misfit is None
    assert recorded == [str(path) for path in photos.written] == ["out/0.png", "out/1.png", "out/2.png"]


def test_nobody_stays_who_was_disabled_in_what_was_copied_over_it(use, path, photos):
    other, done = disabled(path), []

    def report(image):
        done.append(image)
        if len(done) == 2:
            path.write_bytes(other.read_bytes())

    with suppress(GalleryReplaced):  # what SQLite makes of the two depends on what its log still held
        use(PHOTOS, OUT, report=report)

    with SqliteStore.open(path, create=False) as store:
        on_record = store.written(1)
    assert {photos.fingerprint(one) for one in photos.written} <= on_record
    assert not any(pixels.any() for one, pixels in photos.written.items() if one.stem not in {"0", "1"})


def test_a_run_goes_on_by_what_a_copied_gallery_says_if_it_knows_the_run(use, path, photos):
    done = []

    def report(image):
        done.append(image)
        if len(done) == 2:
            with SqliteStore.open(path, create=True) as store:
                store.compact()
            path.write_bytes(disabled(path).read_bytes())

    outcome = use(PHOTOS, OUT, Options(threads=1), report=report)

    assert [image.faces[0].decision.kept for image in outcome.images] == [True, True, False, False, False, False]
