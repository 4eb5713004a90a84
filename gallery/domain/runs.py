"""The audit trail: what a run did with each photo and each face, and under which settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from gallery.domain.deciding import Decision
from gallery.domain.faces import Detection, Quality
from gallery.domain.models import EmbeddingSpace, Thresholds
from gallery.domain.score_limits import ScoreLimits


class RunStatus(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class ImageStatus(StrEnum):
    """How one photo of a run came out."""

    OK = "ok"
    FAILED = "failed"
    UNVERIFIED = "not verified"
    """Its output did not hold what was promised, and was removed."""
    DONE_BEFORE = "done before"
    """An earlier run did it under the same settings, and its output is still there."""


class Verification(StrEnum):
    """What is checked of an output before it counts."""

    WRITTEN = "written"
    """That the file decodes, carries no metadata, covers what was to be covered, and is otherwise the same picture."""
    FULL = "full"
    """That besides, nobody who was to be blurred can be recognised in it."""


_WITHDRAWN = " The output of an earlier run, {}, was removed."


def withdrawn(path: str) -> str:
    """What is added to the reason why a photo failed where its former output was removed."""
    return _WITHDRAWN.format(path)


def withdrew(error: str | None) -> bool:
    """Whether the reason why a photo failed says that its former output was removed; else that is still there."""
    before, after = _WITHDRAWN.split("{}")
    return error is not None and before.strip() in error and error.endswith(after)


FULL_UP_TO = 100
"""Photos of a run up to which all are verified in full unless told otherwise: it doubles detecting and embedding."""


def usual_verification(photos: int) -> Verification:
    """What is checked of each output of a run of so many photos, unless told otherwise."""
    return Verification.FULL if photos <= FULL_UP_TO else Verification.WRITTEN


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that shaped a run's decisions and outputs.

    Attributes:
        program: This program's version.
        space: The embedder, its weights' hash and its preparation.
        detector: The detector's name.
        detector_sha256: Of the detector's file.
        thresholds: Everybody's, with their origin.
        policy: The other rules' numbers, by name; under `personal` the thresholds of people who have their own.
        redaction: Method, shape, margin and strength, by name.
        identities: How many people the whitelist held.
        templates: How many templates.
        output: The output folder.
        base: The folder that the run was made in, at which relative paths start; empty where none is relative, and
            for runs of earlier versions.
        reviewed: Number of the run whose photos this one writes anew, after a review; None for other runs.
    """

    program: str
    space: EmbeddingSpace
    detector: str
    detector_sha256: str
    thresholds: Thresholds
    policy: dict[str, Any]
    redaction: dict[str, Any]
    identities: int
    templates: int
    output: str
    base: str = ""
    reviewed: int | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that shapes the outputs besides the photos and the people; not where and what for."""
        shaping = asdict(self)
        for unneeded in ("identities", "templates", "output", "base", "reviewed"):
            del shaping[unneeded]
        return sha256(json.dumps(shaping, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def scores(self) -> ScoreLimits | None:
        """How high normalised scores had to be; None where only distances counted."""
        return ScoreLimits.of(self.policy.get("scores"))

    @property
    def personal(self) -> dict[str, Thresholds]:
        """The thresholds of people who have their own, by name."""
        return {name: Thresholds(**own) for name, own in self.policy.get("personal", {}).items()}


@dataclass(frozen=True, slots=True)
class DecidedFace:
    """One face of a photo with its decision. The face's embedding is not kept: it may be a bystander's.

    Attributes:
        detection: Where it is.
        quality: How far it can be trusted.
        decision: What happens to it, and why.
        residual: Of a blurred face whose output was verified in full: the cosine distance from the face to what is seen
            in its place in the output. Above the threshold, the face is not recognised there.
    """

    detection: Detection
    quality: Quality
    decision: Decision
    residual: float | None = None


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """What a run did with one photo.

    Attributes:
        source: The photo's path as it was given.
        status: Whether it came out.
        sha256: Of the photo's bytes; None where they could not be read.
        width: In pixels, upright; None where it could not be read.
        height: Likewise.
        output: Path of the written file; None where nothing was written.
        output_sha256: Of the written file.
        faces: One entry per detected face, from left to right; after them those that were seen only in the output.
        error: Why it failed.
        remarks: Sentences on what of the file was left out, such as a gain map.
        verified: What was checked of the output; None where nothing was written.
        state: SHA-256 of the people and overrides that the decisions rest on.
        earlier: Of a photo that was done before, the run that did it.
    """

    source: str
    status: ImageStatus
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    output: str | None = None
    output_sha256: str | None = None
    faces: tuple[DecidedFace, ...] = ()
    error: str | None = None
    remarks: tuple[str, ...] = ()
    verified: Verification | None = None
    state: str | None = None
    earlier: int | None = None

    def __post_init__(self) -> None:
        if self.failed != (self.error is not None):
            raise ValueError("a photo has an error if and only if it failed")
        if self.failed and self.output is not None:
            raise ValueError("a failed photo has no output")
        if (self.status is ImageStatus.DONE_BEFORE) != (self.earlier is not None):
            raise ValueError("a photo has an earlier run if and only if it was done before")

    @property
    def failed(self) -> bool:
        """Whether nothing came of it."""
        return self.status in (ImageStatus.FAILED, ImageStatus.UNVERIFIED)

    @property
    def kept(self) -> int:
        """How many faces stay visible."""
        return sum(face.decision.kept for face in self.faces)

    @property
    def blurred(self) -> int:
        """How many faces were blurred."""
        return len(self.faces) - self.kept

    @property
    def waiting(self) -> int:
        """How many of the blurred faces wait for a person's word."""
        return sum(face.decision.waits for face in self.faces)

    @property
    def faceless(self) -> bool:
        """Whether it was read, and no face was found in it."""
        return not (self.faces or self.failed)


