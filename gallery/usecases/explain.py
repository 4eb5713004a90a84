"""Tells why the faces of a photo are, or were, decided as they are. It writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gallery.domain.errors import BadPhoto, GalleryError, NoFace
from gallery.domain.explaining import Explained, ExplainedFace, compared
from gallery.domain.faces import RGB, Embeddings, Photo
from gallery.domain.matching import Candidate, Fusion, Whitelist, candidates
from gallery.domain.paths import on_disk, places
from gallery.domain.ports import PhotoFiles, Store
from gallery.domain.review_ports import ReviewCrops
from gallery.domain.runs import DecidedFace, ImageRecord, RunSettings
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import Recogniser, found_in
from gallery.usecases.looks import Look, reference_look
from gallery.usecases.one_photo import recorded
from gallery.usecases.people_in_force import PeopleInForce


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An explanation with the photo it is about.

    Attributes:
        explained: The explanation.
        image: The photo, upright; None where it could not be had.
    """

    explained: Explained
    image: RGB | None


def looks(store: Store, crops: ReviewCrops, seen: Seen, face: ExplainedFace) -> tuple[Look, Look]:
    """A face, and the reference it comes closest to.

    Args:
        store: The gallery.
        crops: Makes the pictures.
        seen: The photo.
        face: One of its faces.
    """
    if seen.image is None:
        own = Look(None, "There is no picture of the face.")
    else:
        own = Look(crops.part(seen.image, face.face.detection.box), f"face {face.number}")
    return own, reference_look(store, crops, face.comparisons[0].candidate if face.comparisons else None)


def explain_photo(use: Anonymise, path: Path, face: int | None = None) -> Seen:
    """Decides on a photo as a run would, and tells everything that it rests on.

    Args:
        use: How a run would go about it.
        path: The photo.
        face: Which face, from 1; None for all.

    Raises:
        BadPhoto: If it cannot be read.
        NoFace: If there is no such face.
        ModelFailed: If detector or embedder could not do their work.
        ModelMismatch: If the gallery's templates were made by another model.
    """
    people = use.people()
    as_read = use.photos.read(path)
    photo = as_read.opaque()
    decided = use.work.decide(
        photo.pixels, found_in(as_read, use.recogniser.detector), people.whitelist, people.words(photo.sha256)
    )
    record = recorded(photo, decided, people)
    embeddings = [one.embedding for one in decided.faces]
    everybody = _everybody(np.stack(embeddings), people.whitelist, use.fusion) if embeddings else []
    thresholds, personal, scores = use.policy.thresholds, dict(use.policy.personal), use.policy.scores
    faces = [
        ExplainedFace(number, one, compared(ranked, thresholds, personal, scores))
        for number, (one, ranked) in enumerate(zip(record.faces, everybody, strict=True), 1)
    ]
    chosen = tuple(chosen_face(record, faces, face))
    return Seen(Explained(record, chosen, thresholds, personal, scores), photo.pixels)


@dataclass(frozen=True, slots=True)
class ExplainRecord:
    """Tells the same of a photo on record, as far as the photo is still there.

    The distances to all people are not on record: of as many people as an embedding has values, they would amount to
    the embedding of whoever is in the photo. So they are measured anew, of the very faces that were found then.

    Attributes:
        recogniser: As in the run, the detector left aside; None where the model is not here.
        photos: Reads the photo.
        people: Those in the gallery now; None where the model is not here.
        why_not: Why there is no model.
    """

    recogniser: Recogniser | None
    photos: PhotoFiles
    people: PeopleInForce | None
    why_not: str = ""

    def __call__(self, settings: RunSettings, record: ImageRecord, face: int | None = None) -> Seen:
        """Explains.

        Args:
            settings: The run's.
            record: What is on record of the photo.
            face: Which face, from 1; None for all.

        Raises:
            NoFace: If there is no such face.
        """
        photo, remarks = self._photo(record, settings.base)
        ranked = [_on_record(one) for one in record.faces]
        if record.faces and photo is not None:
            ranked, said = self._ranked(settings, record, photo.pixels, ranked)
            remarks = (*remarks, *said)
        thresholds, personal, scores = settings.thresholds, settings.personal, settings.scores
        faces = [
            ExplainedFace(number, one, compared(ranking, thresholds, personal, scores))
            for number, (one, ranking) in enumerate(zip(record.faces, ranked, strict=True), 1)
        ]
        chosen = tuple(chosen_face(record, faces, face))
        explained = Explained(record, chosen, thresholds, personal, scores, remarks)
        return Seen(explained, photo.pixels if photo else None)

    def _photo(self, record: ImageRecord, base: str) -> tuple[Photo | None, tuple[str, ...]]:
        """The photo, if it is the one on record; else a sentence."""
        if record.sha256 is None:
            return None, ()
        why = ""
        for place in places(record.source, base):
            try:
                photo = self.photos.read(_found(place))
            except BadPhoto as error:
                why = why or f"{error.message} It cannot be looked at again"
                continue
            if photo.sha256 == record.sha256:
                return photo.opaque(), ()
            why = why or f"{place} was changed since the run"
        return None, (f"{why}, so only the two closest people on record are shown, and no picture.",)

    def _ranked(
        self, settings: RunSettings, record: ImageRecord, image: RGB, on_record: list[tuple[Candidate, ...]]
    ) -> tuple[list[tuple[Candidate, ...]], tuple[str, ...]]:
        """Everybody as they compare now, or those on record with a sentence that says why."""
        if self.recogniser is None or self.people is None:
            return on_record, (f"Only the two closest people on record are shown. {self.why_not}",)
        if not self.recogniser.embedder.card.space.comparable(settings.space):
            return on_record, (
                f"The run used {settings.space.model}, the gallery another model now, so only the two closest people "
                "on record are shown.",
            )
        try:
            faces = self.recogniser.describe(image, [one.detection for one in record.faces])
        except GalleryError as error:
            return on_record, (f"Only the two closest people on record are shown. {error.message}",)
        fusion = Fusion(settings.policy.get("fusion", Fusion.BEST))
        everybody = _everybody(np.stack([one.embedding for one in faces]), self.people.whitelist, fusion)
        changed = record.state is not None and self.people.state(record.sha256 or "") != record.state
        said = "The people in the gallery, or what was decided by hand, have changed since the run: " if changed else ""
        return everybody, ((f"{said}the decisions are those on record, the comparisons those of now.",) if said else ())


def chosen_face(record: ImageRecord, faces: Sequence[ExplainedFace], face: int | None) -> Sequence[ExplainedFace]:
    """All of them, or the one that is asked for.

    Raises:
        NoFace: If there is no such face.
    """
    if face is None:
        return faces
    if not 1 <= face <= len(faces):
        count = f"{len(faces)} of them" if faces else "none"
        raise NoFace(f"{record.source} has no face {face}; it has {count}.", "Name one of these, or leave out --face.")
    return [faces[face - 1]]


def _everybody(embeddings: Embeddings, whitelist: Whitelist, fusion: Fusion) -> list[tuple[Candidate, ...]]:
    if not whitelist.names:
        return [()] * len(embeddings)
    return candidates(embeddings, whitelist, len(whitelist.names), fusion)


def _on_record(face: DecidedFace) -> tuple[Candidate, ...]:
    return tuple(one for one in (face.decision.candidate, face.decision.runner_up) if one)


def _found(place: Path) -> Path:
    """The photo's file; the path as it was recorded, where it cannot be looked for."""
    with suppress(OSError):
        return on_disk(place)
    return place
