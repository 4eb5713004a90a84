"""Unfinished files beside those they become."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gallery.adapters.placing import folder_of, place, sweep, unfinished


def test_a_folder_made_for_nothing_goes_again(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "some.onnx"
    with pytest.raises(KeyboardInterrupt), folder_of(target):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []

    (tmp_path / "a").mkdir()
    with pytest.raises(KeyboardInterrupt), folder_of(target):
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["a"], "it was there before"

    with pytest.raises(FileExistsError), folder_of(target):  # noqa: PT012 - something has to be there
        (target.parent / "theirs").mkdir()
        (target.parent / "theirs").mkdir()
    assert (target.parent / "theirs").exists()

    with folder_of(target):
        target.write_bytes(b"whole")
    assert target.exists()


def test_an_unfinished_file_is_placed_or_gone(tmp_path: Path) -> None:
    target = tmp_path / "some.onnx"
    with unfinished(target) as hidden:
        hidden.write_bytes(b"whole")
        place(hidden, target)
    with unfinished(target) as hidden:
        hidden.write_bytes(b"half")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("some.onnx", b"whole")]


def test_only_old_files_of_its_names_are_swept(tmp_path: Path) -> None:
    with unfinished(tmp_path / "some.onnx") as hidden:
        name = hidden.name
    target = tmp_path / "theirs"
    target.write_bytes(b"kept")
    names = ["some.onnx", "some.onnx.part", ".gallery-notes.unfinished", f"{name}.bak", f"x{name}", "vgg.abcd1234.copy"]
    for kept in (target, *(tmp_path / one for one in names)):
        kept.write_bytes(b"kept")
        os.utime(kept, (1, 1))
    link, dangling, inside = (tmp_path / f".gallery-{one * 8}.unfinished" for one in "abc")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "nothing")
    inside.mkdir()
    os.utime(inside, (1, 1))
    (tmp_path / ".gallery-00000000.unfinished").write_bytes(b"young")
    before = sorted(tmp_path.iterdir())
    (tmp_path / name).write_bytes(b"left")
    os.utime(tmp_path / name, (1, 1))

    sweep(tmp_path)

    assert sorted(tmp_path.iterdir()) == before
    assert target.read_bytes() == b"kept"
