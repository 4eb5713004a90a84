"""A disk that is full, made small by a limit on the size of files in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gallery
from gallery.adapters.store import SqliteStore
from gallery.adapters.store.health import check
from gallery.adapters.store.schema import make_file

ROOT = Path(gallery.__file__).resolve().parent.parent

LIMITED = """
import resource, sys
from pathlib import Path
from gallery.domain.errors import GalleryError

path, room = Path(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
try:
    {body}
except GalleryError as error:
    print(error.exit_code, error.message)
"""

ENROL = """
    import numpy as np
    from gallery.adapters.store import SqliteStore
    from gallery.domain.faces import Detection, Quality
    from gallery.domain.geometry import Box
    from gallery.domain.models import EmbeddingSpace
    from gallery.domain.people import NewReference, Reference
    space = EmbeddingSpace("big", "a" * 64, "box, none", 2622)
    with SqliteStore.open(path, create=True) as store:
        for n in range(10_000):
            face = Detection(Box(1, 2, 3, 4), 0.9), Quality(3, 1.0, True), "yunet"
            reference = Reference(f"{n}.jpg", f"{n:064x}", *face)
            store.add(f"Person {n % 7}", NewReference(reference, np.full(2622, n, np.float32)), space)
            print(n, flush=True)
"""


def limited(path: Path, room: int, body: str) -> list[str]:
    """The lines that a process prints which may make no file longer than `room` bytes."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIMITED.replace("{body}", body.strip()), str(path), str(room)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture(params=[False, True], ids=["plain", "encrypted"])
def made(request, path, monkeypatch) -> Path:
    monkeypatch.setenv("GALLERY_KEY", "secret")
    make_file(path, encrypted=request.param)
    return path


@pytest.mark.parametrize("more", [200_000, 1_000_000])
def test_nothing_is_lost_when_enrolling_fills_the_disk(made, more):
    *accepted, last = limited(made, made.stat().st_size + more, ENROL)
    code, message = last.split(" ", 1)
    assert code == "1"
    assert message.startswith(f"The gallery {made} cannot be ")
    assert "the disk is full" in message
    assert accepted
    with SqliteStore.open(made, create=False) as store:
        assert sorted(int(vector[0]) for vector in store.whitelist().templates) == list(range(len(accepted)))
    assert check(made).findings == ()


@pytest.mark.parametrize("room", [0, 4096, 100_000])
def test_a_gallery_that_does_not_fit_is_not_half_made(path, room):
    body = "from gallery.adapters.store import SqliteStore; SqliteStore.open(path, create=True)"
    (said,) = limited(path, room, body)
    assert said.startswith("1 The gallery")
    assert "full" in said
    with SqliteStore.open(path, create=True) as store:
        assert store.identities() == []


@pytest.mark.parametrize("what", ["backup", "encrypt", "upgrade"])
def test_what_needs_a_copy_leaves_no_half_of_it(made, what):
    body = {
        "backup": "from gallery.adapters.store.backup import make; make(path, None)",
        "encrypt": "from gallery.adapters.store import converting as c, encryption, files\n"
        "    (c.encrypt if encryption.is_plain_copy(path) else c.decrypt)(path)",
        "upgrade": "from gallery.adapters.store.schema import Schema, REVISIONS, upgrade\n"
        "    from gallery.resources import resource\n"
        "    upgrade(path, schema=Schema((*REVISIONS, '9999'), resource('migrations')))",
    }[what]
    (said,) = limited(made, 50_000, body)
    assert said.startswith("1 ")
    assert "full" in said
    names = sorted(one.name for one in made.parent.iterdir() if not one.name.endswith(("-wal", "-shm")))
    assert names == ["gallery.db"]
    assert check(made).findings == ()


def test_a_full_disk_is_one_sentence_of_the_command_line(made):
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY));"
        " from gallery.cli.boundary import run; sys.exit(run(['db', 'backup']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "GALLERY_DB": str(made)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("Error: The gallery")
    assert "the disk is full" in first
    assert second.startswith("Make room")
