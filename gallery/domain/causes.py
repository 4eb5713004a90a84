"""Why a face was decided otherwise in another run.

What a decision rests on falls into parts: the word of a person, the evidence (how far the face is from whom), the
thresholds, who is withheld, the other rules' numbers, the other faces of the photo. The parts that differ between two
runs are the causes. Which of them is decisive is found by deciding again, by the same rules, from the record: with that
one part taken from the second run and all others from the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from gallery.domain.deciding import Policy, Rule, Verdict, decide
from gallery.domain.faces import Detection, Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import Candidate
from gallery.domain.models import Floors, Thresholds
from gallery.domain.runs import DecidedFace, ImageRecord, RunSettings, Verification
from gallery.domain.score_limits import ScoreLimits

SAME_DISTANCE = 1e-4
"""Cosine distances that differ by less are the same: no more than rounding, and not seen in three decimals."""


class Cause(StrEnum):
    """What can make a decision another. The order is that in which they are tried."""

    PHOTO = "photo changed"
    """The file holds other bytes."""
    BY_HAND = "by hand"
    """An override, a region, `--always-blur` or `--keep-all-of`."""
    MODEL = "model"
    """Other weights, or another preparation of faces: the distances of the two runs cannot be compared."""
    DETECTOR = "detector"
    """Another detector or other settings of it, or the face was found in another box."""
    THRESHOLDS = "thresholds"
    """Everybody's, the person's own, or the limits of normalised scores, which go by the gallery's size."""
    GALLERY = "gallery"
    """People or references were added, removed, renamed or moved, or somebody is withheld."""
    RULES = "rules"
    """Fusion, floors, grey band, margin, once per photo, or what is verified."""
    OTHER_FACES = "other faces"
    """Another face of the photo is closer to the same person in one of the runs; or, of a face that was found in only
    one, what else was blurred in the output that was searched."""
    PROGRAM = "program"
    """Nothing on record differs but the program's version."""
    UNKNOWN = "not on record"
    """Nothing on record differs."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One face of one photo in one run.

    Attributes:
        settings: The run's.
        image: The photo's record.
        place: Which face of the photo, from 0.
    """

    settings: RunSettings
    image: ImageRecord
    place: int

    @property
    def face(self) -> DecidedFace:
        """The face with its decision."""
        return self.image.faces[self.place]


@dataclass(frozen=True, slots=True)
class _Grounds:
    """All that one decision rests on, as far as it is on record. See `gallery.domain.deciding.Policy` for the numbers.

    Attributes:
        word: A person's; None where the rules decided.
        ranked: The closest people, the best first, at most two.
        limits: The thresholds of those in question, by name.
        withheld: Whether it matches somebody who is not kept.
        look_alike: Whether its closest person is hardly told apart from another.
        scores: How high normalised scores must be.
        others: How the other faces of the photo compare with the closest person, as far as is on record.
    """

    word: Verdict | None
    nobody: bool
    all_of: frozenset[str]
    ranked: tuple[Candidate, ...]
    quality: Quality
    limits: Mapping[str, Thresholds]
    withheld: bool
    look_alike: bool
    scores: ScoreLimits | None
    floors: Floors
    grey_band: float
    min_margin: float
    once_per_photo: bool
    rival_margin: float
    others: tuple[Candidate, ...]

    @property
    def outdone(self) -> bool:
        """Whether another face of the photo is closer to the same person, or not clearly farther."""
        if not self.ranked:
            return False
        top = self.ranked[0]
        limit = self.limits[top.identity]
        clear = top.cosine + self.rival_margin * limit.cosine
        return any(
            other.cosine <= top.cosine
            or (
                other.cosine <= min(clear, limit.cosine)
                and other.euclidean <= limit.euclidean
                and (self.scores is None or self.scores.admits(other.normalised))
            )
            for other in self.others
        )


_HAND = ("word", "nobody", "all_of")
_EVIDENCE = ("ranked", "quality")
_RULES = ("floors", "grey_band", "min_margin", "once_per_photo", "rival_margin")
_OF_MODEL = ("limits", "scores", "floors", "grey_band", "rival_margin")
_NOWHERE, _NOTHING = Detection(Box(0, 0, 1, 1), 1.0), np.zeros(0, np.float32)
"""A face is decided by its distances: where it is and its embedding are not asked for."""


