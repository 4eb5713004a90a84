"""Only what this program made for the operator's eyes is replaced."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from decided_faces import blurred, record
from gallery.adapters.photos.files import PillowPhotoFiles
from gallery.adapters.shown_faces.annotated import AnnotatedCopies
from gallery.adapters.shown_faces.contact_sheet import ContactSheet
from gallery.adapters.shown_faces.own import marked, require_own
from gallery.domain.errors import BadPhoto, NotWritten
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds

LIMIT = Thresholds(0.5, 1.0)
IMAGE = np.full((90, 120, 3), 120, np.uint8)


@pytest.mark.parametrize(("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png")])
def test_a_marked_picture_is_known_again(tmp_path: Path, kind: str, name: str) -> None:
    Image.fromarray(IMAGE).save(tmp_path / name, kind, **marked(kind))
    require_own(tmp_path / name)


def test_what_is_not_there_is_in_nobodys_way(tmp_path: Path) -> None:
    require_own(tmp_path / "missing.png")
    require_own(tmp_path / "no" / "folder.png")


def test_a_photo_a_folder_and_a_text_are_somebody_elses(tmp_path: Path) -> None:
    Image.fromarray(IMAGE).save(tmp_path / "photo.jpg")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "text.png").write_text("mine")
    for path in tmp_path.iterdir():
        with pytest.raises(NotWritten, match="is there already"):
            require_own(path)


def test_a_sheet_replaces_a_sheet_and_nothing_else(tmp_path: Path) -> None:
    for _ in range(2):
        with ContactSheet(tmp_path / "sheet.png", LIMIT, {}) as sheet:
            sheet.add(IMAGE, record(blurred(Box(10, 10, 40, 50))))
            sheet.write()
    Image.fromarray(IMAGE).save(tmp_path / "photo.png")
    before = (tmp_path / "photo.png").read_bytes()
    with pytest.raises(NotWritten, match="is there already"):
        ContactSheet(tmp_path / "photo.png", LIMIT, {})
    assert (tmp_path / "photo.png").read_bytes() == before


def test_an_annotated_copy_replaces_one_and_nothing_else(tmp_path: Path) -> None:
    copies = AnnotatedCopies(tmp_path, LIMIT, {})
    for _ in range(2):
        copies.add(IMAGE, record(blurred(Box(10, 10, 40, 50))), Path("a.jpg"))
    (tmp_path / "b.jpg.jpg").write_bytes(b"somebody's photo")
    with pytest.raises(NotWritten, match="is there already"):
        copies.add(IMAGE, record(blurred(Box(10, 10, 40, 50))), Path("b.jpg"))
    assert (tmp_path / "b.jpg.jpg").read_bytes() == b"somebody's photo"


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_such_a_picture_is_never_taken_for_a_photo(tmp_path: Path, name: str) -> None:
    with ContactSheet(tmp_path / name, LIMIT, {}) as sheet:
        sheet.add(IMAGE, record(blurred(Box(10, 10, 40, 50))))
        sheet.write()
    with pytest.raises(BadPhoto, match="operator's eyes"):
        PillowPhotoFiles().read(tmp_path / name)
