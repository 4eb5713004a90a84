"""Faces of people who are not in the gallery, to measure by: compared, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.domain.errors import BadArgument, BadPhoto, GalleryError, NoFace
from gallery.domain.faces import Embeddings, Face, Photo
from gallery.domain.models import Floors
from gallery.domain.paths import shown
from gallery.domain.ports import PhotoFiles, Store
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.faces import Recogniser


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of a folder's photos.

    Attributes:
        folder: As it was given.
        photos: Files, those that failed included.
        doubles: Files whose bytes are another's; they are not compared twice.
        faceless: Photos in which no face was found.
        faces: Faces compared.
        poor: Faces too small or not sharp enough to be kept whatever the thresholds; they are not compared.
        failures: Files that failed, each with the reason.
    """

    folder: str
    photos: int
    doubles: int
    faceless: int
    faces: int
    poor: int
    failures: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """Faces of strangers.

    Attributes:
        embeddings: `(S, D) float32`.
        sources: For each face its photo.
        counts: What became of the photos; None where no folder was given.
    """

    embeddings: Embeddings
    sources: tuple[str, ...]
    counts: Counts | None

    @classmethod
    def nobody(cls, dimension: int) -> Cohort:
        """No strangers."""
        return cls(np.zeros((0, dimension), np.float32), (), None)


@dataclass(frozen=True, slots=True)
class ReadCohort:
    """Finds and embeds every face of every photo in a folder and its subfolders.

    Attributes:
        recogniser: Finds and embeds faces.
        photos: Reads the files.
        store: Tells which photos are enrolled.
    """

    recogniser: Recogniser
    photos: PhotoFiles
    store: Store

    def __call__(self, folder: Path, advance: Advance = unwatched) -> Cohort:
        """Reads a folder. A photo that fails is counted, and does not stop the others.

        Args:
            folder: Of photos of people who are not in the gallery.
            advance: Called after each photo.

        Raises:
            BadPhoto: If there is no such folder, or none of its photos can be used.
            BadArgument: If one of the photos is somebody's reference.
            NoFace: If no face is found that could be compared.
        """
        files = self.photos.below(folder)
        found: dict[str, tuple[Path, tuple[Face, ...]]] = {}
        failures: list[tuple[str, str]] = []
        for number, path in enumerate(files, 1):
            try:
                photo = self.photos.read(path)
                self._refuse_reference(photo, folder)
                if photo.sha256 not in found:
                    faces = self.recogniser.describe(photo.pixels, self.recogniser.detect(photo.pixels))
                    found[photo.sha256] = path, faces
            except BadArgument:
                raise
            except GalleryError as error:
                failures.append((shown(path), error.message))
            advance(number, len(files))
        return _cohort(folder, len(files), list(found.values()), failures, self.recogniser)

    def _refuse_reference(self, photo: Photo, folder: Path) -> None:
        for name, _ in self.store.enrolled(photo.sha256):
            raise BadArgument(
                f"{shown(photo.source)} is a reference of {name}, so it is no photo of strangers.",
                f"Take it out of {shown(folder)}, and all other photos of people who are in the gallery.",
            )


def _cohort(
    folder: Path,
    files: int,
    found: Sequence[tuple[Path, tuple[Face, ...]]],
    failures: Sequence[tuple[str, str]],
    recogniser: Recogniser,
) -> Cohort:
    floors = recogniser.embedder.card.spec.floors
    good = [(face, shown(path)) for path, faces in found for face in faces if _good(face, floors)]
    counts = Counts(
        folder=shown(folder),
        photos=files,
        doubles=files - len(found) - len(failures),
        faceless=sum(not faces for _, faces in found),
        faces=len(good),
        poor=sum(len(faces) for _, faces in found) - len(good),
        failures=tuple(failures),
    )
    _require_faces(counts)
    return Cohort(np.stack([face.embedding for face, _ in good]), tuple(source for _, source in good), counts)


def _good(face: Face, floors: Floors) -> bool:
    quality = face.quality
    return quality.as_meant and quality.size >= floors.size and quality.sharpness >= floors.sharpness


def _require_faces(counts: Counts) -> None:
    if counts.faces:
        return
    if len(counts.failures) == counts.photos:
        raise BadPhoto(f"None of the {counts.photos} photos in {counts.folder} could be used: {counts.failures[0][1]}")
    if counts.poor:
        raise NoFace(
            f"All {counts.poor} faces in {counts.folder} are too small or not sharp enough to compare.",
            "Use larger and sharper photos of people who are not in the gallery.",
        )
    raise NoFace(
        f"No face was found in the {counts.photos} photos in {counts.folder}.",
        "Use photos that show the faces of people who are not in the gallery.",
    )
