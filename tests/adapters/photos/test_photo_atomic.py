"""Files that appear all or nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gallery.adapters.photos.atomic import hidden_beside, leftovers, put_in_place, write_atomically, written_beside


def test_a_file_is_there_as_a_whole(tmp_path: Path) -> None:
    write_atomically(b"old", tmp_path / "x.png")
    write_atomically(b"new", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_the_halves_can_be_done_apart(tmp_path: Path) -> None:
    hidden = written_beside(b"data", tmp_path / "x.png")
    assert hidden.name.startswith(".gallery-")
    assert hidden.parent == tmp_path
    assert not (tmp_path / "x.png").exists()
    put_in_place(hidden, tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes() == b"data"
    assert not hidden.exists()


def test_what_cannot_get_its_name_is_removed(tmp_path: Path) -> None:
    hidden = written_beside(b"data", tmp_path / "x.png")
    (tmp_path / "x.png").mkdir()
    with pytest.raises(IsADirectoryError):
        put_in_place(hidden, tmp_path / "x.png")
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_only_what_killed_processes_left_behind_is_a_leftover(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from gallery.adapters.photos.atomic import written_beside; "
        "print(written_beside(b'half', Path(sys.argv[1])), flush=True); os._exit(0)"  # as if it were killed
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.png")], check=True, capture_output=True, text=True
    )
    left = Path(done.stdout.strip())
    mine = hidden_beside(tmp_path / "x.png")
    mine.write_bytes(b"still being written")
    machine = mine.name.split("-")[1]
    elsewhere = tmp_path / mine.name.replace(machine, "0" * len(machine)).replace(str(os.getpid()), "999999999")
    elsewhere.write_bytes(b"another machine's")
    (tmp_path / ".gallery-1a2b3c4d-word-00.tmp").write_bytes(b"not ours")
    (tmp_path / "x.png").write_bytes(b"photo")

    assert leftovers(tmp_path) == [left]
