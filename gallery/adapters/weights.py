"""The models' files on this machine: where they lie, whether they are the right ones, and copying them in.

A file is hashed every time before it is used. Remembering the hash of a file by its path, size, time and inode would
save half a second for the largest model (580 MB), but a file that was changed and had its time set back, or that the
disk got wrong, would then pass; and a model is loaded once per command, which takes seconds anyway.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable
from io import BufferedReader, BufferedWriter, BytesIO
from pathlib import Path
from typing import IO

from gallery.adapters.placing import deleting, folder_of, free_bytes, place, require_room, sweep, unfinished, writing
from gallery.adapters.plain_file import open_plain
from gallery.adapters.wheels import taken_out
from gallery.domain.errors import ModelChanged, ModelFailed, ModelMissing
from gallery.domain.models import ModelCard
from gallery.domain.ports import Fingerprint, Installed, Progress

_PIECE = 1 << 20
"""Bytes copied at a time."""


class WeightsFolder:
    """The models folder, and the other places where a model's file may lie.

    A file is looked for in the models folder, or at its absolute path where a user added it, and then in the Python
    package that carries it; the first place that has a file of that name counts.

    Args:
        folder: The models folder; need not exist.
        free: How many bytes can still be written below a folder.
    """

    def __init__(self, folder: Path, free: Callable[[Path], int] = free_bytes) -> None:
        self._folder = folder
        self._free = free

    def find(self, card: ModelCard) -> Installed | None:
        """Where a model's file lies, without reading it; None where it is not on this machine."""
        path = self.target(card)
        if _is_file(path):
            return Installed(path, "your file" if card.own else "models folder")
        packed = _in_package(card)
        return None if packed is None else Installed(packed, f"package {card.package}")

    def fingerprint(self, path: Path) -> Fingerprint:
        """Hashes a file.

        Raises:
            ModelMissing: If there is no such file.
            ModelFailed: If it cannot be read.
        """
        with _reading(path) as file:
            try:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise _unreadable(path, error) from error
            return Fingerprint(sha256, file.tell())

    def verified(self, card: ModelCard) -> Installed:
        """Where a model's file lies, after hashing it: what must be called before a file is used.

        Raises:
            ModelMissing: If it is not on this machine.
            ModelChanged: If it is not the file whose hash is on record.
            ModelFailed: If it cannot be read.
        """
        found = self.find(card)
        if found is None:
            raise _missing(card)
        sha256 = self.fingerprint(found.path).sha256
        if sha256 != card.sha256:
            raise ModelChanged(
                f"{found.path} is not the file of model {card.name}: expected SHA-256 {card.sha256}, found {sha256}.",
                _remedy_for_changed(card),
            )
        return found

    def target(self, card: ModelCard) -> Path:
        """Where a download or a copy of a model's file is put."""
        return self._folder / card.file

    def adopt(self, card: ModelCard, source: Path, progress: Progress) -> Installed:
        """Copies a file the user has into place, all or nothing; the source is only read. It may be the file's wheel.

        Raises:
            ModelMissing: If there is no such file.
            ModelChanged: If it is not the file whose hash is on record.
            ModelFailed: If it cannot be read.
            NotWritten: If the copy could not be written; nothing is left in its place, not even a folder made for it.
        """
        target = self.target(card)
        with _reading(source) as given, writing(target), folder_of(target):
            file = taken_out(card, source, given)
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            require_room(target, size, self._free(target.parent))
            with unfinished(target) as hidden:
                with hidden.open("wb") as copy:
                    sha256 = _copy(file, source, copy, size, progress)
                _require_hash(card, source, sha256)
                place(hidden, target)
        return Installed(target, "models folder")

    def is_file_of(self, card: ModelCard, path: Path) -> bool:
        """Whether a file is that of a model, by whatever path or link, or will be once there is one."""
        target = self.target(card)
        try:
            return (target.exists() and target.samefile(path)) or os.path.realpath(target) == os.path.realpath(path)
        except (OSError, ValueError):  # nothing there, a folder that may not be looked into, no path at all
            return False

    def sweep(self) -> None:
        """Deletes what processes that were killed have left unfinished in the models folder, from an hour after."""
        sweep(self._folder)

    def remove(self, card: ModelCard) -> None:
        """Deletes a model's file from the models folder, if it is there; never one that a user added.

        Raises:
            NotWritten: If it cannot be deleted.
        """
        target = self.target(card)
        if not card.own:
            with deleting(target):
                target.unlink(missing_ok=True)


def _copy(source: IO[bytes], path: Path, copy: BufferedWriter, size: int, progress: Progress) -> str:
    """Copies a file, syncs the copy, and gives the SHA-256 of what was written."""
    digest, done = hashlib.sha256(), 0
    while piece := _read(source, path):
        digest.update(piece)
        copy.write(piece)
        done += len(piece)
        progress(done, size)
    copy.flush()
    os.fchmod(copy.fileno(), 0o644)
    os.fsync(copy.fileno())
    return digest.hexdigest()


def _read(source: IO[bytes], path: Path) -> bytes:
    try:
        return source.read(_PIECE)
    except OSError as error:
        raise _unreadable(path, error) from error


def _require_hash(card: ModelCard, source: Path, sha256: str) -> None:
    if sha256 != card.sha256:
        raise ModelChanged(
            f"{source} is not the file of model {card.name}: expected SHA-256 {card.sha256}, found {sha256}.",
            "Get the file again" + (f" from {card.urls[0]}" if card.urls else "") + ", or, if these are weights of "
            "your own, add them under a name of their own with 'gallery models add'.",
        )


def _in_package(card: ModelCard) -> Path | None:
    """The file inside the package that carries it. The package is found, not imported."""
    if not card.package:
        return None
    try:
        spec = importlib.util.find_spec(card.package)
    except (ImportError, ValueError):  # ValueError: loaded already, by something that left no trace of where from
        return None
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, card.package_path)
        if _is_file(path):
            return path
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder that may not be looked into, a name too long for the file system
        return False


def _reading(path: Path) -> BufferedReader | BytesIO:
    try:
        # A pipe or a device would be read for ever; folders are left to the system's own words.
        if not path.is_file() and path.exists() and not path.is_dir():
            raise ModelFailed(f"{path} is not a regular file.", "Give the file of the weights itself.")
        return open_plain(path)
    except FileNotFoundError as error:
        raise ModelMissing(f"There is no file {path}.", "Check the path.") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> ModelFailed:
    return ModelFailed(
        f"{path} cannot be read: {error.strerror or error}.", "Check that it is a file and that you may read it."
    )


def _missing(card: ModelCard) -> ModelMissing:
    if card.own:
        return ModelMissing(
            f"The weights of model {card.name} are gone: there is no file {card.file}.",
            "Put the file back, or add it from where it is now under another name with 'gallery models add'.",
        )
    return ModelMissing(
        f"The weights of model {card.name} ({card.file}) are not on this machine.",
        f"Download them ({card.size / 1e6:,.1f} MB, licence {card.licence}) with 'gallery models install {card.name}', "
        f"or give a file you have: 'gallery models install {card.name} --from FILE'.",
    )


def _remedy_for_changed(card: ModelCard) -> str:
    if card.own:
        return (
            "Put the original file back, or, if the change was meant, add it under another name with "
            "'gallery models add' and thresholds found for it."
        )
    return f"Put an intact file in its place with 'gallery models install {card.name}'."
