"""Notices that the gallery file, or what SQLite keeps beside it, is another than the one that was opened.

An open connection goes on with the file it opened when that is deleted, moved or replaced: what is written then is in
no gallery, and what is read is not what the gallery says now (https://www.sqlite.org/howtocorrupt.html, section 4).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from gallery.adapters.store.files import GalleryFile, Inode, files_of, inode_of
from gallery.domain.errors import GalleryReplaced

Written = tuple[int, int, int]
"""Size and times of a file, which change when it is written."""

Beside = dict[Path, Inode]
"""The log of a gallery and its index."""

_BESIDE = "gallery_beside"


def require_same(file: GalleryFile) -> None:
    """Checks that the file that was found is still the one of that name.

    Raises:
        GalleryReplaced: If it is not.
    """
    if file.found is None:
        return
    there = inode_of(file.path)
    if there != file.found:
        raise _gone(file.path, "removed or moved" if there is None else "replaced by another file")


def require_same_log(file: GalleryFile, info: MutableMapping[Any, Any]) -> Beside:
    """Checks that the log that a connection writes, and its index, are still beside the file.

    SQLite removes them only when nobody has the gallery open.

    Args:
        file: The gallery.
        info: Keeps what lay there, as long as the connection is open.

    Returns:
        What lies there.

    Raises:
        GalleryReplaced: If one of them was removed or replaced.
    """
    noted: Beside = info.setdefault(_BESIDE, {})
    for path in files_of(file.path.resolve())[1:]:
        there = inode_of(path)
        if path in noted and there != noted[path]:
            raise _gone(path, "removed or replaced")
        if there is not None:
            noted[path] = there
    return noted


def drop_stray_log(file: GalleryFile, beside: Beside) -> None:
    """Removes the log of a file that was replaced: SQLite would take it for the new one's, and mix the two.

    Where nothing lies in the file's place it stays, as the file may be put back.

    Args:
        file: The gallery; all connections to it are closed.
        beside: What `require_same_log` gave.
    """
    if inode_of(file.path) in {None, file.found}:
        return
    for path, noted in beside.items():
        if inode_of(path) == noted:
            path.unlink(missing_ok=True)


def written_at(path: Path) -> Written | None:
    """What tells whether a file was written since; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _gone(path: Path, how: str) -> GalleryReplaced:
    return GalleryReplaced(
        f"{path} was {how} while the gallery was in use, so nothing more was done.",
        "Put it back; or delete what lies beside it under its name with -wal and -shm, and restore a backup.",
    )
