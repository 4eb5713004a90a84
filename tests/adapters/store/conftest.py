"""A gallery file to work with, and what goes into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from gallery.adapters.store import SqliteStore
from gallery.domain.faces import Detection, Quality
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.models import EmbeddingSpace
from gallery.domain.people import NewReference, Reference

NOBODY = 65534  # the user without rights, on every Unix
START = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
USUAL = Box(10, 20, 30, 40)

MakeReference = Callable[..., NewReference]


@pytest.fixture(scope="session")
def space() -> EmbeddingSpace:
    return EmbeddingSpace("tiny", "a" * 64, "aligned margin 0, l2, 4-d", 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gallery.db"


@pytest.fixture(scope="session")
def new_gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery as it is made, to be copied: faster than making it again."""
    made = tmp_path_factory.mktemp("new") / "gallery.db"
    SqliteStore.open(made, create=True).close()
    return made


@pytest.fixture
def store(path: Path, new_gallery: Path) -> Iterator[SqliteStore]:
    """An empty gallery whose clock goes on by a second whenever it is looked at."""
    shutil.copyfile(new_gallery, path)
    path.chmod(0o600)
    seconds = iter(range(10**6))
    with SqliteStore.open(path, create=True, clock=lambda: START + timedelta(seconds=next(seconds))) as opened:
        yield opened


@pytest.fixture(scope="session")
def make_reference() -> MakeReference:
    """Makes the nth reference; its embedding is (n, 1, 2, 3)."""

    def make(
        n: int = 1,
        box: Box = USUAL,
        sha256: str | None = None,
        source: str | None = None,
        landmarks: Landmarks | None = None,
        embedding: np.ndarray | None = None,
    ) -> NewReference:
        return NewReference(
            Reference(
                source=source or f"photo{n}.jpg",
                sha256=sha256 or f"{n:064x}",
                detection=Detection(box, 0.875, landmarks),
                quality=Quality(30, 12.5, landmarks is not None),
                detector="yunet",
            ),
            np.array([n, 1, 2, 3], np.float32) if embedding is None else embedding,
        )

    return make


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that an ordinary user can reach, unlike pytest's own when it runs as root."""
    folder = Path(tempfile.mkdtemp(prefix="gallery-test-"))
    yield folder
    folder.chmod(0o700)
    shutil.rmtree(folder)


@pytest.fixture
def as_ordinary_user() -> Callable[[Path], AbstractContextManager[None]]:
    """Gives a folder to a user who, unlike root, is bound by the modes of files, and acts as that user."""

    @contextmanager
    def act(folder: Path) -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)

    return act
