"""Writing a file for its owner's eyes only, all or nothing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gallery.adapters.photos.atomic import hidden_beside, put_in_place, put_where_nothing_is
from gallery.adapters.store.files import OWNER_ONLY


@contextmanager
def private_file(target: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file that appears at its place only when all of it is written and synced.

    The bytes go to a hidden temporary file in the same folder, with mode 0600 from the first of them. On any failure,
    Ctrl-C included, it is removed.

    Args:
        target: Where the file belongs; its folder must exist.
        force: Whether to replace one that is there. Without, it stays, even if it came while the new one was written.

    Raises:
        FileExistsError: If there is one, and it is not to be replaced.
        OSError: If the file could not be written.
    """
    temporary = hidden_beside(target)
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY)
        with os.fdopen(handle, "w+b") as file:
            os.fchmod(handle, OWNER_ONLY)  # whatever the umask
            yield file
            file.flush()
            os.fsync(handle)
        (put_in_place if force else put_where_nothing_is)(temporary, target)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
