"""Looks at an output as whoever gets it will: who can be recognised in it, and is there a face that nobody settled?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gallery.domain.deciding import Policy, trusted
from gallery.domain.faces import RGB, Detection, Face
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate, Whitelist, candidates, own_and_other
from gallery.domain.people import SAME_FACE
from gallery.domain.residual import Residual, residual
from gallery.usecases.decided import Decided
from gallery.usecases.faces import Recogniser

MOSTLY = 0.7
"""Share of what is found in the place of a blurred face that must have been covered, or it is a face of its own."""

WHOLLY = 0.99
"""Share from which on nothing of a face is left to be seen, wherever it is."""

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
class Written:
    """An output beside the photo it was made from.

    Attributes:
        photo: The photo.
        output: The output as it was read back.
        decided: The photo's faces with what happens to them.
        cover: Covers the same faces in any picture of that size.
        covered: `(height, width) bool`: which pixels are not the photo's.
    """

    photo: RGB
    output: RGB
    decided: Decided
    cover: Callable[[RGB], RGB]
    covered: NDArray[np.bool_]

    def bare(self) -> RGB:
        """The covers without a photo: on a picture of the output's mean colour."""
        flat = np.empty_like(self.output)
        flat[:] = np.round(self.output.mean(axis=(0, 1)))
        return self.cover(flat)

    def hides_all_of(self, box: Box) -> bool:
        """Whether the cover of a face would be the same with anything else in its place: nothing of it is left."""
        place = np.s_[box.y : box.bottom, box.x : box.right]
        other = self.photo.copy()
        other[place] += np.uint8(128)  # wraps around: every level becomes another
        return np.array_equal(self.cover(other)[place], self.cover(self.photo)[place])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is seen in the place of a blurred face.

    Attributes:
        place: Which face of the photo, from 0.
        detection: Where.
        left: How near it is to that face.
        doubt: What it is too near to; None where it is not.
    """

    place: int
    detection: Detection
    left: Residual
    doubt: _Doubt | None


@dataclass(frozen=True, slots=True)
class _Doubt:
    """What is seen is too near to a blurred face, or to a person.

    Attributes:
        why: A sentence on it.
        holds_for: Whether another embedding is too near to the same face or person.
    """

    why: str
    holds_for: Callable[[NDArray[np.float32]], bool]


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

    def look(self, written: Written) -> SecondLook:
        """Detects and embeds again.

        What is found is a kept face where it is in the same place, or in its place and still that face; for each kept
        face one thing at most. Whatever else is to be seen is a face that nobody settled, though it be half hidden
        behind a kept one.

        What is seen at every blurred face's place, and whatever a detector finds there, is compared with that face as
        it was, and with the people it matched or was most like. A face that was too small or too blurred for the model
        to be trusted tells nothing: the embeddings of all such faces are alike, covered or not.

        Raises:
            ModelFailed: If detector or embedder could not do their work.
        """
        decided = written.decided
        boxes = [face.detection.box for face in decided.faces]
        blurred = [place for place, decision in enumerate(decided.decisions) if not decision.kept]
        found = self._without_kept(self.recogniser.detect(written.output), written)
        hidden = [one for one in found if _share(written.covered, one.box) >= MOSTLY]
        places = [(place, decided.faces[place].detection) for place in blurred]
        places += [(place, one) for one in hidden for place in blurred if one.box.intersect(boxes[place])]
        seen = self._compared(places, written)
        failure, remarks = self._judged(seen, written)
        nearest = {place: min(one.left for one in seen if one.place == place).cosine for place in blurred}
        return SecondLook(
            tuple(nearest.get(place) for place in range(len(boxes))),
            failure,
            self._not_drawn([one for one in found if not _settled(one.box, decided, written.covered)], written),
            remarks,
        )

    def _not_drawn(self, found: Sequence[Detection], written: Written) -> tuple[Detection, ...]:
        """Without what is seen only because of how covers are drawn: in one colour, they would not look like a face."""
        touching = [one for one in found if _share(written.covered, one.box) > 0]
        if not touching:
            return tuple(found)
        plain = written.output.copy()
        plain[written.covered] = np.round(plain.mean(axis=(0, 1)))
        again = self.recogniser.detect(plain)
        drawn = [one for one in touching if all(one.box.overlap(other.box) < SAME_FACE for other in again)]
        return tuple(one for one in found if one not in drawn)

    def _without_kept(self, found: Sequence[Detection], written: Written) -> list[Detection]:
        """What is found but for the kept faces."""
        faces = written.decided.faces
        kept = {n: faces[n].detection.box for n, one in enumerate(written.decided.decisions) if one.kept}
        own = _paired(found, kept)
        # Of a face that is partly covered, a detector may draw a box of what is left of it.
        parts = [
            (number, place)
            for number, one in enumerate(found)
            for place, box in kept.items()
            if number not in own and place not in own.values() and _middle_in_any(one.box, [box])
        ]
        seen = self.recogniser.describe(written.output, [found[number] for number, _ in parts])
        for (number, place), face in zip(parts, seen, strict=True):
            same = residual(faces[place].embedding, face.embedding, self.policy.thresholds).recognised
            if same and number not in own and place not in own.values():
                own[number] = place
        return [one for number, one in enumerate(found) if number not in own]

    def _compared(self, places: Sequence[tuple[int, Detection]], written: Written) -> list[_Seen]:
        """What is seen at each place."""
        if not places:
            return []
        decided, seen = written.decided, self.recogniser.describe(written.output, [one for _, one in places])
        likes = candidates(np.stack([face.embedding for face in seen]), self.whitelist, within=self.policy.widest)
        results = []
        for (place, detection), face, like in zip(places, seen, likes, strict=True):
            before = decided.faces[place]
            left = residual(before.embedding, face.embedding, self.policy.thresholds)
            telling = trusted(before.quality, self.policy.floors)
            doubt = self._too_near(place, left, written, like) if telling else None
            results.append(_Seen(place, detection, left, doubt))
        return results

    def _too_near(self, place: int, left: Residual, written: Written, like: Sequence[Candidate]) -> _Doubt | None:
        if left.recognised:
            why = f"Face {place + 1} can still be recognised in the output, at a cosine distance of {left.cosine:.3f}."
            return _Doubt(why, partial(self._recognised, written.decided.faces[place]))
        before = {one.identity for one in written.decided.found[place]}
        for one in like:
            if one.identity in before and self.policy.passes(one):
                why = f"Face {place + 1} still matches {one.identity} in the output, at {one.cosine:.3f}."
                return _Doubt(why, partial(self._matches, one.identity))
        return None

    def _recognised(self, face: Face, other: NDArray[np.float32]) -> bool:
        return residual(face.embedding, other, self.policy.thresholds).recognised

    def _matches(self, name: str, other: NDArray[np.float32]) -> bool:
        own, _ = own_and_other(other, self.whitelist, name)
        return own is not None and self.policy.passes(own)

    def _judged(self, seen: Sequence[_Seen], written: Written) -> tuple[str, tuple[str, ...]]:
        """Why the output must not be published, and remarks.

        What is no face (a flower, a label) can be like a cover, whatever is under it. So where something is too near, a
        bare cover is the control: where that is too near as well, the comparison tells nothing, and it counts that the
        cover hides all of the face. In every fifth of 400 pictures of WIDER FACE, of 335 things that are no faces 78 to
        85 are taken for themselves under a cover, by method, and 62 to 78 of these are like a bare one; of 216 faces 1
        to 3, and 1 or 2 of these (tests/benchmarks/measure_control.py).
        """
        doubts = [(one, one.doubt) for one in seen if one.doubt]
        if not doubts:
            return "", ()
        controls = self.recogniser.describe(written.bare(), [one.detection for one, _ in doubts])
        for (one, doubt), control in zip(doubts, controls, strict=True):
            box = written.decided.faces[one.place].detection.box
            if not (doubt.holds_for(control.embedding) and written.hides_all_of(box)):
                return f"{doubt.why} {_REMEDY}", ()
        return "", tuple(
            f"A bare cover would be taken for face {place + 1} as well, so comparing them tells nothing; that "
            "the cover is the same whatever is under it was checked instead."
            for place in sorted({one.place for one, _ in doubts})
        )


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


def _paired(found: Sequence[Detection], kept: Mapping[int, Box]) -> dict[int, int]:
    """Which kept face what is found is, by the number of what is found: what overlaps it most, if that is enough."""
    fits = [(one.box.overlap(box), place, number) for number, one in enumerate(found) for place, box in kept.items()]
    own: dict[int, int] = {}
    for overlap, place, number in sorted(fits, key=lambda fit: (-fit[0], *fit[1:])):
        if overlap >= SAME_FACE and number not in own and place not in own.values():
            own[number] = place
    return own


def _settled(found: Box, decided: Decided, covered: NDArray[np.bool_]) -> bool:
    """Whether what is found is a cover: all of it, or most of it, where a face or region was covered."""
    share = _share(covered, found)
    return share >= WHOLLY or (share >= MOSTLY and _middle_in_any(found, decided.covered))


def _share(covered: NDArray[np.bool_], box: Box) -> float:
    return float(covered[box.y : box.bottom, box.x : box.right].mean())


def _middle_in_any(found: Box, boxes: Sequence[Box]) -> bool:
    x, y = found.centre
    return any(box.x <= x < box.right and box.y <= y < box.bottom for box in boxes)
