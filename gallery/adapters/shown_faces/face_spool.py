"""Faces set aside on disk while a run goes on, so that memory does not grow with it."""

from __future__ import annotations

import contextlib
import json
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import IO, cast


@dataclass(frozen=True, slots=True)
class SheetFace:
    """What a contact sheet says of one face.

    Attributes:
        source: The photo's path as it was given.
        number: Of the face in its photo, from 1.
        kept: Whether it stays visible.
        within: Whether it is within its closest person's threshold; None where it was compared with nobody.
        cosine: Distance to the closest person; None where it was compared with nobody.
        name: That person's, with a question mark unless the face counts as theirs; empty without one.
    """

    source: str
    number: int
    kept: bool
    within: bool | None
    cosine: float | None
    name: str


class FaceSpool:
    """A temporary file without a name, in a folder of the caller's choice: a killed process leaves nothing behind.

    Args:
        folder: Where there is room for it, about 5 KB for each face.

    Raises:
        OSError: If there is no such folder, or no file can be made in it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = cast("IO[bytes]", tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - `close` closes it
        self._starts = array("Q")
        self._end = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, faces: Sequence[tuple[SheetFace, bytes]]) -> None:
        """Sets faces aside with their pictures, all or none of them.

        Raises:
            OSError: If they could not be written.
        """
        pieces = []
        for face, picture in faces:
            head = json.dumps(asdict(face)).encode("ascii")
            pieces.append(b"%d %d\n" % (len(head), len(picture)) + head + picture)
        with self._lock:
            self._file.seek(self._end)
            self._file.write(b"".join(pieces))
            self._file.flush()
            for piece in pieces:
                self._starts.append(self._end)
                self._end += len(piece)

    def faces(self) -> Iterator[SheetFace]:
        """All faces in the order they came in."""
        for index in range(len(self)):
            head, _ = self._open(index)
            yield SheetFace(**json.loads(self._file.read(head)))

    def picture(self, index: int) -> bytes:
        """The picture of the face that came in at that place, counted from 0."""
        head, size = self._open(index)
        self._file.seek(head, 1)
        return self._file.read(size)

    def close(self) -> None:
        """Gives the room on disk back."""
        with contextlib.suppress(OSError):  # what could not be written on a full disk is tried once more
            self._file.close()

    def _open(self, index: int) -> tuple[int, int]:
        self._file.seek(self._starts[index])
        head, size = self._file.readline().split()
        return int(head), int(size)
