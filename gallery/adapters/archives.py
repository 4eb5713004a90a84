"""Photos that come packed as one ZIP file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gallery.domain.errors import BadPhoto
from gallery.domain.paths import shown
from gallery.domain.unfinished import temporary_folder


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder as it is, or the content of a ZIP file in a temporary folder, which is removed afterwards.

    Of an archive whose content is one folder, that folder is given.

    Raises:
        BadPhoto: If there is no such folder or file, or it is no ZIP file, or a damaged one.
    """
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise BadPhoto(f"There is no folder {shown(path)}.", "Check its path.")
    with temporary_folder("gallery-") as temporary:
        _unpack(path, temporary)
        yield _only_folder(temporary)


def _unpack(path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise BadPhoto(
            f"{shown(path)} is neither a folder nor a whole ZIP file.",
            "Name a folder of photos, or get the file again.",
        ) from error
    except (OSError, RuntimeError, NotImplementedError) as error:  # no room; a password; a method that is not known
        raise BadPhoto(
            f"{shown(path)} cannot be unpacked: {error}.", "Unpack it yourself, and name the folder."
        ) from error


def _only_folder(folder: Path) -> Path:
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() else folder
