"""Puts files into the models folder whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from gallery.domain.errors import NotWritten
from gallery.domain.unfinished import done, remember

_PREFIX, _SUFFIX = ".gallery-", ".unfinished"
_UNFINISHED = re.compile(rf"{re.escape(_PREFIX)}[a-z0-9_]{{8}}{re.escape(_SUFFIX)}")
"""The names that `tempfile` makes of the two. Nothing else in a models folder is called so."""
_ABANDONED = 3600
"""Seconds after its last byte from which an unfinished file belongs to nobody; each is written in a minute or so."""


def free_bytes(folder: Path) -> int:
    """How much this user may still write below a folder, in bytes."""
    return shutil.disk_usage(folder).free


def writing(path: Path) -> AbstractContextManager[None]:
    """Turns an operating system's refusal to write into a sentence.

    Raises:
        NotWritten: If anything inside fails with an `OSError`.
    """
    return _allowed(
        f"{path} could not be written",
        "Check the folder's permissions and the room on its disk, or choose another folder with --models-dir.",
    )


def deleting(path: Path) -> AbstractContextManager[None]:
    """Turns an operating system's refusal to delete into a sentence.

    Raises:
        NotWritten: If anything inside fails with an `OSError`.
    """
    return _allowed(f"{path} could not be deleted", "Check the permissions of its folder.")


@contextmanager
def _allowed(refusal: str, hint: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise NotWritten(f"{refusal}: {error.strerror or error}.", hint) from error


def require_room(target: Path, needed: int, free: int) -> None:
    """Refuses to start what cannot be finished.

    Args:
        target: The file to be written.
        needed: Bytes still to be written.
        free: Bytes that can be written there.

    Raises:
        NotWritten: If there is not enough room.
    """
    if needed > free:
        raise NotWritten(
            f"{target.name} needs {needed / 1e6:,.1f} MB more, and the disk of {target.parent} has only "
            f"{free / 1e6:,.1f} MB left.",
            "Make room, or choose a folder on another disk with --models-dir.",
        )


@contextmanager
def folder_of(target: Path) -> Iterator[None]:
    """Makes the folder of a file; if what follows fails, what was made of it goes again, unless something is in it."""
    made = [folder for folder in target.parents if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for folder in made:
                folder.rmdir()
        raise


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """An empty file beside a target, to be filled and placed; whatever still has its name at the end is removed.

    Args:
        target: What it is to become; its folder must exist.
    """
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
    os.close(descriptor)
    remember(Path(name))
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        done(Path(name))


def sweep(folder: Path) -> None:
    """Removes unfinished files that processes which were killed have left, as far as they can be removed."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _UNFINISHED.fullmatch(entry.name):
                with suppress(OSError):
                    _sweep_one(Path(entry.path))


def _sweep_one(path: Path) -> None:
    there = path.lstat()
    if stat.S_ISREG(there.st_mode) and time.time() - there.st_mtime > _ABANDONED:
        path.unlink()


def place(temporary: Path, target: Path) -> None:
    """Gives a finished and synced file its final name in the same folder, and syncs the folder.

    Whoever looks sees the old file or the new one, even after a power cut.
    """
    temporary.replace(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
