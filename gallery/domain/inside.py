"""Whether a path leads into a folder, whatever links and mounts it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from gallery.domain.errors import BadArgument
from gallery.domain.paths import real, shown

_MOST = 10_000
"""Subfolders that are looked at: what was published into a home folder must not have all of it searched."""

_Inode = tuple[int, int]
"""Device and number: a folder that is mounted at a second place is the same there."""


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path, which need not exist yet, is a folder or leads into it.

    Links are followed. Of what is mounted twice, the inodes tell that it is one: the folder's own, if it is there, and
    its subfolders'; or else that of the nearest folder above it that is there.

    Args:
        path: Of a file or folder.
        folder: The other.
    """
    target, place = real(path), real(folder)
    if place in (target, *target.parents):
        return True
    above = dict(_ancestors(target))
    nearest = next(_ancestors(place), None)
    if nearest is not None and nearest[1]:
        inode, missing = nearest
        return above.get(inode, ())[: len(missing)] == missing
    return any(inode in above for inode in _folders(place))


def require_outside(path: Path, folder: Path, shows: str) -> None:
    """Checks that a file for the operator's eyes is not written into a folder that is published.

    Args:
        path: The file, or a folder of such files.
        folder: What is published.
        shows: What it would show, to follow "but".

    Raises:
        BadArgument: If it would lie there.
    """
    if lies_in(path, folder):
        raise BadArgument(
            f"{shown(path)} lies in the output folder {shown(folder)}, but {shows}.",
            "Choose a place that is not published.",
        )


def _ancestors(path: Path) -> Iterator[tuple[_Inode, tuple[str, ...]]]:
    """The path and the folders above it that are there, from the lowest, each with the names from there to the path."""
    for place in (path, *path.parents):
        inode = _inode(place)
        if inode is not None:
            yield inode, path.relative_to(place).parts


def _folders(top: Path) -> Iterator[_Inode]:
    for folder, _, _ in islice(os.walk(top), _MOST):
        inode = _inode(Path(folder))
        if inode is not None:
            yield inode


def _inode(path: Path) -> _Inode | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
