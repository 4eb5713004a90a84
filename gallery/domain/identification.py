"""One-to-many comparison with people who are not enrolled among the probes (open set; ISO/IEC 19795-1, NIST FRTE 1:N).

A face of somebody who is not enrolled and is kept is a false positive: the harm. A face of somebody enrolled that is
not kept, or kept under another name, is a false negative: the nuisance. Each face counts at most once for each rate:

- faces of enrolled people, against everybody enrolled;
- faces of strangers, against everybody enrolled;
- faces of enrolled people as strangers, against everybody but themselves (leave one person out).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Policy, decide
from gallery.domain.error_rates import Rate, wilson
from gallery.domain.faces import Face, Quality
from gallery.domain.geometry import Box
from gallery.domain.matching import FARTHEST, Candidate, Fusion, Whitelist, candidates
from gallery.domain.models import Thresholds

STEPS = tuple(round(0.05 * step, 2) for step in range(6, 41))
"""Shares of the thresholds that a sweep tries, of the cosine and the squared Euclidean distance."""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """Who stands where in a photo.

    Attributes:
        box: Where.
        name: Who; None for somebody who has no name, and so is nobody who could be enrolled.
    """

    box: Box
    name: str | None


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo and what is known of it.

    Attributes:
        path: Its file.
        boxes: Who stands where; None where only its owner is known.
        owner: Whose face is nearest to the middle; None where boxes are known.
    """

    path: Path
    boxes: tuple[LabelledBox, ...] | None = None
    owner: str | None = None


