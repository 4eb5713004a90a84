"""The port `PhotoFiles`, by Pillow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from gallery.adapters.photos.expand import below, expand, find
from gallery.adapters.photos.read import read
from gallery.adapters.photos.write import write
from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.faces import RGB, Photo
from gallery.domain.paths import shown

MAX_PIXELS = 100_000_000
"""Largest picture read unless told otherwise: twice what a 50-megapixel camera makes, 300 MB in memory."""


class PillowPhotoFiles:
    """Photo files on disk, read and written with Pillow.

    Args:
        max_pixels: Width times height of the largest picture that is read.

    Raises:
        BadArgument: If `max_pixels` is not positive.
    """

    def __init__(self, max_pixels: int = MAX_PIXELS) -> None:
        if max_pixels < 1:
            raise BadArgument(f"The largest number of pixels must be at least 1, not {max_pixels}.")
        self._max_pixels = max_pixels

    def find(self, paths: Sequence[Path]) -> list[Path]:
        """See `gallery.adapters.photos.expand.find`."""
        return find(paths)

    def expand(self, paths: Sequence[Path]) -> list[tuple[Path, Path]]:
        """See `gallery.adapters.photos.expand.expand`."""
        return expand(paths)

    def below(self, folder: Path) -> list[Path]:
        """See `gallery.adapters.photos.expand.below`."""
        return below(folder)

    def read(self, path: Path) -> Photo:
        """See `gallery.adapters.photos.read.read`."""
        return read(path, self._max_pixels)

    def write(self, pixels: RGB, like: Photo, target: Path) -> str:
        """See `gallery.adapters.photos.write.write`."""
        return write(pixels, like, target)

    def fingerprint(self, path: Path) -> str | None:
        """See `gallery.domain.ports.PhotoFiles`."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise NotWritten(
                f"{shown(path)} is in the way and cannot be read: {error.strerror}.", "Choose another --output folder."
            ) from error

    def discard(self, path: Path) -> None:
        """Removes a file that `write` made and that must not stay; a file that is gone already is no error."""
        path.unlink(missing_ok=True)
