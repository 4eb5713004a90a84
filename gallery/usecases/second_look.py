"""Looks at an output as whoever gets it will: who can be recognised in it, and is there a face that nobody settled?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gallery.domain.deciding import Policy, trusted
from gallery.domain.faces import RGB, Detection
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate, Whitelist, candidates
from gallery.domain.residual import Residual, residual
from gallery.usecases.decided import Decided
from gallery.usecases.faces import Recogniser

MOSTLY = 0.7
"""Share of what is found that must have been covered, or it is a face of its own: any doubt blurs."""

MUCH = 0.25
"""Share of a kept face from which on it is told that it is covered."""

_REMEDY = "Its output was removed. Use --method solid, or cover more with --face-margin."


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What was seen.

    Attributes:
        residuals: For each face the cosine distance to what is seen in its place; None for faces that were kept. Empty
            if nobody looked.
        failure: Why the output must not be published; empty if it may.
        strangers: Faces that had not been found in the photo, and are plain to see in the output.
        remarks: Sentences on what else is to be told.
    """

    residuals: tuple[float | None, ...] = ()
    failure: str = ""
    strangers: tuple[Detection, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Looker:
    """Looks at outputs.

    Attributes:
        recogniser: The same as for the photos.
        whitelist: Those who may stay visible.
        policy: Whose thresholds count.
    """

    recogniser: Recogniser
    whitelist: Whitelist
    policy: Policy

    def look(self, output: RGB, decided: Decided, covered: NDArray[np.bool_]) -> SecondLook:
        """Detects and embeds again.

        What is seen at every blurred face's place, and whatever a detector finds there, is compared with that face as
        it was, and with the people it matched or was most like. A face that was too small or too blurred for the model
        to be trusted tells nothing: the embeddings of all such faces are alike, covered or not.

        Args:
            output: The picture as it was written.
            decided: The faces of the photo with what happens to them.
            covered: `(height, width) bool`: which pixels were.

        Raises:
            ModelFailed: If detector or embedder could not do their work.
        """
        boxes = [face.detection.box for face in decided.faces]
        blurred = [place for place, decision in enumerate(decided.decisions) if not decision.kept]
        kept = [box for place, box in enumerate(boxes) if place not in blurred]
        places = [(place, decided.faces[place].detection) for place in blurred]
        strangers = []
        for found in self.recogniser.detect(output):
            if _share(covered, found.box) >= MOSTLY:
                places += [(place, found) for place in _owner(found.box, blurred, boxes)]
            elif not _middle_in_any(found.box, kept):
                strangers.append(found)
        results = self._compared(places, output, decided)
        nearest = {place: min(left for owner, left, _ in results if owner == place).cosine for place in blurred}
        return SecondLook(
            tuple(nearest.get(place) for place in range(len(boxes))),
            next((text for _, _, text in results if text), ""),
            tuple(strangers),
        )

    def _compared(
        self, places: Sequence[tuple[int, Detection]], output: RGB, decided: Decided
    ) -> list[tuple[int, Residual, str]]:
        """For each place the face's number, what is left of it, and, if that is too much, a sentence on it."""
        if not places:
            return []
        seen = self.recogniser.describe(output, [detection for _, detection in places])
        likes = candidates(np.stack([face.embedding for face in seen]), self.whitelist, within=self.policy.widest)
        results = []
        for (place, _), face, like in zip(places, seen, likes, strict=True):
            left = residual(decided.faces[place].embedding, face.embedding, self.policy.thresholds)
            telling = trusted(decided.faces[place].quality, self.policy.floors)
            why = _too_much(place, left, decided.found[place], like, self.policy) if telling else ""
            results.append((place, left, why))
        return results


def _too_much(place: int, left: Residual, found: Sequence[Candidate], like: Sequence[Candidate], policy: Policy) -> str:
    if left.recognised:
        return (
            f"Face {place + 1} can still be recognised in the output, at a cosine distance of {left.cosine:.3f}. "
            f"{_REMEDY}"
        )
    before = {one.identity for one in found}
    for one in like:
        limit = policy.limit(one.identity)
        if one.identity in before and one.cosine <= limit.cosine and one.euclidean <= limit.euclidean:
            return f"Face {place + 1} still matches {one.identity} in the output, at {one.cosine:.3f}. {_REMEDY}"
    return ""


def different(one: RGB, other: RGB) -> NDArray[np.bool_]:
    """Which pixels of two pictures of the same size differ, as `(height, width) bool`."""
    found = one[..., 0] != other[..., 0]
    for channel in (1, 2):
        found |= one[..., channel] != other[..., channel]
    return np.asarray(found)


def kept_and_covered(decided: Decided, covered: NDArray[np.bool_]) -> tuple[str, ...]:
    """A sentence on each kept face of which much is covered, because somebody beside it was blurred.

    Args:
        decided: The faces of the photo with what happens to them.
        covered: `(height, width) bool`: which pixels were.
    """
    kept = [(n, f.detection.box) for n, f in enumerate(decided.faces, 1) if decided.decisions[n - 1].kept]
    shares = [(number, _share(covered, box)) for number, box in kept]
    return tuple(
        f"Face {number} is kept, but {share:.0%} of it is covered with what lies beside it."
        for number, share in shares
        if share >= MUCH
    )


def _owner(found: Box, blurred: Sequence[int], boxes: Sequence[Box]) -> list[int]:
    """The one blurred face in whose place something was found, if there is one: that which it overlaps most."""
    fits = [(found.overlap(boxes[place]), -place) for place in blurred if found.intersect(boxes[place])]
    return [-max(fits)[1]] if fits else []


def _share(covered: NDArray[np.bool_], box: Box) -> float:
    return float(covered[box.y : box.bottom, box.x : box.right].mean())


def _middle_in_any(found: Box, boxes: Sequence[Box]) -> bool:
    x, y = found.centre
    return any(box.x <= x < box.right and box.y <= y < box.bottom for box in boxes)