@dataclass(frozen=True, slots=True)
class Counts:
    """Photos and faces of a run.

    Attributes:
        images: Photos recorded so far.
        failed: Photos that failed.
        kept: Faces that stayed visible.
        blurred: Faces that were blurred.
        waiting: Blurred faces that wait for a person's word.
        before: Photos that an earlier run had done.
        faceless: Photos in which no face was found.
    """

    images: int = 0
    failed: int = 0
    kept: int = 0
    blurred: int = 0
    waiting: int = 0
    before: int = 0
    faceless: int = 0

    @classmethod
    def of(cls, images: Sequence[ImageRecord]) -> Self:
        """Counted."""
        return cls(
            len(images),
            sum(image.failed for image in images),
            sum(image.kept for image in images),
            sum(image.blurred for image in images),
            sum(image.waiting for image in images),
            sum(image.earlier is not None for image in images),
            sum(image.faceless for image in images),
        )


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line of `gallery audit`.

    Attributes:
        id: The run's number.
        status: How it stands.
        started: In UTC.
        finished: In UTC; None while it runs, or where it was cut off.
        model: Name of the embedder.
        detector: Name of the detector.
        thresholds: Everybody's, with their origin.
        images: Photos recorded so far.
        failed: Photos that failed.
        kept: Faces that stayed visible.
        blurred: Faces that were blurred.
        waiting: Blurred faces that waited for a person's word when the run ended.
        before: Photos that an earlier run had done.
        faceless: Photos in which no face was found; None where an earlier version of the program pruned the run.
        settled: Of the faces that waited, those on which somebody has decided since.
        reviewed: Number of the run whose photos this one wrote anew, after a review.
        rewritten_in: Numbers of the runs that wrote photos of this one anew, after a review.
        by: Who ran it; empty where that is not known.
        pruned: When its photos and decisions were removed, in UTC; None while they are there.
        pruned_by: Who removed them.
    """

    id: int
    status: RunStatus
    started: datetime
    finished: datetime | None
    model: str
    detector: str
    thresholds: Thresholds
    images: int
    failed: int
    kept: int
    blurred: int
    waiting: int
    before: int = 0
    faceless: int | None = None
    settled: int = 0
    reviewed: int | None = None
    rewritten_in: tuple[int, ...] = ()
    by: str = ""
    pruned: datetime | None = None
    pruned_by: str | None = None

    @property
    def still_waiting(self) -> int:
        """How many faces wait for a person's word now; of a run that was pruned, none can be decided on any more."""
        return 0 if self.pruned is not None else self.waiting - self.settled

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs, or where it was cut off."""
        return None if self.finished is None else (self.finished - self.started).total_seconds()


@dataclass(frozen=True, slots=True)
class DoneBefore:
    """A photo that an earlier run did.

    Attributes:
        run: The run's number.
        image: What it did.
    """

    run: int
    image: ImageRecord


@dataclass(frozen=True, slots=True)
class Run:
    """One run.

    Attributes:
        summary: Its line of `gallery audit`.
        settings: What shaped it.
        images: Its photos in order; none of a run that was pruned, or where only the rest was asked for.
    """

    summary: RunSummary
    settings: RunSettings
    images: tuple[ImageRecord, ...] = ()
