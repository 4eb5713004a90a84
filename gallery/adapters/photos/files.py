"""The port `PhotoFiles`, by Pillow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gallery.adapters.photos.atomic import leftovers, reserved
from gallery.adapters.photos.encoding import Wanted
from gallery.adapters.photos.expand import below, expand, find, require_any
from gallery.adapters.photos.formats import ALIASES, CHOICES, SUFFIXES_OF
from gallery.adapters.photos.read import read
from gallery.adapters.photos.size import size_of
from gallery.adapters.photos.wording import not_written
from gallery.adapters.photos.write import copy_times, fingerprint, publish, stage, write
from gallery.adapters.verifying.verify import verify
from gallery.domain import unfinished
from gallery.domain.errors import BadArgument, NotWritten, Unverified
from gallery.domain.faces import RGB, Photo
from gallery.domain.geometry import Box
from gallery.domain.paths import shown
from gallery.domain.ports import Staged
from gallery.domain.selecting import Selection, require_own_targets

_LOSSLESS = frozenset(("png", "tiff", "bmp"))

MAX_PIXELS = 100_000_000
"""Largest picture read unless told otherwise: twice what a 50-megapixel camera makes, 300 MB in memory."""


class PillowPhotoFiles:
    """Photo files on disk, read and written with Pillow.

    Args:
        max_pixels: Width times height of the largest picture that is read.
        file_format: A name of `CHOICES`: what outputs are written as; None for each input's own.
        quality: From 1 to 100: of lossy outputs; None for each input's own, or what comes near it.
        keep_metadata: Whether what `gallery.adapters.photos.kept_metadata` lists goes along with outputs.
        keep_times: Whether outputs get the time at which their inputs were last changed.

    Raises:
        BadArgument: If one of them makes no sense.
    """

    def __init__(
        self,
        max_pixels: int = MAX_PIXELS,
        file_format: str | None = None,
        quality: int | None = None,
        keep_metadata: bool = False,
        keep_times: bool = False,
    ) -> None:
        if max_pixels < 1:
            raise BadArgument(f"The largest number of pixels must be at least 1, not {max_pixels}.")
        file_format = file_format and ALIASES.get(file_format.lower(), file_format.lower())
        if file_format is not None and file_format not in CHOICES:
            raise BadArgument(f"There is no output format {file_format!r}.", f"Choose one of {', '.join(CHOICES)}.")
        if quality is not None and not 1 <= quality <= 100:
            raise BadArgument(f"A quality must be from 1 to 100, not {quality}.")
        if quality is not None and file_format in _LOSSLESS:
            raise BadArgument(f"A quality means nothing to {file_format}, which loses nothing.", "Leave --quality out.")
        self._max_pixels = max_pixels
        self._keep_times = keep_times
        self._wanted = Wanted(CHOICES.get(file_format or ""), quality, keep_metadata)

    @property
    def settings(self) -> dict[str, Any]:
        """What of the outputs was asked for, for the record; empty if nothing was."""
        asked = {key: value for key, value in asdict(self._wanted).items() if value}
        asked |= {"keep_times": True} if self._keep_times else {}
        return asked if self._max_pixels == MAX_PIXELS else asked | {"max_pixels": self._max_pixels}

    def find(self, paths: Sequence[Path]) -> list[Path]:
        """See `gallery.adapters.photos.expand.find`."""
        return find(paths)

    def expand(
        self, paths: Sequence[Path], selection: Selection | None = None, output: Path | None = None
    ) -> list[tuple[Path, Path]]:
        """See `gallery.adapters.photos.expand.expand`. Where a format was asked for, outputs are named after it.

        Raises:
            BadPhoto: If not one of the photos is there, besides what `expand` says.
        """
        files = [(file, self._named(target)) for file, target in expand(paths, selection, output)]
        require_own_targets(files)
        require_any(files)
        return files

    def _named(self, target: Path) -> Path:
        endings = SUFFIXES_OF.get(self._wanted.format or "")
        return target if endings is None or target.suffix.lower() in endings else target.with_suffix(endings[0])

    def below(self, folder: Path) -> list[Path]:
        """See `gallery.adapters.photos.expand.below`."""
        return below(folder)

    def read(self, path: Path) -> Photo:
        """See `gallery.adapters.photos.read.read`."""
        return read(path, self._max_pixels)

    def write(self, pixels: RGB, like: Photo, target: Path) -> str:
        """See `gallery.adapters.photos.write.write`."""
        return write(pixels, like, target, self._wanted)

    def stage(self, pixels: RGB, like: Photo, target: Path) -> Staged:
        """See `gallery.adapters.photos.write.stage`."""
        staged = stage(pixels, like, target, self._wanted)
        if self._keep_times:
            copy_times(like.source, staged.path)
        return staged

    def verify(self, staged: Staged, pixels: RGB, like: Photo, covered: Sequence[Box]) -> RGB:
        """See `gallery.adapters.verifying.verify.verify`; what is said of the hidden file is said of its target."""
        try:
            return verify(staged.path, staged.sha256, pixels, like, covered, self._wanted)
        except NotWritten as error:
            message = error.message.replace(shown(staged.path), shown(staged.target))
            raise Unverified(message, error.hint) from error

    def publish(self, staged: Staged, instead_of: str | None) -> None:
        """See `gallery.adapters.photos.write.publish`."""
        publish(staged, instead_of)

    @contextlib.contextmanager
    def reserve(self, folder: Path) -> Iterator[None]:
        """See `gallery.domain.ports.PhotoFiles`. The folder is made if it is not there."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            raise not_written(folder, error) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise NotWritten(f"There is no permission to write to {shown(folder)}.", "Choose another --output folder.")
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(reserved(folder))
            except BlockingIOError as error:
                raise NotWritten(
                    f"Another run is writing to {shown(folder)}.", "Wait for it, or choose another --output folder."
                ) from error
            yield

    def tidy(self, folder: Path) -> None:
        """See `gallery.domain.ports.PhotoFiles`."""
        with contextlib.suppress(OSError):
            for path in leftovers(folder):
                path.unlink(missing_ok=True)

    def size_of(self, path: Path) -> int:
        """See `gallery.adapters.photos.size.size_of`."""
        return size_of(path, self._max_pixels)

    def is_there(self, path: Path) -> bool:
        """See `gallery.domain.ports.PhotoFiles`."""
        try:
            return os.path.lexists(path)
        except ValueError:  # a NUL byte
            return False

    def fingerprint(self, path: Path) -> str | None:
        """See `gallery.adapters.photos.write.fingerprint`."""
        return fingerprint(path)

    def discard(self, path: Path) -> None:
        """Removes a file that `write` made and that must not stay; a file that is gone already is no error."""
        path.unlink(missing_ok=True)
        unfinished.done(path)