class Role(StrEnum):
    """What a face of a photo counts as against one gallery."""

    MATED = "mated"
    """It belongs to somebody enrolled."""
    NON_MATED = "non-mated"
    """It belongs to somebody who is not."""
    UNCOUNTED = "uncounted"
    """It takes part in the photo's decision, and is counted elsewhere or not at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One photo's faces, and whose they are.

    Attributes:
        source: Names the photo, in words.
        faces: All that were detected.
        names: For each its person's name; None for a stranger.
        labelled: For each whether its name is known at all.
    """

    source: str
    faces: tuple[Face, ...]
    names: tuple[str | None, ...]
    labelled: tuple[bool, ...]

    def __post_init__(self) -> None:
        if not len(self.faces) == len(self.names) == len(self.labelled):
            raise ValueError(f"{len(self.faces)} faces, {len(self.names)} names and {len(self.labelled)} marks")

    @property
    def shown(self) -> set[str]:
        """The names of those whose face it shows."""
        return {name for name, known in zip(self.names, self.labelled, strict=True) if known and name is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One photo against one gallery.

    Attributes:
        source: Names the photo, in words.
        faces: All that were detected.
        found: For each its candidates, the best first.
        names: For each its person's name; None for a stranger, or where it is not known.
        roles: What each counts as.
    """

    source: str
    faces: tuple[Face, ...]
    found: tuple[tuple[Candidate, ...], ...]
    names: tuple[str | None, ...]
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What some rules made of all trials.

    Attributes:
        fpir: Strangers' faces that were kept.
        fnir: Enrolled people's faces that were not kept under their own name.
        misnamed: Those of them that were kept under another name.
        waiting: Enrolled people's faces that were blurred only because they need a person's word.
    """

    fpir: Rate
    fnir: Rate
    misnamed: int
    waiting: int


def whitelist(references: Mapping[str, Sequence[Face]], cohort: Cohort | None = None) -> Whitelist:
    """People's references, ready to be compared. Nobody may be without one.

    Args:
        references: Faces by name.
        cohort: What normalised scores are measured against; None for none.
    """
    names = tuple(sorted(references))
    rows = [face.embedding for name in names for face in references[name]]
    owners = np.repeat(np.arange(len(names)), [len(references[name]) for name in names]).astype(np.intp)
    numbers, templates = np.arange(len(rows), dtype=np.int64), np.stack(rows)
    standing = None if cohort is None else cohort.standing(templates)
    return Whitelist(names, owners, numbers, templates, cohort=cohort, standing=standing)


def trials(
    probes: Iterable[Probe],
    references: Mapping[str, Sequence[Face]],
    fusion: Fusion = Fusion.BEST,
    within: float = math.inf,
    cohort: Cohort | None = None,
) -> list[Trial]:
    """Compares every photo with everybody enrolled, and with everybody but each enrolled person it shows.

    Args:
        probes: The photos.
        references: The faces that each person is enrolled with, by name; at least two people.
        fusion: What a person's distance is, when they have several references.
        within: The largest cosine distance at which anybody can match under the rules that the trials are for: a
            decision looks at everybody within it.
        cohort: What normalised scores are measured against; None for none.
    """
    everybody = whitelist(references, cohort)
    made = []
    for probe in probes:
        if not any(probe.labelled):
            continue
        # The third takes the place of one of the two closest who is left out.
        embeddings = np.stack([face.embedding for face in probe.faces])
        found = candidates(embeddings, everybody, 3, fusion, within)
        made.append(_trial(probe, found, references, None))
        made += [_trial(probe, found, references, name) for name in sorted(probe.shown & references.keys())]
    return made


def _trial(
    probe: Probe, found: Sequence[Sequence[Candidate]], enrolled: Collection[str], left_out: str | None
) -> Trial:
    ranked = tuple(tuple(c for c in closest if c.identity != left_out) for closest in found)
    roles = tuple(
        _role(name, known, enrolled, left_out) for name, known in zip(probe.names, probe.labelled, strict=True)
    )
    return Trial(probe.source, probe.faces, ranked, probe.names, roles)


def _role(name: str | None, labelled: bool, enrolled: Collection[str], left_out: str | None) -> Role:
    if not labelled or (left_out is not None and name != left_out):
        return Role.UNCOUNTED
    return Role.MATED if name in enrolled and name != left_out else Role.NON_MATED


def tally(made: Iterable[Trial], policy: Policy, judge_quality: bool = True) -> Tally:
    """Decides every trial and counts.

    Args:
        made: The trials.
        policy: The rules' numbers.
        judge_quality: Whether the quality floor is among the rules. Without it, faces that are small, not sharp or not
            prepared the way the model asks for can be kept.
    """
    positives = strangers = negatives = enrolled = misnamed = waiting = 0
    for trial in made:
        faces = trial.faces if judge_quality else tuple(_flawless(face) for face in trial.faces)
        for decision, name, role in zip(decide(faces, trial.found, policy), trial.names, trial.roles, strict=True):
            if role is Role.NON_MATED:
                strangers += 1
                positives += decision.kept
            elif role is Role.MATED:
                right = decision.candidate is not None and decision.candidate.identity == name
                enrolled += 1
                negatives += not (decision.kept and right)
                misnamed += decision.kept and not right
                waiting += decision.waits
    return Tally(wilson(positives, strangers), wilson(negatives, enrolled), misnamed, waiting)


def _flawless(face: Face) -> Face:
    return replace(face, quality=Quality(10**6, float("inf"), as_meant=True))


@dataclass(frozen=True, slots=True)
class Mistake:
    """One face that was decided wrongly.

    Attributes:
        source: The photo.
        box: Where in it.
        name: Whose face it is; None for a stranger.
        enrolled: Whether that person was enrolled in the gallery that decided.
        kept_as: The name it was kept under; None where it was blurred.
        reason: The decision's, as a sentence.
    """

    source: str
    box: Box
    name: str | None
    enrolled: bool
    kept_as: str | None
    reason: str


def mistakes(made: Iterable[Trial], policy: Policy) -> list[Mistake]:
    """Every face that is counted as an error under a policy."""
    found = []
    for trial in made:
        for face, decision, name, role in zip(
            trial.faces, decide(trial.faces, trial.found, policy), trial.names, trial.roles, strict=True
        ):
            kept_as = decision.candidate.identity if decision.candidate is not None and decision.kept else None
            wrong = kept_as is not None if role is Role.NON_MATED else role is Role.MATED and kept_as != name
            if wrong:
                box = face.detection.box
                found.append(Mistake(trial.source, box, name, role is Role.MATED, kept_as, decision.reason))
    return found


def pooled(tallies: Sequence[Tally]) -> Tally:
    """Several tallies of the same faces as one: counts are added up, intervals are those of one tally.

    Repeats bring no new faces, so they make an interval no narrower.
    """
    return Tally(
        _pooled_rate([t.fpir for t in tallies]),
        _pooled_rate([t.fnir for t in tallies]),
        sum(t.misnamed for t in tallies),
        sum(t.waiting for t in tallies),
    )


def _pooled_rate(rates: Sequence[Rate]) -> Rate:
    if len(rates) == 1:
        return rates[0]
    hits, trials_made = sum(r.hits for r in rates), sum(r.trials for r in rates)
    once = max(1, trials_made // len(rates)) if trials_made else 0
    few, many = math.floor(hits / len(rates)), min(once, math.ceil(hits / len(rates)))
    return Rate(hits, trials_made, wilson(few, once).low, wilson(many, once).high)


class Part(StrEnum):
    """A rule that can be switched off. The value is its label in tables."""

    SCORE = "normalised score"
    QUALITY = "quality floor"
    ONCE = "once per photo"
    MARGIN = "margin to next"
    GREY_BAND = "grey band"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Some of the rules of a decision.

    Attributes:
        label: Which, in words.
        policy: Their numbers.
        judge_quality: Whether the quality floor is among them.
    """

    label: str
    policy: Policy
    judge_quality: bool

    def tally(self, made: Iterable[Trial]) -> Tally:
        """What these rules make of all trials."""
        return tally(made, self.policy, self.judge_quality)


def rule_sets(policy: Policy) -> tuple[RuleSet, ...]:
    """The thresholds alone, the other rules added one after the other, and then all of them but one.

    Rules that the policy does not use are passed over.
    """
    used = _parts(policy)
    added = [_rules(f"+ {part}", policy, used[: number + 1]) for number, part in enumerate(used)]
    left_out = [_rules(f"all but {part}", policy, [other for other in used if other is not part]) for part in used[:-1]]
    return (_rules("thresholds only", policy, ()), *added, *left_out)


def _parts(policy: Policy) -> list[Part]:
    return [
        *([Part.SCORE] if policy.scores else []),
        Part.QUALITY,
        *([Part.ONCE] if policy.once_per_photo else []),
        *([Part.MARGIN] if policy.min_margin else []),
        *([Part.GREY_BAND] if policy.grey_band else []),
    ]


def _rules(label: str, policy: Policy, parts: Sequence[Part]) -> RuleSet:
    kept = replace(
        policy,
        scores=policy.scores if Part.SCORE in parts else None,
        once_per_photo=policy.once_per_photo and Part.ONCE in parts,
        rival_margin=policy.rival_margin if Part.ONCE in parts else 0.0,
        min_margin=policy.min_margin if Part.MARGIN in parts else 0.0,
        grey_band=policy.grey_band if Part.GREY_BAND in parts else 0.0,
    )
    return RuleSet(label, kept, Part.QUALITY in parts)


@dataclass(frozen=True, slots=True)
class SweepPoint:
    """What stricter or laxer thresholds would lead to.

    Attributes:
        share: Of the cosine and the squared Euclidean threshold.
        thresholds: The thresholds of that share.
        bare: Under the thresholds alone.
        full: Under all rules.
    """

    share: float
    thresholds: Thresholds
    bare: Tally
    full: Tally


def widest(policy: Policy, shares: Sequence[float] = STEPS) -> float:
    """The largest cosine distance at which anybody can match in a sweep."""
    return min(FARTHEST, policy.widest * max(1.0, *shares))


def sweep(made: Sequence[Trial], policy: Policy, shares: Sequence[float] = STEPS) -> tuple[SweepPoint, ...]:
    """Both error rates against the threshold, the strictest first."""
    return tuple(_sweep_point(made, policy, share) for share in shares)


def _sweep_point(made: Sequence[Trial], policy: Policy, share: float) -> SweepPoint:
    own = policy.thresholds
    scaled = Thresholds(
        min(FARTHEST, own.cosine * share), own.euclidean * math.sqrt(share), f"{share:g} times that: {own.origin}"
    )
    sets = rule_sets(replace(policy, thresholds=scaled))
    bare, full = sets[0], sets[len(_parts(policy))]
    return SweepPoint(share, scaled, bare.tally(made), full.tally(made))
