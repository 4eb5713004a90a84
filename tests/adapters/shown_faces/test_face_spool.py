"""Faces set aside on disk."""

from __future__ import annotations

import pytest

from gallery.adapters.shown_faces.face_spool import FaceSpool, SheetFace

FACES = [
    (SheetFace("a.jpg", 1, True, True, 0.25, "Anna"), b"first\n1 2\n"),
    (SheetFace("b\udcff\n.jpg", 2, False, None, None, ""), b""),
    (SheetFace("王.jpg", 3, False, False, float("inf"), "王?"), b"\x00" * 5000),
]


def test_what_goes_in_comes_out(tmp_path):
    spool = FaceSpool(tmp_path)
    spool.add(FACES[:1])
    assert list(spool.faces()) == [FACES[0][0]]
    spool.add(FACES[1:])
    spool.add([])
    assert len(spool) == 3
    assert list(spool.faces()) == [face for face, _ in FACES]
    assert [spool.picture(index) for index in (2, 0, 1)] == [FACES[2][1], FACES[0][1], FACES[1][1]]
    spool.close()
    spool.close()


def test_its_file_has_no_name(tmp_path):
    spool = FaceSpool(tmp_path)
    spool.add(FACES)
    assert list(tmp_path.iterdir()) == []
    spool.close()


def test_there_must_be_a_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        FaceSpool(tmp_path / "missing")