def changed(before: DecidedFace, after: DecidedFace) -> bool:
    """Whether the face is kept in only one of two runs, or in both, but for different people."""
    if before.decision.kept != after.decision.kept:
        return True
    return None not in (_kept_for(before), _kept_for(after)) and _kept_for(before) != _kept_for(after)


def causes(before: Looked, after: Looked, edited: bool = False) -> tuple[Cause, ...]:
    """Why a face found in two runs was decided otherwise.

    Args:
        before: The face in the first run.
        after: The same face in the second.
        edited: Whether the photo holds other bytes.

    Returns:
        All that differs, the decisive cause first: the first, in the order of `Cause`, that makes the second run's
        decision out of the first's by itself; if none does, the first without which the second run would have decided
        as the first; if there is none either, the first that differs.
    """
    one, other = _grounds(before, after), _grounds(after, before)
    parts = _parts(one, other, Cause.PHOTO if edited else _source_of_evidence(before, after))
    differing = {
        cause: fields for cause, fields in parts.items() if cause is Cause.PHOTO or _differ(one, other, fields)
    }
    aim, start = _outcome(other), _outcome(one)
    enough = [cause for cause, fields in differing.items() if _outcome(_with(one, other, fields)) == aim]
    needed = [cause for cause, fields in differing.items() if _outcome(_with(other, one, fields)) == start]
    found = dict.fromkeys([*[*enough, *needed][:1], *differing])
    return tuple(found) or (_unexplained(before.settings, after.settings),)


def causes_of_finding(before: RunSettings, after: RunSettings, edited: bool) -> tuple[Cause, ...]:
    """Why a face was found in only one of two runs.

    Faces are looked for in the photo and, where an output is verified in full, in that, too, where the blur beside it
    may uncover one.
    """
    found = [Cause.PHOTO] if edited else []
    if _detection(before) != _detection(after):
        found.append(Cause.DETECTOR)
    full = {settings.policy.get("verify") == Verification.FULL for settings in (before, after)}
    if len(full) == 2 or (True in full and before.redaction != after.redaction):
        found.append(Cause.RULES)
    if not found and before.program == after.program and True in full:
        found.append(Cause.OTHER_FACES)
    return tuple(found) or (_unexplained(before, after),)


def _unexplained(before: RunSettings, after: RunSettings) -> Cause:
    return Cause.UNKNOWN if before.program == after.program else Cause.PROGRAM


def _kept_for(face: DecidedFace) -> str | None:
    """Whom a face was kept for; None where it was blurred, or kept by hand: who it is, is then nobody's to tell."""
    decision = face.decision
    return decision.candidate.identity if decision.rule is Rule.MATCH and decision.candidate else None


def _detection(settings: RunSettings) -> tuple[Any, ...]:
    return settings.detector, settings.detector_sha256, settings.policy.get("detector")


def _grounds(looked: Looked, other: Looked) -> _Grounds:
    """What a decision rests on, as far as it concerns those who are closest in either run."""
    settings, decision = looked.settings, looked.face.decision
    policy, by_hand = settings.policy, settings.policy.get("by_hand", {})
    names = {candidate.identity for one in (looked, other) for candidate in _ranked(one.face)}
    found = _Grounds(
        word=decision.verdict if decision.rule is Rule.BY_HAND else None,
        nobody=decision.rule is Rule.NOBODY_KEPT,
        all_of=frozenset(by_hand.get("all_of", ())) & names,
        ranked=_ranked(looked.face),
        quality=looked.face.quality,
        limits={name: settings.personal.get(name, settings.thresholds) for name in names},
        withheld=decision.rule in (Rule.DISABLED, Rule.EXPIRED),
        look_alike=decision.rule is Rule.LOOK_ALIKE,
        scores=settings.scores,
        floors=Floors(**policy.get("floors", {"size": 0, "sharpness": 0.0})),
        grey_band=policy.get("grey_band", 0.0),
        min_margin=policy.get("min_margin", 0.0),
        once_per_photo=policy.get("once_per_photo", True),
        rival_margin=policy.get("rival_margin", 0.0),
        others=_others(looked),
    )
    if decision.rule is Rule.RIVAL and not found.outdone:  # of each face only two people are on record
        return replace(found, others=(replace(found.ranked[0], cosine=-math.inf),))
    # An earlier version kept the first of two equals, and did not see every other face that matches.
    return replace(found, others=()) if decision.rule is Rule.MATCH and _outcome(found) is None else found


def _ranked(face: DecidedFace) -> tuple[Candidate, ...]:
    found = (face.decision.candidate, face.decision.runner_up)
    return tuple(candidate for candidate in found if candidate is not None)


