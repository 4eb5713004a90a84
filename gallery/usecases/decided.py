"""The faces of one photo with what happens to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gallery.domain.deciding import Decision
from gallery.domain.faces import Detection, Face
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.runs import DecidedFace


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """One photo's faces, settled.

    Attributes:
        faces: As they were described: those found in the photo from left to right, then those found in its output.
        decisions: One per face.
        found: For each face the people it was compared with who count for its decision, the closest first.
        regions: What is covered besides.
        unseen: Faces to be blurred by hand that were not found this time.
        remarks: Sentences on what was decided by hand and could not be done as it was meant.
    """

    faces: tuple[Face, ...]
    decisions: tuple[Decision, ...]
    found: tuple[tuple[Candidate, ...], ...]
    regions: tuple[Box, ...] = ()
    unseen: tuple[Box, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def blurred(self) -> tuple[Detection, ...]:
        """The faces that must not be recognised."""
        return (*self._with(kept=False), *(Detection(box, 0.0) for box in self.unseen))

    @property
    def kept(self) -> tuple[Box, ...]:
        """The faces that stay visible."""
        return tuple(detection.box for detection in self._with(kept=True))

    @property
    def covered(self) -> tuple[Box, ...]:
        """Faces and regions that are covered, without margins."""
        return (*(detection.box for detection in self.blurred), *self.regions)

    def _with(self, *, kept: bool) -> Iterator[Detection]:
        pairs = zip(self.faces, self.decisions, strict=True)
        return (face.detection for face, decision in pairs if decision.kept is kept)

    def record(self, residuals: Sequence[float | None] = ()) -> tuple[DecidedFace, ...]:
        """As the audit trail keeps them, without the embeddings."""
        left = residuals or [None] * len(self.faces)
        return tuple(
            DecidedFace(face.detection, face.quality, decision, rest)
            for face, decision, rest in zip(self.faces, self.decisions, left, strict=True)
        )
