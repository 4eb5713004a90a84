"""Portraits of different people, one each: the face nearest to the middle, found and prepared as for a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.domain.central_face import central
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Face
from gallery.domain.paths import shown
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.faces import Recogniser


@dataclass(frozen=True, slots=True)
class Failures:
    """Photos that show nothing that can be compared, by name.

    Attributes:
        no_face: No face was found.
        unreadable: The file could not be read.
        doubles: The file holds the bytes of one before it: the same face, and so not another person's.
    """

    no_face: tuple[str, ...]
    unreadable: tuple[str, ...]
    doubles: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Portraits:
    """The faces that can be compared.

    Attributes:
        paths: Of the photos, in the order in which they were given.
        faces: One of each.
        failures: The other photos.
    """

    paths: tuple[Path, ...]
    faces: tuple[Face, ...]
    failures: Failures


@dataclass(frozen=True, slots=True)
class ReadPortraits:
    """The use case.

    Attributes:
        photos: Reads the files.
    """

    photos: PhotoFiles

    def __call__(self, recogniser: Recogniser, paths: Sequence[Path], progress: Advance = unwatched) -> Portraits:
        """Reads photos; one that cannot be compared is named, and does not stop the others.

        Args:
            recogniser: Finds and embeds the faces.
            paths: The photos.
            progress: Is told how many are done.

        Raises:
            ModelFailed: If the detector or the embedder could not do its work.
        """
        found: dict[Path, Face] = {}
        hashes: set[str] = set()
        failed: dict[str, list[str]] = {"no_face": [], "unreadable": [], "doubles": []}
        for number, path in enumerate(paths, 1):
            face = self._face(recogniser, path, hashes)
            if isinstance(face, Face):
                found[path] = face
            else:
                failed[face].append(shown(path))
            progress(number, len(paths))
        failures = Failures(**{why: tuple(names) for why, names in failed.items()})
        return Portraits(tuple(found), tuple(found.values()), failures)

    def _face(self, recogniser: Recogniser, path: Path, hashes: set[str]) -> Face | str:
        """The face, or why there is none."""
        try:
            photo = self.photos.read(path)
        except BadPhoto:
            return "unreadable"
        if photo.sha256 in hashes:
            return "doubles"
        hashes.add(photo.sha256)
        detections = recogniser.detect(photo.pixels)
        if not detections:
            return "no_face"
        return recogniser.describe(photo.pixels, [central(detections, *photo.size)])[0]
