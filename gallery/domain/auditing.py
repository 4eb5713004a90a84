"""Questions to the audit trail: which decisions of a run somebody wants to see, and in which order."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

import numpy as np

from gallery.domain.by_hand import Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import UnknownName
from gallery.domain.metrics import together
from gallery.domain.people import name_key
from gallery.domain.reviewing import still_waiting
from gallery.domain.runs import DecidedFace, ImageRecord, Run, RunSettings


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for. All that is given must hold.

    Attributes:
        image: Photos whose path, or the end of it, fits this pattern.
        waiting: Photos with faces that still wait for a person's word.
        failed: Photos of which nothing came.
        without_face: Photos in which no face was found.
        identity: Faces whose closest person this is, whatever was decided, or which were kept for them by hand.
        verdict: Faces that were kept, or blurred.
        below: Faces whose cosine distance to their closest person is at most this.
        above: Faces whose cosine distance is more than this, or who were compared with nobody.
        words: What was decided by hand so far: on such faces nobody's word is waited for any more.
    """

    image: str | None = None
    waiting: bool = False
    failed: bool = False
    without_face: bool = False
    identity: str | None = None
    verdict: Verdict | None = None
    below: float | None = None
    above: float | None = None
    words: tuple[Override, ...] = ()

    @property
    def about_faces(self) -> bool:
        """Whether single faces are asked for, and not whole photos."""
        return any(asked is not None for asked in (self.identity, self.verdict, self.below, self.above))

    def fits_image(self, image: ImageRecord) -> bool:
        """Whether a photo is asked for, leaving its faces aside."""
        path = PurePath(image.source)
        return (
            (self.image is None or fnmatchcase(image.source, self.image) or path.match(self.image))
            and (not self.waiting or still_waiting(image, self.words) > 0)
            and (image.failed or not self.failed)
            and (image.faceless or not self.without_face)
        )

    def fits_face(self, face: DecidedFace) -> bool:
        """Whether a face is asked for."""
        cosine = _cosine(face)
        return (
            (self.identity is None or name_key(self.identity) in _keys(face))
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


def noting(images: Iterable[ImageRecord], names: set[str]) -> Iterator[ImageRecord]:
    """The same photos, while the people whom their faces were compared with are added to the names."""
    for image in images:
        for face in image.faces:
            both = face.decision.candidate, face.decision.runner_up
            names.update(one.identity for one in both if one is not None)
            if face.decision.keeps is not None:
                names.add(face.decision.keeps)
        yield image


def require_known(run: Run, name: str, names: Iterable[str]) -> None:
    """Checks that a person is known to a run.

    Args:
        run: The run.
        name: Whom somebody asks for.
        names: The people whom its faces were compared with.

    Raises:
        UnknownName: If nobody is called so, neither there nor in the run's settings; with names that are near.
    """
    kept = run.settings.policy.get("by_hand", {}).get("all_of", ())
    known = {name_key(one): one for one in (*run.settings.personal, *kept, *names)}
    if name_key(name) in known:
        return
    near = [known[key] for key in _near(name_key(name), sorted(known))]
    number = run.summary.id
    raise UnknownName(
        f"Nobody called {name!r} is on record in run {number}.",
        (f"Did you mean {' or '.join(near)}? " if near else "")
        + f"'gallery audit {number} --closest' shows whom its faces come closest to.",
    )


def _near(wanted: str, known: Sequence[str]) -> list[str]:
    """Up to three names that are nearly the one that is wanted, or of which a word is."""
    words = set(difflib.get_close_matches(wanted, {word for name in known for word in name.split()}))
    return difflib.get_close_matches(wanted, known) or [name for name in known if words & set(name.split())][:3]


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


def _keys(face: DecidedFace) -> set[str]:
    """Whose face it may be: the closest person's, or the one's for whom it was kept by hand."""
    closest, keeps = face.decision.candidate, face.decision.keeps
    return {name_key(name) for name in (closest.identity if closest else None, keeps) if name is not None}


def _cosine(face: DecidedFace) -> float:
    return math.inf if face.decision.candidate is None else face.decision.candidate.cosine


def share(settings: RunSettings, face: DecidedFace) -> float:
    """A face's distance as a share of the threshold (see `Found`)."""
    closest = face.decision.candidate
    if closest is None:
        return math.inf
    limit = settings.personal.get(closest.identity, settings.thresholds)
    return float(together(np.array(closest.cosine), np.array(closest.euclidean), limit))
