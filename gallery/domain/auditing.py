"""Questions to the audit trail: which decisions of a run somebody wants to see, and in which order."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import PurePath

import numpy as np

from gallery.domain.deciding import Verdict
from gallery.domain.metrics import together
from gallery.domain.people import name_key
from gallery.domain.runs import DecidedFace, ImageRecord, Run


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


def answered(run: Run, question: Question) -> Run:
    """The run with only those photos that are asked for, whole."""
    images = (image for image in run.images if question.fits_image(image))
    if question.about_faces:
        images = (image for image in images if any(question.fits_face(face) for face in image.faces))
    return replace(run, images=tuple(images))


def faces(run: Run, question: Question, by_closeness: bool = False) -> list[Found]:
    """The faces that are asked for, in the order of the photos, or those nearest to their threshold first.

    Args:
        run: The run.
        question: What is asked for.
        by_closeness: Whether to sort them so.
    """
    found = [
        Found(image, number, face, _share(run, face))
        for image in run.images
        if question.fits_image(image)
        for number, face in enumerate(image.faces, 1)
        if question.fits_face(face)
    ]
    return sorted(found, key=lambda one: one.closeness) if by_closeness else found


def _cosine(face: DecidedFace) -> float:
    return math.inf if face.decision.candidate is None else face.decision.candidate.cosine


def _share(run: Run, face: DecidedFace) -> float:
    closest = face.decision.candidate
    if closest is None:
        return math.inf
    limit = run.settings.personal.get(closest.identity, run.settings.thresholds)
    return float(together(np.array(closest.cosine), np.array(closest.euclidean), limit))
