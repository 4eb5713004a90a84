"""Writing one photo."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from pathlib import Path

from gallery.adapters.photos.atomic import put_in_place, put_where_nothing_is, written_beside
from gallery.adapters.photos.encoding import CannotEncode, Wanted, encode
from gallery.adapters.photos.heif import NoHeif, remedy
from gallery.adapters.photos.wording import not_written
from gallery.adapters.plain_file import open_plain
from gallery.domain.errors import NotWritten
from gallery.domain.faces import RGB, Photo, require_rgb
from gallery.domain.paths import shown
from gallery.domain.ports import Staged


def write(pixels: RGB, like: Photo, target: Path, wanted: Wanted | None = None) -> str:
    """Writes a picture in the format and quality of `like`, or those wanted, without metadata, all or nothing.

    See `stage`. A file that is there already, from an earlier run, is replaced in one step, and stays as it is where
    writing fails.

    Args:
        pixels: `(height, width, 3) uint8` RGB of the same size as `like`.
        like: The photo as it was read.
        target: The file to write.
        wanted: What the user asked for of formats, quality and metadata.

    Returns:
        SHA-256 of the file written, in hexadecimal.

    Raises:
        NotWritten: If it could not be written, or `target` is the photo's own file.
        ValueError: If the pixels are not a picture of that size.
    """
    staged = stage(pixels, like, target, wanted)
    try:
        put_in_place(staged.path, target)
    except OSError as error:
        raise not_written(target, error) from error
    return staged.sha256


def stage(pixels: RGB, like: Photo, target: Path, wanted: Wanted | None = None) -> Staged:
    """Writes a picture under a hidden name beside its target, synced to disk.

    See `gallery.adapters.photos.encoding` for what is promised of the pixels. The file is in that format whatever
    `target` is called: a JPEG that came as `x.png` stays both. Missing folders are made.

    Args:
        pixels: `(height, width, 3) uint8` RGB of the same size as `like`.
        like: The photo as it was read.
        target: What the file is to be called.
        wanted: What the user asked for of formats, quality and metadata.

    Raises:
        NotWritten: If it could not be written, or `target` is the photo's own file.
        ValueError: If the pixels are not a picture of that size.
    """
    require_rgb(pixels, f"the picture for {target}")
    if pixels.shape != like.pixels.shape:
        raise ValueError(f"a picture of {pixels.shape} cannot take the place of one of {like.pixels.shape}")
    _protect_input(like.source, target)
    data = _encoded(pixels, like, target, wanted or Wanted())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = written_beside(data, target)
    except (OSError, ValueError) as error:
        raise not_written(target, error) from error
    return Staged(temporary, target, hashlib.sha256(data).hexdigest())


def copy_times(source: Path, copy: Path) -> None:
    """Gives a file the time at which another was last changed; where that is not to be had, it keeps its own."""
    with contextlib.suppress(OSError):
        changed = source.stat().st_mtime_ns
        os.utime(copy, ns=(changed, changed))


def publish(staged: Staged, instead_of: str | None) -> None:
    """Gives a staged file its name.

    Args:
        staged: The file.
        instead_of: SHA-256 of the file that may have the name and is replaced; None where none may.

    Raises:
        NotWritten: If another file has the name by now, or it cannot be done; the staged file is gone then.
    """
    try:
        if instead_of is None:
            put_where_nothing_is(staged.path, staged.target)
        elif fingerprint(staged.target) == instead_of:
            put_in_place(staged.path, staged.target)
        else:
            raise FileExistsError
    except FileExistsError as error:
        staged.path.unlink(missing_ok=True)
        raise NotWritten(
            f"{shown(staged.target)} has come or changed while the photo was at work, and was left as it is.",
            "Choose another --output folder, or move that file away.",
        ) from error
    except OSError as error:
        raise not_written(staged.target, error) from error


def fingerprint(path: Path) -> str | None:
    """SHA-256 of whatever file lies there; None where nothing does.

    Raises:
        NotWritten: If something does that cannot be read, or is no file.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotWritten(f"{shown(path)} is in the way and is no regular file.", "Choose another --output folder.")
        with open_plain(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotWritten(
            f"{shown(path)} is in the way and cannot be read: {error.strerror}.", "Choose another --output folder."
        ) from error


def _protect_input(source: Path, target: Path) -> None:
    try:
        same = target.samefile(source)
    except (OSError, ValueError):  # one of them does not exist; if it cannot be reached, writing will say so
        return
    if same:
        raise NotWritten(
            f"{shown(target)} is the photo that was read, and an input is never overwritten.",
            "Choose another output folder.",
        )


def _encoded(pixels: RGB, like: Photo, target: Path, wanted: Wanted) -> bytes:
    kind = wanted.format or like.format
    try:
        return encode(pixels, like, wanted)
    except CannotEncode as error:
        raise NotWritten(
            f"{shown(target)} was not written, because {kind} cannot be written without changing its colours.",
            "Convert the photo to PNG first.",
        ) from error
    except NoHeif as error:
        raise NotWritten(f"{shown(target)} was not written, because HEIC needs pillow-heif.", remedy()) from error
    except Exception as error:  # Pillow's encoders raise OSError, ValueError, SystemError and MemoryError
        raise NotWritten(
            f"{shown(target)} could not be written as {kind}: {error}.", "Convert the photo to PNG first."
        ) from error
