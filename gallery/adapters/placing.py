"""Puts files into the models folder whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.domain.errors import NotWritten


def free_bytes(folder: Path) -> int:
    """How much this user may still write below a folder, in bytes."""
    return shutil.disk_usage(folder).free


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns an operating system's refusal to write into a sentence.

    Raises:
        NotWritten: If anything inside fails with an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise NotWritten(
            f"{path} could not be written: {error.strerror or error}.",
            "Check the folder's permissions and the room on its disk, or choose another folder with --models-dir.",
        ) from error


@contextmanager
def deleting(path: Path) -> Iterator[None]:
    """Turns an operating system's refusal to delete into a sentence.

    Raises:
        NotWritten: If anything inside fails with an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise NotWritten(
            f"{path} could not be deleted: {error.strerror or error}.", "Check the permissions of its folder."
        ) from error


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
