"""Files and folders that must not outlive this process, wherever it is stopped."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_paths: dict[Path, int] = {}
"""Each with the process that it belongs to."""


def remember(path: Path) -> None:
    """Notes that a file or folder is unfinished; it need not be there yet."""
    _paths[path] = os.getpid()


def done(path: Path) -> None:
    """Notes that it has its name, or is gone."""
    _paths.pop(path, None)


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """A folder for the time being, among the system's temporary files."""
    with tempfile.TemporaryDirectory(prefix=prefix) as folder:
        remember(Path(folder))
        try:
            yield Path(folder)
        finally:
            done(Path(folder))


def remove_all() -> None:
    """Removes what is unfinished, right before the process ends: threads may still be at work then."""
    for path in [path for path, process in _paths.items() if process == os.getpid()]:
        with contextlib.suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


atexit.register(remove_all)