def _others(looked: Looked) -> tuple[Candidate, ...]:
    closest = looked.face.decision.candidate
    return tuple(
        match
        for place, face in enumerate(looked.image.faces)
        for match in _ranked(face)
        if place != looked.place and closest is not None and match.identity == closest.identity
    )


def _outcome(grounds: _Grounds) -> str | None:
    """Whom these grounds keep the face for; None if they blur it, and nobody's name if it is kept by hand."""
    if grounds.word is not None:
        return "" if grounds.word is Verdict.KEEP else None
    if not grounds.ranked:
        return None
    top = grounds.ranked[0]
    if grounds.outdone and grounds.once_per_photo and top.identity not in grounds.all_of:
        return None
    policy = Policy(
        Thresholds(0, 0),
        grounds.floors,
        grounds.grey_band,
        grounds.once_per_photo,
        grounds.min_margin,
        grounds.limits,
        grounds.all_of,
        grounds.nobody,
        scores=grounds.scores,
    )
    face = Face(_NOWHERE, grounds.quality, _NOTHING)
    withheld = {top.identity: None} if grounds.withheld else {}
    alike = [frozenset((top.identity, other.identity)) for other in grounds.ranked[1:] if grounds.look_alike]
    return top.identity if decide([face], [grounds.ranked], policy, withheld, alike)[0].kept else None


def _source_of_evidence(before: Looked, after: Looked) -> Cause:
    """What made the distances others, if they are."""
    one, other = before.settings, after.settings
    if not one.space.comparable(other.space):
        return Cause.MODEL
    if before.face.detection.box != after.face.detection.box:
        return Cause.DETECTOR
    if one.policy.get("fusion") != other.policy.get("fusion"):
        return Cause.RULES
    if None not in (before.image.state, after.image.state) and before.image.state == after.image.state:
        return _unexplained(one, other)
    return Cause.GALLERY


def _parts(one: _Grounds, other: _Grounds, evidence: Cause) -> dict[Cause, tuple[str, ...]]:
    """Which grounds belong to which cause, in the order of the causes."""
    parts = {
        Cause.BY_HAND: _HAND,
        Cause.THRESHOLDS: ("limits", "scores"),
        Cause.GALLERY: ("withheld", "look_alike"),
        Cause.RULES: _RULES,
    }
    if one.nobody == other.nobody:  # else nobody was looked for in one of the runs
        parts[evidence] = (*parts.get(evidence, ()), *_EVIDENCE)
        parts[Cause.OTHER_FACES] = ("others",)
    if evidence is Cause.PHOTO:  # a word holds for the bytes of a photo
        parts[evidence] = ("word", *parts.get(evidence, ()))
    if evidence is Cause.MODEL:  # each model has its own numbers, which say nothing of another's distances
        parts[evidence] = (*parts.get(evidence, ()), *_OF_MODEL)
        parts[Cause.RULES] = tuple(name for name in _RULES if name not in _OF_MODEL)
        del parts[Cause.THRESHOLDS]
    return {cause: parts[cause] for cause in Cause if cause in parts}


def _differ(one: _Grounds, other: _Grounds, fields: Sequence[str]) -> bool:
    return any(_DIFFER.get(name, _unequal(name))(one, other) for name in fields)


def _unequal(name: str) -> Callable[[_Grounds, _Grounds], bool]:
    return lambda one, other: bool(getattr(one, name) != getattr(other, name))


_DIFFER: Mapping[str, Callable[[_Grounds, _Grounds], bool]] = {
    "ranked": lambda one, other: not _alike(one.ranked, other.ranked),
    # How far the others are does not matter, only whether they leave a doubt.
    "others": lambda one, other: one.outdone != _with(other, one, ("limits", "scores", "rival_margin")).outdone,
}


def _alike(some: Sequence[Candidate], others: Sequence[Candidate]) -> bool:
    """Whether the same people are as far away, but for rounding."""
    return len(some) == len(others) and all(
        one.identity == other.identity and math.isclose(one.cosine, other.cosine, rel_tol=0, abs_tol=SAME_DISTANCE)
        for one, other in zip(some, others, strict=True)
    )


def _with(grounds: _Grounds, others: _Grounds, fields: Sequence[str]) -> _Grounds:
    """The grounds with some of the others' in their place."""
    return replace(grounds, **{name: getattr(others, name) for name in fields})
