"""Puts a person on the whitelist, one reference photo at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gallery.domain.errors import AlreadyEnrolled, GalleryError, NoFace, SeveralFaces
from gallery.domain.faces import Detection, Face, Photo, Quality
from gallery.domain.matching import candidates
from gallery.domain.models import Floors
from gallery.domain.paths import shown
from gallery.domain.people import SAME_FACE, NewReference, Reference, clean_name, name_key
from gallery.domain.ports import PhotoFiles, Store
from gallery.usecases.faces import Recogniser

FaceChoice = Literal["only", "largest"] | int
"""Which face of a photo is meant: the only one there is, the largest, or the one of that number from the left."""

@dataclass(frozen=True, slots=True)
class EnrolledPhoto:
    """What became of one photo.

    Attributes:
        source: The photo's path as it was given.
        accepted: Whether it is a reference now.
        reason: Why not, or what was taken.
        hint: What to do about a rejection.
        already: Whether it was rejected only because it is enrolled already.
        quality: Of the chosen face, where one was found.
        warning: Why an accepted photo may be of somebody else; empty if it seems fine.
    """

    source: str
    accepted: bool
    reason: str
    hint: str = ""
    already: bool = False
    quality: Quality | None = None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Enrol:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        photos: Reads the files.
        store: Takes the references.
    """

    recogniser: Recogniser
    photos: PhotoFiles
    store: Store

    def __call__(
        self,
        name: str,
        paths: Sequence[Path],
        face: FaceChoice = "only",
        report: Callable[[EnrolledPhoto], None] = lambda _: None,
    ) -> list[EnrolledPhoto]:
        """Enrols one person from photos and folders of photos. A photo that fails does not stop the others.

        Args:
            name: The person's name.
            paths: Photo files and folders.
            face: Which face to take where a photo shows several.
            report: Called after each photo, when the store has it.

        Raises:
            BadArgument: If the name cannot be used.
            BadPhoto: If a folder holds no photo.
            ModelMismatch: If the gallery's templates were made by another model.
        """
        name = clean_name(name)
        files = self.photos.find(paths)
        self.store.choose(self.recogniser.embedder.card)
        results = []
        for path in files:
            result = self._try(name, path, face)
            report(result)
            results.append(result)
        return results

    def _try(self, name: str, path: Path, face: FaceChoice) -> EnrolledPhoto:
        quality = None
        try:
            photo = self.photos.read(path).opaque()
            chosen = self._chosen(photo, face)
            self._refuse_known(name, photo, chosen)
            (described,) = self.recogniser.describe(photo.pixels, [chosen])
            quality = described.quality
            _refuse_poor(quality, self.recogniser.embedder.card.spec.floors)
            warning = self._warning(name, described)
            self._add(name, photo, described)
        except GalleryError as error:
            already = isinstance(error, AlreadyEnrolled)
            return EnrolledPhoto(shown(path), False, error.message, error.hint, already, quality)
        except Exception as error:  # one photo's failure, foreseen or not, never stops the others
            return EnrolledPhoto(shown(path), False, f"Unexpected {type(error).__name__}: {error}.", quality=quality)
        return EnrolledPhoto(shown(path), True, "enrolled", quality=quality, warning=warning)

    def _chosen(self, photo: Photo, face: FaceChoice) -> Detection:
        found = self.recogniser.detect(photo.pixels)
        if not found:
            raise NoFace(
                f"No face was found in {shown(photo.source)}.", "Use a photo that shows the face larger, or upright."
            )
        if face == "largest":
            return max(found, key=lambda d: d.box.area)
        if face == "only":
            if len(found) > 1:
                raise SeveralFaces(
                    f"{shown(photo.source)} shows {len(found)} faces: {_listed(found)}.",
                    "Say which one with --face N, or --face largest.",
                )
            return found[0]
        if not 1 <= face <= len(found):
            raise NoFace(f"{shown(photo.source)} has no face {face}; it shows {len(found)}: {_listed(found)}.")
        return found[face - 1]

    def _refuse_known(self, name: str, photo: Photo, chosen: Detection) -> None:
        for owner, box in self.store.enrolled(photo.sha256):
            if name_key(owner) == name_key(name):
                raise AlreadyEnrolled(f"{shown(photo.source)} is already enrolled for {owner}.")
            if box.overlap(chosen.box) >= SAME_FACE:
                raise AlreadyEnrolled(
                    f"This face of {shown(photo.source)} is already enrolled for {owner}.",
                    f"If it is {name}, remove {owner} first; if the photo shows both, choose with --face N.",
                )

    def _warning(self, name: str, face: Face) -> str:
        """Whether the face seems to be somebody else's, judged by the model's own thresholds."""
        whitelist = self.store.whitelist()
        if not len(whitelist):
            return ""
        (ranked,) = candidates(face.embedding[None], whitelist, most=len(whitelist.names))
        own = next((c for c in ranked if name_key(c.identity) == name_key(name)), None)
        others = [c for c in ranked if c is not own]
        limit = self.recogniser.embedder.card.spec.thresholds
        if others and others[0].cosine <= limit.cosine and (own is None or others[0].cosine < own.cosine):
            return f"This face fits {others[0].identity} (cosine distance {others[0].cosine:.3f})" + (
                f" better than {own.identity} ({own.cosine:.3f})." if own else "."
            )
        if own is not None and own.cosine > limit.cosine:
            return f"This face does not fit {own.identity}'s other photos (closest cosine distance {own.cosine:.3f})."
        return ""

    def _add(self, name: str, photo: Photo, face: Face) -> None:
        reference = Reference(
            source=shown(photo.source),
            sha256=photo.sha256,
            detection=face.detection,
            quality=face.quality,
            detector=self.recogniser.detector.card.name,
        )
        self.store.add(name, NewReference(reference, face.embedding), self.recogniser.embedder.card.space)


def _listed(found: Sequence[Detection]) -> str:
    return ", ".join(
        f"{number} at x {d.box.x}, y {d.box.y} ({d.box.width}×{d.box.height})" for number, d in enumerate(found, 1)
    )


def _refuse_poor(quality: Quality, floors: Floors) -> None:
    if not quality.as_meant:
        raise NoFace(
            "The face's landmarks were not found, so it cannot be aligned.",
            "Use a photo that shows the face from the front.",
        )
    if quality.size < floors.size:
        raise NoFace(
            f"The face is {quality.size} pixels across; the model needs {floors.size}.",
            "Use a larger photo of the person.",
        )
    if not quality.sharpness >= floors.sharpness:
        raise NoFace(
            f"The face is not sharp enough ({quality.sharpness:.1f}; the model needs {floors.sharpness:g}).",
            "Use a sharper photo of the person.",
        )
