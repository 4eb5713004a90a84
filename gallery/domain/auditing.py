"""Questions to the audit trail: which decisions of a run somebody wants to see, and in which order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

import numpy as np

from gallery.domain.deciding import Verdict
from gallery.domain.metrics import together
from gallery.domain.people import name_key
from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSettings


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. All that is given must hold.

    Attributes:
        image: Photos whose path, or the end of it, fits this pattern.
        waiting: Photos with faces that wait for a person's word.
        failed: Photos of which nothing came.
        without_face: Photos in which no face was found.
        identity: Faces whose closest person this is, whatever was decided.
        verdict: Faces that were kept, or blurred.
        below: Faces whose cosine distance to their closest person is at most this.
        above: Faces whose cosine distance is more than this, or who were compared with nobody.
    """

    image: str | None = None
    waiting: bool = False
    failed: bool = False
    without_face: bool = False
    identity: str | None = None
    verdict: Verdict | None = None
    below: float | None = None
    above: float | None = None

    @property
    def about_faces(self) -> bool:
        """Whether single faces are asked for, and not whole photos."""
        return any(asked is not None for asked in (self.identity, self.verdict, self.below, self.above))

    def fits_image(self, image: ImageRecord) -> bool:
        """Whether a photo is asked for, leaving its faces aside."""
        path = PurePath(image.source)
        return (
            (self.image is None or fnmatchcase(image.source, self.image) or path.match(self.image))
            and (image.waiting > 0 or not self.waiting)
            and (image.failed or not self.failed)
            and (not (image.faces or image.failed) or not self.without_face)
        )

    def fits_face(self, face: DecidedFace) -> bool:
        """Whether a face is asked for."""
        closest, cosine = face.decision.candidate, _cosine(face)
        return (
            (self.identity is None or (closest is not None and name_key(closest.identity) == name_key(self.identity)))
            and self.verdict in (None, face.decision.verdict)
            and (self.below is None or cosine <= self.below)
            and (self.above is None or cosine > self.above)
        )


@dataclass(frozen=True, slots=True)
class Found:
    """One face that was asked for.

    Attributes:
        image: Its photo.
        number: Which face of the photo, from 1.
        face: The face with its decision.
        share: Its distance as a share of the threshold: 1 where it just matches. Infinite where it was compared with
            nobody.
    """

    image: ImageRecord
    number: int
    face: DecidedFace
    share: float

    @property
    def closeness(self) -> float:
        """How far from its threshold it is: what lies nearest is the most doubtful."""
        return abs(self.share - 1)


def chosen(images: Iterable[ImageRecord], question: Question) -> Iterator[ImageRecord]:
    """Those photos that are asked for, whole."""
    for image in images:
        if question.fits_image(image) and (
            not question.about_faces or any(question.fits_face(face) for face in image.faces)
        ):
            yield image


def faces(run: Run, question: Question, by_closeness: bool = False) -> list[Found]:
    """The faces that are asked for, in the order of the photos, or those nearest to their threshold first.

    Args:
        run: The run.
        question: What is asked for.
        by_closeness: Whether to sort them so.
    """
    found = list(faces_among(run.settings, run.images, question))
    return most_doubtful(found) if by_closeness else found


def most_doubtful(found: Iterable[Found]) -> list[Found]:
    """The same, those nearest to their threshold first."""
    return sorted(found, key=lambda one: one.closeness)


def faces_among(settings: RunSettings, images: Iterable[ImageRecord], question: Question) -> Iterator[Found]:
    """The faces that are asked for, one after the other, in the order of the photos.

    Args:
        settings: The run's.
        images: Its photos.
        question: What is asked for.
    """
    for image in images:
        if question.fits_image(image):
            for number, face in enumerate(image.faces, 1):
                if question.fits_face(face):
                    yield Found(image, number, face, share(settings, face))


def named(images: Iterable[ImageRecord], image: str) -> list[ImageRecord]:
    """The photos that a path, its end or a pattern names; of one that is on record several times, the last.

    One whose path is exactly that is meant before all others.
    """
    question = Question(image=image)
    found: dict[str, ImageRecord] = {}
    for one in images:
        if one.source == image or question.fits_image(one):
            found[one.source] = one
    return [found[image]] if image in found else list(found.values())


def _cosine(face: DecidedFace) -> float:
    return math.inf if face.decision.candidate is None else face.decision.candidate.cosine


def share(settings: RunSettings, face: DecidedFace) -> float:
    """A face's distance as a share of the threshold (see `Found`)."""
    closest = face.decision.candidate
    if closest is None:
        return math.inf
    limit = settings.personal.get(closest.identity, settings.thresholds)
    return float(together(np.array(closest.cosine), np.array(closest.euclidean), limit))
