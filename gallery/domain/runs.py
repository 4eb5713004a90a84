"""The audit trail: what a run did with each photo and each face, and under which settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gallery.domain.deciding import Decision
from gallery.domain.faces import Detection, Quality
from gallery.domain.models import EmbeddingSpace, Thresholds


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

    @property
    def personal(self) -> dict[str, Thresholds]:
        """The thresholds of people who have their own, by name."""
        return {name: Thresholds(**own) for name, own in self.policy.get("personal", {}).items()}


@dataclass(frozen=True, slots=True)
class DecidedFace:
    """One face of a photo with its decision. The face's embedding is not kept: it may be a bystander's."""

    detection: Detection
    quality: Quality
    decision: Decision


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
        faces: One entry per detected face, from left to right.
        error: Why it failed.
        remarks: Sentences on what of the file was left out, such as a gain map; not kept in the audit trail.
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

    def __post_init__(self) -> None:
        if (self.status is ImageStatus.FAILED) != (self.error is not None):
            raise ValueError("a photo has an error if and only if it failed")
        if self.status is ImageStatus.FAILED and self.output is not None:
            raise ValueError("a failed photo has no output")

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
        waiting: Blurred faces that wait for a person's word.
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


@dataclass(frozen=True, slots=True)
class Run:
    """One run in full."""

    summary: RunSummary
    settings: RunSettings
    images: tuple[ImageRecord, ...]
