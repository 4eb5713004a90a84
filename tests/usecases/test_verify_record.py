"""Whether the record, and the outputs it speaks of, are as they were written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gallery.domain.errors import BadArgument, NotWritten, UnknownName
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.runs import ImageRecord, ImageStatus, RunSettings
from gallery.testing import FakePhotoFiles, FakeStore, blank
from gallery.usecases.verify_record import VerifyRecord

SETTINGS = RunSettings(
    "0", EmbeddingSpace("m", "0" * 64, "p", 4), "d", "0" * 64, Thresholds(0.5, 1.0), {}, {}, 2, 2, "out"
)


@pytest.fixture
def use() -> VerifyRecord:
    photos = FakePhotoFiles({Path("out/a.png"): blank(), Path("out/deep/b.png"): blank(8, 8)})
    store = FakeStore()
    run = store.begin_run(SETTINGS)
    for name in ("a.png", "deep/b.png"):
        path = Path("out") / name
        store.record(
            run,
            ImageRecord(
                f"in/{name}", ImageStatus.OK, output=str(path), output_sha256=photos.fingerprint(path), sha256="0" * 64
            ),
        )
    return VerifyRecord(store, photos)


def test_all_fits(use):
    told = []
    found = use(advance=lambda done, of: told.append((done, of)))
    assert found.misfit is None
    assert found.outputs == 2
    assert told == [(1, 2), (2, 2)]


def test_outputs_can_be_left_out(use):
    use.photos.photos.clear()
    found = use(outputs=False)
    assert found.misfit is None
    assert found.outputs is None


def test_what_is_missing_or_changed_is_named(use):
    use.photos.photos[Path("out/a.png")] = blank(9, 9)
    del use.photos.photos[Path("out/deep/b.png")]
    found = use()
    assert [one.why for one in found.differing] == [
        "The output out/a.png of run 1 is not as it was written.",
        "The output out/deep/b.png of run 1 is missing.",
    ]
    assert found.misfit == found.differing[0].why


def test_what_cannot_be_read_is_named(use):
    class Closed(FakePhotoFiles):
        def fingerprint(self, path):
            raise NotWritten(f"{path} cannot be read.")

    found = replace(use, photos=Closed({}))()
    assert found.misfit == "out/a.png cannot be read."


def test_outputs_that_were_moved_are_found_in_their_folder(use):
    moved = {Path("new") / path.relative_to("out"): pixels for path, pixels in use.photos.photos.items()}
    use.photos.photos.clear()
    use.photos.photos.update(moved)
    assert use().misfit is not None
    assert use(folder=Path("new")).misfit is None
    assert use(run=1, folder=Path("new")).misfit is None


def test_a_folder_names_the_runs_that_wrote_there(use):
    other = use.store.begin_run(replace(SETTINGS, output="elsewhere"))
    use.store.record(other, ImageRecord("c.png", ImageStatus.OK, output="elsewhere/c.png", output_sha256="1" * 64))
    assert use(folder=Path("out")).outputs == 2
    assert use(run=other).misfit == "The output elsewhere/c.png of run 2 is missing."
    with pytest.raises(BadArgument, match="No run on record wrote to new"):
        use(folder=Path("new"))


def test_the_record_comes_before_the_outputs(use):
    use.photos.photos.clear()
    use.store.misfit = "Run 1 is not as it was written."
    assert use().misfit == "Run 1 is not as it was written."


def test_a_head_that_is_not_in_the_trail_does_not_fit(use):
    assert "no entry's" in (use(head="1" * 64).misfit or "")


def test_an_unknown_run(use):
    with pytest.raises(UnknownName):
        use(run=9)


def elsewhere(use, base) -> None:
    """As if the run had been made in that folder."""
    made, images, status = use.store.recorded[0]
    use.store.recorded[0] = (replace(made, base=str(base)), images, status)
    for path in list(use.photos.photos):
        use.photos.photos[Path(base) / path] = use.photos.photos.pop(path)


def test_outputs_are_found_from_another_folder(use, tmp_path):
    elsewhere(use, tmp_path)
    assert use().misfit is None
    assert use(folder=tmp_path / "out").misfit is None
    del use.photos.photos[tmp_path / "out/a.png"]
    (differing,) = use().differing
    assert differing.why == f"The output {tmp_path}/out/a.png of run 1 is missing."
    use.photos.photos[Path("out/a.png")] = blank(9, 9)
    assert use().differing == (differing,), "of the same name, here"
    use.photos.photos[Path("out/a.png")] = blank()
    assert use().misfit is None, "the very file, here"


def test_what_was_published_counts_and_not_a_copy_of_it_here(use, tmp_path):
    elsewhere(use, tmp_path)
    use.photos.photos[Path("out/a.png")] = blank()
    use.photos.photos[tmp_path / "out/a.png"] = blank(9, 9)

    assert [one.why for one in use().differing] == [
        f"The output {tmp_path}/out/a.png of run 1 is not as it was written."
    ]


def test_a_later_run_of_another_folder_replaces_nothing_though_the_first_ones_is_gone(use, tmp_path):
    elsewhere(use, tmp_path)
    number = use.store.begin_run(replace(SETTINGS, base="/now/here"))
    path, now = Path("out/a.png"), blank(9, 9)
    use.photos.photos[Path("/now/here") / path] = now
    sha256 = use.photos.fingerprint(Path("/now/here") / path)
    use.store.record(number, ImageRecord("in/a.png", ImageStatus.OK, "0" * 64, output=str(path), output_sha256=sha256))
    assert use().outputs == 3, "both folders are there"
    del use.photos.photos[tmp_path / path]
    assert [one.output.run for one in use().differing] == [1]
    gone = tmp_path / "gone"
    elsewhere(use, gone)
    use.photos.photos = {Path("/now/here") / path: now, gone / "out/deep/b.png": blank(8, 8)}
    assert (use().outputs, use().misfit) == (3, f"The output {gone}/out/a.png of run 1 is missing.")
