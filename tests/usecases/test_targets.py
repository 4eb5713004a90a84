"""What outputs may take the place of, looked at before a run begins."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from gallery.domain.deciding import Policy
from gallery.domain.errors import BadPhoto, NotWritten
from gallery.domain.models import Floors, Thresholds
from gallery.domain.runs import ImageStatus
from gallery.testing import FakeCropper, FakeDetector, FakeEmbedder, FakePhotoFiles, FakeRedactor, FakeStore, blank
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import Recogniser
from gallery.usecases.running import Options

NOV, DEC = Path("nov/IMG_1.jpeg"), Path("dec/IMG_1.jpeg")
MORE_NOV, MORE_DEC = Path("nov/IMG_2.jpeg"), Path("dec/IMG_2.jpeg")
WEB = Path("web")


@pytest.fixture
def photos() -> FakePhotoFiles:
    sizes = enumerate((NOV, DEC, MORE_NOV, MORE_DEC), 20)
    return FakePhotoFiles({path: blank(width, 20) for width, path in sizes})


@pytest.fixture
def use(photos) -> Anonymise:
    recogniser = Recogniser(FakeDetector(), FakeCropper(), FakeEmbedder())
    return Anonymise(recogniser, FakeRedactor(), photos, FakeStore(), Policy(Thresholds(0.2, 3.0), Floors(4, 0.0)), "0")


def test_another_months_photo_of_the_same_name_replaces_nothing(use, photos):
    use([NOV, MORE_NOV], WEB)
    before = dict(photos.written)

    with pytest.raises(NotWritten) as refused:
        use([DEC, MORE_DEC], WEB)

    for one, other in ((NOV, DEC), (MORE_NOV, MORE_DEC)):
        assert f"web/{one.name} is there already, and is the output of {one}, not of {other}." in refused.value.message
    assert photos.written == before
    assert len(use.store.recorded) == 1, "nothing was begun"


def test_a_photo_of_the_same_name_that_fails_withdraws_nothing(use, photos):
    use([NOV], WEB)
    before = dict(photos.written)
    del photos.photos[DEC]

    with pytest.raises(NotWritten):
        use([DEC], WEB)

    assert photos.written == before


def test_a_photo_that_was_edited_is_the_same_photo(use, photos):
    use([NOV], WEB)
    photos.photos[NOV] = blank(99, 20)

    (image,) = use([NOV], WEB).images

    assert image.status is ImageStatus.OK
    assert photos.written[WEB / NOV.name].shape == (20, 99, 3)


def test_a_photo_that_was_moved_is_the_same_photo(use, photos):
    use([NOV], WEB)
    photos.photos[DEC] = photos.photos.pop(NOV)

    (image,) = use([DEC], WEB).images

    assert image.status is ImageStatus.OK


def test_the_same_relative_path_in_another_folder_is_another_photo(use, photos):
    replace(use, base="/2026/nov")([Path("nov/IMG_1.jpeg")], WEB)
    photos.photos[NOV] = blank(99, 20)

    settings, images, status = use.store.recorded[0]
    use.store.recorded[0] = replace(settings, output=str(WEB.absolute())), images, status
    absolute = [replace(image, output=str((WEB / NOV.name).absolute())) for image in images]
    use.store.recorded[0] = use.store.recorded[0][0], absolute, status

    with pytest.raises(NotWritten, match=r"is the output of /2026/nov/nov/IMG_1\.jpeg, not of nov/IMG_1\.jpeg"):
        use([NOV], WEB)


def test_outputs_of_earlier_runs_are_no_photos(use, photos, caplog):
    use([NOV, MORE_NOV], WEB)
    found = [NOV, *photos.written]

    class Folder(FakePhotoFiles):
        def expand(self, paths, selection=None, output=None):
            return [(path, Path(f"again-{path.name}") if path.parent == WEB else Path(path.name)) for path in found]

    again = replace(use, photos=Folder(photos.photos, photos.written))
    with caplog.at_level(logging.WARNING):
        outcome = again([Path()], Path("other"))

    assert [image.source for image in outcome.images] == [str(NOV)]
    assert "Outputs of earlier runs were left out: 2 (web/IMG_1.jpeg, web/IMG_2.jpeg)" in caplog.text


def test_an_output_that_is_named_is_taken(use):
    use([NOV], WEB)

    (image,) = use([WEB / NOV.name], Path("other")).images

    assert image.status is ImageStatus.OK


def test_nothing_but_outputs(use, photos):
    use([NOV], WEB)

    class Folder(FakePhotoFiles):
        def expand(self, paths, selection=None, output=None):
            return [(path, Path(path.name)) for path in photos.written]

    with pytest.raises(BadPhoto, match="All photos here are outputs of earlier runs: web/IMG_1"):
        replace(use, photos=Folder(photos.photos, photos.written))([WEB], Path("other"), Options(dry_run=True))


def test_what_somebody_put_in_an_outputs_place_is_a_photo(use, photos):
    use([NOV], WEB)
    mine = WEB / NOV.name
    del photos.written[mine]
    photos.photos[mine] = blank(50, 50)

    class Folder(FakePhotoFiles):
        def expand(self, paths, selection=None, output=None):
            return [(mine, Path(mine.name))]

    (image,) = replace(use, photos=Folder(photos.photos))([WEB], Path("other")).images

    assert image.status is ImageStatus.OK
