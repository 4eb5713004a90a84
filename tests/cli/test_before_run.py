"""What makes no sense of a whole run is said once, before anything begins, and leaves no record."""

from __future__ import annotations

import shutil

import pytest

pytestmark = pytest.mark.models


@pytest.fixture
def months(here, photos):
    for month in ("nov", "dec"):
        (here / month).mkdir()
    for name in ("IMG_1.png", "IMG_2.png"):
        shutil.copy(photos / "hopper.png", here / "nov" / name)
        shutil.copy(photos / "collins.png", here / "dec" / name)
    return here


def runs(gallery) -> int:
    return len(gallery("audit", "--json").json)


def test_another_months_photos_of_the_same_names(gallery, months):
    assert gallery("anonymise", "nov", "-o", "web").code == 0
    before = {path.name: path.read_bytes() for path in (months / "web").iterdir()}
    said = gallery("anonymise", "dec", "-o", "web")
    words = " ".join(said.err.split())
    assert said.code == 1
    assert "2 outputs must not be written, so nothing was begun." in words
    assert "web/IMG_1.png is there already, and is the output of" in words
    assert "web/IMG_2.png is there already" in words
    assert {path.name: path.read_bytes() for path in (months / "web").iterdir()} == before
    assert runs(gallery) == 1
    assert gallery("anonymise", "nov", "-o", "web").code == 0, "the same photos, once more"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nov", "-o", "nov"], "nov/IMG_1.png, nov/IMG_2.png would take the place of the photos themselves"),
        (["nov/IMG_1.png", "-o", "nov"], "nov/IMG_1.png would take the place of the photos themselves"),
        (["nvo", "-o", "web"], "There is no such file or folder: nvo."),
        (["nvo", "dce.png", "-o", "web"], "There is no such file or folder: nvo, dce.png."),
        (["nov", "-o", "dec"], "dec/IMG_1.png is there already, and no run on record wrote it as it is."),
        (["nov", "-o", "nov/IMG_1.png"], "nov/IMG_1.png could not be written"),
        (["nov", "-o", "nov/IMG_1.png/below"], "a part of the path is a file, not a folder"),
    ],
)
def test_a_run_that_makes_no_sense_is_not_begun(gallery, months, words, said):
    gallery("init")
    caught = gallery("anonymise", *words)
    assert caught.code == 1
    assert said in " ".join(caught.err.split())
    assert caught.err.count("Error") == 1
    assert caught.out == ""
    assert runs(gallery) == 0


def test_a_link_to_the_photos_is_the_photos(gallery, months):
    (months / "link").symlink_to(months / "nov")
    caught = gallery("anonymise", "nov", "-o", "link")
    assert caught.code == 1
    assert "would take the place of the photos themselves" in " ".join(caught.err.split())


def test_outputs_below_the_photos_are_no_photos(gallery, months):
    assert gallery("anonymise", "nov", "-r", "-o", "nov/out").code == 0
    for more in (["-o", "nov/out"], ["-o", "nov/other"], ["-o", "nov/out/deeper"], ["--dry-run"]):
        found = gallery("anonymise", "nov", "-r", *more, "--json")
        assert found.code == 0
        assert [photo["source"] for photo in found.json["images"]] == ["nov/IMG_1.png", "nov/IMG_2.png"]
