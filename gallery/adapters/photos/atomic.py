"""Writing a file all or nothing."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import platform
import secrets
from collections.abc import Iterator
from pathlib import Path

from gallery.domain import unfinished

_PREFIX, _SUFFIX = ".gallery-", ".tmp"


def write_atomically(data: bytes, target: Path) -> None:
    """Puts a file in its place in one step; whoever looks finds the old one, if there was one, or all of the new one.

    The bytes go to a hidden temporary file in the same folder, are synced to disk, and the file is renamed. It gets
    the permissions that any new file of this user gets (the umask's). On any failure, Ctrl-C included, the temporary
    file is removed; only a killed process can leave one behind, and its name, `.gallery-….tmp`, keeps it from ever
    being taken for a photo.

    Args:
        data: The file's content.
        target: Its path; its folder must exist.

    Raises:
        OSError: If it could not be written.
    """
    put_in_place(written_beside(data, target), target)


def written_beside(data: bytes, target: Path) -> Path:
    """The first half: the file under a hidden name, synced to disk.

    Args:
        data: The file's content.
        target: What it is to be called; its folder must exist.

    Raises:
        OSError: If it could not be written; nothing is left.
    """
    temporary = hidden_beside(target)
    with _removed_unless_done(temporary):
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return temporary


def put_in_place(temporary: Path, target: Path) -> None:
    """The second half: gives it its name, in place of whatever has it.

    Raises:
        OSError: If that cannot be done; the hidden file is gone then.
    """
    with _removed_unless_done(temporary):
        temporary.replace(target)
    unfinished.done(temporary)
    sync_folder(target.parent)


def put_where_nothing_is(temporary: Path, target: Path) -> None:
    """The second half, where nothing may have the name; the file system itself sees to that, where it can.

    Raises:
        FileExistsError: If something has it; the hidden file is gone then.
        OSError: If it cannot be done; likewise.
    """
    with _removed_unless_done(temporary):
        try:
            target.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:  # a disk without hard links
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            temporary.replace(target)
        else:
            temporary.unlink()
    unfinished.done(temporary)
    sync_folder(target.parent)


@contextlib.contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Holds a lock on a folder, which ends with the process; where there are no such locks, it does nothing.

    Raises:
        BlockingIOError: If another process holds it.
    """
    try:
        import fcntl

        descriptor = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a disk without locks
            pass
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _removed_unless_done(temporary: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        unfinished.done(temporary)
        raise


def hidden_beside(target: Path) -> Path:
    """A name in the same folder for what is to become a file; one that is never taken for a photo.

    It tells which machine and process it belongs to, so that `leftovers` knows those of processes that are gone.
    """
    hidden = target.with_name(f"{_PREFIX}{_machine()}-{os.getpid()}-{secrets.token_hex(8)}{_SUFFIX}")
    unfinished.remember(hidden)
    return hidden


def leftovers(folder: Path) -> list[Path]:
    """Hidden files in a folder that belong to processes of this machine which are gone.

    Raises:
        OSError: If the folder cannot be listed.
    """
    return [path for path in folder.glob(f"{_PREFIX}{_machine()}-*{_SUFFIX}") if not _alive(path.name.split("-")[2])]


def _machine() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _alive(process: str) -> bool:
    if not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # somebody else's process, or a number that is none
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlive a power cut, where the file system can do that (network ones often not)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
