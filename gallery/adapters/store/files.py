"""The gallery as a file: where it is, whether it may be written, and how a new one comes to be."""

from __future__ import annotations

import logging
import os
import secrets
import shlex
import stat
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gallery.adapters.store.keys import Key
from gallery.domain.errors import StoreUnusable

_log = logging.getLogger(__name__)

OWNER_ONLY = 0o600
"""A gallery holds biometric data and names: nobody but its owner reads it."""

BACKUP = ".backup"
"""How the names of backups end."""
_CONVERTING = ".converting"
"""How the names of files end that a gallery is being encrypted or decrypted into."""

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process that holds the file."""


class Access(Enum):
    """How SQLite is to open the file; the value goes into its URI (https://www.sqlite.org/uri.html)."""

    WRITE = "mode=rw"
    READ = "mode=ro"
    FROZEN = "immutable=1"
    """Nothing can be written beside the file, not even the index of a write-ahead log, and no log is pending."""


Inode = tuple[int, int]
"""Device and number: what a file is, whatever it is called."""


def inode_of(path: Path) -> Inode | None:
    """What lies at a path; None where nothing does, or it cannot be told."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


@dataclass(frozen=True, slots=True)
class GalleryFile:
    """A gallery file and the way to open it.

    Attributes:
        path: Where it is.
        access: Whether it can be written.
        timeout: Seconds to wait for another process that holds it.
        key: What it is encrypted with; None where it is not.
        found: Device and inode of the file that was found there; None where nobody has looked.
    """

    path: Path
    access: Access = Access.WRITE
    timeout: float = BUSY_TIMEOUT
    key: Key | None = None
    found: Inode | None = None

    @property
    def uri(self) -> str:
        """What SQLite is to open. It never makes a file: that would not be private from its first byte."""
        return f"{self.path.absolute().as_uri()}?{self.access.value}"

    @property
    def writable(self) -> bool:
        """Whether the gallery can be written."""
        return self.access is Access.WRITE

    def require_writable(self) -> None:
        """Checks that the gallery can be written.

        Raises:
            StoreUnusable: If the file or its folder is read-only.
        """
        if not self.writable:
            raise read_only(self.path)


def find(path: Path, timeout: float) -> GalleryFile:
    """An existing gallery file, to be read, and written where that is allowed.

    Raises:
        StoreUnusable: If there is none, or it is not a file.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise no_gallery_yet(path) from None
    except OSError as error:
        raise _unreachable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise _not_a_file(path)
    if status.st_size == 1:  # which SQLite takes for an empty file (unixFileSize in its os_unix.c)
        raise not_a_database(path)
    return GalleryFile(path, _access(path), timeout, found=(status.st_dev, status.st_ino))


def find_or_make(path: Path, timeout: float) -> GalleryFile:
    """A gallery file to be written; where there is none, an empty file that only its owner may read.

    Raises:
        StoreUnusable: If it cannot be made or written, or is not a file.
    """
    if is_missing(path):
        _make(path)
    file = find(path, timeout)
    file.require_writable()
    return file


def make_private(path: Path) -> None:
    """Makes an empty file that only its owner may read, whatever the umask.

    Raises:
        FileExistsError: If there is something of that name.
        OSError: If it cannot be made.
    """
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY)
    try:
        os.fchmod(handle, OWNER_ONLY)
    finally:
        os.close(handle)


def log_of(path: Path) -> Path:
    """The write-ahead log beside a gallery file."""
    return path.with_name(f"{path.name}-wal")


def files_of(path: Path) -> list[Path]:
    """A gallery's own files, whether they are there or not: SQLite keeps a log and its index beside it."""
    return [path, log_of(path), path.with_name(f"{path.name}-shm")]


def backups_beside(path: Path) -> list[Path]:
    """The files beside a gallery that are named like its backups, in order of their names."""
    return _beside(path, BACKUP)


def conversion(path: Path) -> Path:
    """A new name beside a gallery for what it is being encrypted or decrypted into."""
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}{_CONVERTING}")


def conversions_beside(path: Path) -> list[Path]:
    """The files of that kind beside a gallery."""
    return _beside(path, _CONVERTING)


def warn(path: Path) -> None:
    """Logs a warning where others may read a gallery or what lies beside it, or a conversion has left a copy there."""
    left = conversions_beside(path)
    seen = [path, log_of(path), *backups_beside(path), *left]
    open_to_others = {one: mode for one in seen if (mode := _mode(one)) & 0o077}
    if open_to_others:
        what = ", ".join(f"{one} (mode {mode:04o})" for one, mode in open_to_others.items())
        names = " ".join(shlex.quote(str(one)) for one in open_to_others)
        _log.warning("Others may read or write %s; to keep them out, run: chmod 600 %s", what, names)
    for one in left:
        _log.warning("%s holds a copy of the gallery that an interrupted conversion has left; delete it.", one)


def _beside(path: Path, ending: str) -> list[Path]:
    try:
        there = list(path.parent.iterdir())
    except OSError:
        return []
    return sorted(one for one in there if one.name.startswith(f"{path.name}.") and one.name.endswith(ending))


def _mode(path: Path) -> int:
    """Permission bits of a file; none where there is no such file, or where there are no such bits."""
    try:
        return stat.S_IMODE(path.stat().st_mode) if os.name == "posix" else 0
    except OSError:
        return 0


def sync_folder(path: Path) -> None:
    """Makes sure that a file's name survives a power cut, too."""
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def no_gallery_yet(path: Path) -> StoreUnusable:
    """The error for a path where nobody has been enrolled."""
    return StoreUnusable(f"There is no gallery at {path} yet.", "Enrol somebody first: gallery enroll NAME PHOTO")


def not_a_database(path: Path) -> StoreUnusable:
    """The error for a file that SQLite did not write."""
    return StoreUnusable(
        f"{path} is not a gallery, nor any other SQLite file; it was left as it is.",
        "Choose another file with --db PATH.",
    )


def read_only(path: Path) -> StoreUnusable:
    """The error for a gallery that can be read but not written."""
    return StoreUnusable(
        f"The gallery {path} cannot be written: the file or its folder is read-only.",
        "Allow writing to both, or choose another gallery with --db PATH.",
    )


def is_missing(path: Path) -> bool:
    """Whether there is nothing at a path; False where that cannot be found out."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private(path)
    except FileExistsError:
        if is_missing(path):  # a link to nowhere, or a file where a folder should be
            raise _unmakable(path, "something else is in the way") from None
    except OSError as error:
        raise _unmakable(path, error.strerror or str(error)) from error


def _access(path: Path) -> Access:
    path = path.resolve()  # SQLite follows a link, and keeps its log beside the file itself
    if _may_write(path) and _may_write(path.parent):
        return Access.WRITE
    return Access.READ if _log_is_pending(path) else Access.FROZEN


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _log_is_pending(path: Path) -> bool:
    try:
        return log_of(path).stat().st_size > 0
    except OSError:
        return False


def _unmakable(path: Path, why: str) -> StoreUnusable:
    return StoreUnusable(
        f"The gallery {path} cannot be made: {why}.", "Choose a place you may write to with --db PATH."
    )


def _unreachable(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        f"The gallery {path} cannot be opened: {error.strerror or error}.", "Choose another gallery with --db PATH."
    )


def _not_a_file(path: Path) -> StoreUnusable:
    what = "a folder" if path.is_dir() else "not a file"
    return StoreUnusable(
        f"The gallery cannot be {path}: that is {what}.", "Name a file, such as gallery.db, with --db PATH."
    )
