"""Writing a file all or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


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
    temporary = hidden_beside(target)
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def hidden_beside(target: Path) -> Path:
    """A name in the same folder for what is to become a file; one that is never taken for a photo."""
    return target.with_name(f".gallery-{secrets.token_hex(8)}.tmp")


def sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlive a power cut, where the file system can do that (network ones often not)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
