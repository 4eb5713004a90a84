"""Opening a file that must be a plain one, without ever waiting for anybody."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader, BytesIO
from pathlib import Path


def open_plain(path: Path) -> BufferedReader | BytesIO:
    """A file on disk, opened for reading.

    To open a pipe is to wait for its other end, and some files of the system, such as `/proc/kmsg`, pass for plain ones
    of no length and are read for ever; so nothing is read of a file whose length is given as nought.

    Args:
        path: The file; links are followed.

    Raises:
        OSError: If it cannot be opened, or is no regular file.
        ValueError: If no file can have that name.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or not status.st_size:
        os.close(descriptor)
        if stat.S_ISREG(status.st_mode):
            return BytesIO()
        kind = errno.EISDIR if stat.S_ISDIR(status.st_mode) else errno.EINVAL
        raise OSError(kind, os.strerror(kind) if kind == errno.EISDIR else "it is no regular file", str(path))
    os.set_blocking(descriptor, True)
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path) -> bytes:
    """All of a file that `open_plain` opens."""
    with open_plain(path) as file:
        return file.read()
