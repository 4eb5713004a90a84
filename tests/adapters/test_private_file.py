"""Files for their owner's eyes only, whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gallery.adapters.private_file import private_file


def test_it_appears_when_it_is_whole(tmp_path):
    target = tmp_path / "x"
    with private_file(target, force=False) as file:
        file.write(b"all of it")
        assert not target.exists()
        (hidden,) = tmp_path.iterdir()
        assert stat.S_IMODE(hidden.stat().st_mode) == 0o600

    assert target.read_bytes() == b"all of it"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    target = tmp_path / "x"
    target.write_bytes(b"old")
    target.chmod(0o644)

    with pytest.raises(FileExistsError), private_file(target, force=False) as file:
        file.write(b"new")
    assert target.read_bytes() == b"old"

    with private_file(target, force=True) as file:
        file.write(b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("there", [True, False])
def test_where_a_file_can_have_one_name_only(tmp_path, monkeypatch, there):
    def refused(self, target):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    target = tmp_path / "x"
    if there:
        target.write_bytes(b"old")
        with pytest.raises(FileExistsError), private_file(target, force=False) as file:
            file.write(b"new")
    else:
        with private_file(target, force=False) as file:
            file.write(b"new")
    assert target.read_bytes() == (b"old" if there else b"new")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_nothing_is_left_of_one_that_failed(tmp_path, error):
    def fail():
        with private_file(tmp_path / "x", force=True) as file:
            file.write(b"half of")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []
