"""What a program may hand over to the Python interface, and what it is told otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery import Gallery, load_detector, load_embedder
from gallery.arguments import as_paths
from gallery.domain.errors import BadArgument, GalleryError, WrongType
from made_photos import UPRIGHT, drawn, file_of, profile, turned
from portraits import hopper

DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))


@pytest.fixture
def opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Gallery(tmp_path / "g.db") as made:
        yield made


@pytest.fixture
def portrait(tmp_path) -> Path:
    path = tmp_path / "hopper.png"
    Image.fromarray(hopper()).save(path)
    return path


STRANGE = (5, b"a.jpg", {"a.jpg": 1}, object(), None, Image.new("RGB", (9, 9)), np.zeros((9, 9, 3), np.uint8), [[1, 2]])


CALLS = {
    "enrol name": lambda g, v: g.enrol(v, ["a.jpg"]),
    "enrol photos": lambda g, v: g.enrol("Ada", v),
    "enrol face": lambda g, v: g.enrol("Ada", "a.jpg", str(v) if isinstance(v, int) else v),
    "inputs": lambda g, v: g.anonymise_files(v, "out"),
    "output": lambda g, v: g.anonymise_files("a.jpg", v),
    "method": lambda g, v: g.anonymise_files("a.jpg", "out", method=v),
    "fmr": lambda g, v: g.calibrate(str(v) if isinstance(v, int) else v),
    "fusion": lambda g, v: g.calibrate(fusion=v),
    "person": lambda g, v: g.person(v),
    "edit": lambda g, v: g.edit("Ada", v),
    "rename": lambda g, v: g.rename(v, "Grace"),
    "rename to": lambda g, v: g.rename("Ada", v),
    "merge": lambda g, v: g.merge(v, "Ada"),
    "move": lambda g, v: g.move(1, v),
    "remove": lambda g, v: g.remove(v),
    "forget": lambda g, v: g.forget(v),
    "explain": lambda g, v: g.explain(v),
    "gallery": lambda _, v: Gallery(detector=v),
    "embedder": lambda _, v: load_embedder(v),
    "detector": lambda _, v: load_detector(v),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_strange_object_is_named(opened, tmp_path, what):
    for value in STRANGE:
        with pytest.raises(WrongType) as told:
            CALLS[what](opened, value)
        assert isinstance(told.value, TypeError)
        assert isinstance(told.value, BadArgument)
        assert "must be" in str(told.value)
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith("g.db")] == []


@pytest.mark.parametrize("value", [5, b"a", [hopper()], [[1]], None, {}])
def test_what_is_no_picture_is_no_picture(opened, value):
    with pytest.raises(WrongType, match="image must be"):
        opened.anonymise(value)


@pytest.mark.parametrize("value", [np.zeros((9, 9)), np.zeros((9, 9, 3)), np.zeros((9, 9, 4), np.uint8)])
def test_an_array_of_another_shape_or_type_is_refused(opened, value):
    with pytest.raises(ValueError, match="uint8"):
        opened.anonymise(value)


@pytest.mark.parametrize("number", ["cosine", "euclidean"])
def test_a_limit_is_a_number(opened, number):
    with pytest.raises(WrongType, match="number"):
        opened.anonymise(hopper(), **{number: "0.4"})


@pytest.mark.parametrize("name", [":memory:", "file:x.db?mode=memory", "file::memory:"])
def test_a_gallery_is_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadArgument, match="is a file"):
        Gallery(name)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_path_is_not_the_current_folder(opened):
    for call in (lambda: opened.enrol("Ada", ""), lambda: opened.anonymise_files([""], "out"), lambda: Gallery("")):
        with pytest.raises(GalleryError, match="empty"):
            call()


def test_a_single_path_is_a_list_of_one():
    assert as_paths("photos", "the photos") == [Path("photos")]
    assert as_paths(Path("a.jpg"), "the photos") == [Path("a.jpg")]
    assert as_paths((path for path in ("a", Path("b"))), "the photos") == [Path("a"), Path("b")]


@pytest.mark.models
class TestPictures:
    def test_in_every_form(self, opened, portrait):
        expected = opened.anonymise(hopper())
        assert len(expected.faces) == 1
        for image in (portrait, str(portrait), Image.open(portrait), Image.fromarray(hopper()).convert("RGBA")):
            found = opened.anonymise(image)
            assert (found.pixels == expected.pixels).all()
            assert [face.detection for face in found.faces] == [face.detection for face in expected.faces]

    @pytest.mark.parametrize("orientation", UPRIGHT)
    def test_however_they_lie(self, opened, tmp_path, orientation):
        path = tmp_path / "a.jpg"
        path.write_bytes(file_of(drawn(), "JPEG", quality=95, subsampling=0, exif=turned(orientation)))
        with Image.open(path) as image:
            assert (opened.anonymise(image).pixels == opened.anonymise(path).pixels).all()

    def test_of_another_colour_space(self, opened, tmp_path):
        path = tmp_path / "a.png"
        path.write_bytes(file_of(drawn(), "PNG", icc_profile=profile(DISPLAY_P3)))
        with Image.open(path) as image:
            assert (opened.anonymise(image).pixels == opened.anonymise(path).pixels).all()

    def test_a_single_path_is_enrolled_and_anonymised(self, opened, portrait, tmp_path):
        (result,) = opened.enrol("Grace Hopper", str(portrait))
        assert result.accepted
        outcome = opened.anonymise_files(str(portrait), tmp_path / "out")
        assert [image.source for image in outcome.images] == [str(portrait)]

    def test_networks_take_arrays_alone(self):
        with pytest.raises(WrongType, match="array, not a Image"):
            load_detector().detect(Image.new("RGB", (9, 9)))
        with pytest.raises(WrongType, match="array, not a list"):
            load_embedder("sface").embed([1, 2])
