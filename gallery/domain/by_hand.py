"""What people decide themselves: who is kept in every case, what is blurred always, and the word on a single face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gallery.domain.deciding import Decision, Rule, Verdict
from gallery.domain.errors import BadArgument
from gallery.domain.geometry import Box

_NEVER_KEPT = (Rule.DISABLED, Rule.EXPIRED, Rule.NOBODY_KEPT)
"""Rules that hold against a person's word: in a run that keeps nobody, the others are not even looked at."""

SAME_PLACE = 0.5
"""Least overlap (intersection over union) of a face with the box a person meant, as is usual for detections (Everingham
et al. 2010, "The PASCAL Visual Object Classes Challenge"): another detector draws a box somewhat differently."""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word on one face of one photo. It holds for every later run.

    Attributes:
        number: Its number in the gallery; 0 before it has one.
        sha256: Of the photo's bytes, so that it holds whatever the photo is called.
        box: The face, as it was detected then.
        verdict: Keep or blur.
        source: The photo's path as it was given then.
        by: Who decided.
        made: When, in UTC.
        note: Why, in their words.
        keeps: The name of the person whom it keeps the face for, as it is now; None where it blurs, or the person is
            not in the gallery any more or was never noted.
        ended: Why that person may not stay visible any more; empty where they may.
    """

    number: int
    sha256: str
    box: Box
    verdict: Verdict
    source: str
    by: str
    made: datetime
    note: str = ""
    keeps: str | None = None
    ended: str = ""

    @property
    def in_force(self) -> bool:
        """Whether it is carried out: one to keep a face ends with the consent of the person whom it keeps."""
        return self.verdict is Verdict.BLUR or (self.keeps is not None and not self.ended)

    @property
    def why_not(self) -> str:
        """Why it keeps nobody, as a part of a sentence; empty where it is in force."""
        if self.in_force:
            return ""
        if self.keeps is None:
            return "the person whom it kept is not in the gallery any more, or was never noted"
        return f"{self.keeps} may not stay visible ({self.ended})"

    @property
    def reason(self) -> str:
        """As a sentence of a decision, with the note, so that the record of the decision says all of it."""
        who = f" by {self.by}" if self.by else ""
        done = "kept" if self.verdict is Verdict.KEEP else "blurred"
        note = f": {' '.join(self.note.split())}" if self.note else ""
        return f"{done} by hand{who} on {self.made:%Y-%m-%d}{note}"


@dataclass(frozen=True, slots=True)
class ByHand:
    """What was settled by hand for all photos of a run.

    Attributes:
        nobody: Whether nobody is kept, whoever is in the gallery.
        all_of: People who are kept wherever they match: more than once in a photo, and in the grey band.
        regions: Boxes that are covered in every photo, faces or not, in pixels of the upright photo.
    """

    nobody: bool = False
    all_of: frozenset[str] = frozenset()
    regions: tuple[Box, ...] = ()

    def __post_init__(self) -> None:
        if self.nobody and self.all_of:
            raise BadArgument("Nobody is to be kept, and yet some people are.", "Leave out one of the two.")

    @property
    def settings(self) -> dict[str, Any]:
        """For the record; empty if nothing was settled by hand."""
        found = {
            "nobody": self.nobody,
            "all_of": sorted(self.all_of),
            "regions": [box.as_list() for box in self.regions],
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Overruled:
    """One photo's decisions after a person's word.

    Attributes:
        decisions: One per face, in the same order.
        uncovered: Boxes to be blurred by hand in which no face was found this time; they are blurred all the same.
        lost: Overrides to keep a face that was not found this time.
    """

    decisions: tuple[Decision, ...]
    uncovered: tuple[Box, ...] = ()
    lost: tuple[Override, ...] = ()


def overrule(
    boxes: Sequence[Box], decisions: Sequence[Decision], overrides: Sequence[Override], regions: Sequence[Box] = ()
) -> Overruled:
    """Puts a person's word in the place of the rules'.

    A face that a region always blurred touches is blurred. Otherwise the word on the face holds; where two words on
    faces that were apart fit one face now, blurring does. Who may not be kept at all (disabled, consent ended, nobody
    kept in this run) stays blurred, and so does a face that is to be kept for somebody who may not stay visible any
    more: it was said to be theirs, whomever the rules take it for.

    Args:
        boxes: The faces of one photo.
        decisions: What the rules say, in the same order.
        overrides: The words on that photo.
        regions: What is always blurred.
    """
    words, missed = _assigned(boxes, overrides)
    settled = tuple(
        _settled(box, decision, words.get(place), regions)
        for place, (box, decision) in enumerate(zip(boxes, decisions, strict=True))
    )
    return Overruled(
        settled,
        tuple(word.box for word in missed if word.verdict is Verdict.BLUR),
        tuple(word for word in missed if word.verdict is Verdict.KEEP),
    )


def _assigned(boxes: Sequence[Box], overrides: Sequence[Override]) -> tuple[dict[int, Override], list[Override]]:
    """For each face that somebody meant the word that holds, and the words that fit no face."""
    words: dict[int, Override] = {}
    missed = []
    for word in sorted(overrides, key=lambda one: (one.made, one.number)):
        overlaps = [box.overlap(word.box) for box in boxes]
        best = max(range(len(boxes)), key=overlaps.__getitem__, default=None)
        if best is None or overlaps[best] < SAME_PLACE:
            missed.append(word)
        elif word.verdict is Verdict.BLUR or best not in words or words[best].verdict is Verdict.KEEP:
            words[best] = word
    return words, missed


def _settled(box: Box, decision: Decision, word: Override | None, regions: Sequence[Box]) -> Decision:
    if any(box.intersect(region) for region in regions):
        return _by_hand(decision, Verdict.BLUR, "lies in a region that is always blurred")
    if word is None:
        return decision
    if word.verdict is Verdict.KEEP and decision.rule in _NEVER_KEPT:
        return decision
    if not word.in_force:
        return _by_hand(decision, Verdict.BLUR, f"override {word.number} keeps nobody: {word.why_not}")
    return _by_hand(decision, word.verdict, word.reason, word.keeps)


def _by_hand(decision: Decision, verdict: Verdict, reason: str, keeps: str | None = None) -> Decision:
    return Decision(verdict, Rule.BY_HAND, reason, decision.candidate, decision.runner_up, keeps)


@dataclass(frozen=True, slots=True)
class Overrides:
    """All overrides of a gallery.

    Attributes:
        of: Those on each photo, by its hash.
    """

    of: Mapping[str, tuple[Override, ...]] = field(default_factory=dict)

    @classmethod
    def grouped(cls, found: Sequence[Override]) -> Overrides:
        """Of a list."""
        of: dict[str, tuple[Override, ...]] = {}
        for one in found:
            of[one.sha256] = (*of.get(one.sha256, ()), one)
        return cls(of)
