"""From scores to decisions: who stays visible, and why not.

A face is kept only if every rule holds. The rules are tried in a fixed order, and the first that fails is the reason.
Any doubt blurs: a stranger left visible is the harm, an enrolled person blurred is a nuisance.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from gallery.domain.errors import BadArgument
from gallery.domain.faces import Face, Quality
from gallery.domain.matching import Candidate
from gallery.domain.models import Floors, Thresholds
from gallery.domain.score_limits import ScoreLimits


class Verdict(StrEnum):
    """What happens to a face."""

    KEEP = "keep"
    BLUR = "blur"


class Rule(StrEnum):
    """What settled a decision. The value is short enough for a table's cell."""

    MATCH = "matches"
    BY_HAND = "by hand"
    NOBODY = "gallery empty"
    NOBODY_KEPT = "nobody kept"
    COSINE = "cosine too far"
    EUCLIDEAN = "euclidean too far"
    SCORE = "score too low"
    DISABLED = "disabled"
    EXPIRED = "consent ended"
    UNALIGNED = "not aligned"
    SMALL = "too small"
    BLURRED = "not sharp"
    RIVAL = "better match here"
    CLOSE_CALL = "too like another"
    LOOK_ALIKE = "look-alikes"
    YOUNG = "very young"
    BORDERLINE = "borderline"
    GREY_BAND = "needs review"


WAITING = frozenset(
    (
        *(Rule.UNALIGNED, Rule.SMALL, Rule.BLURRED, Rule.RIVAL, Rule.CLOSE_CALL),
        *(Rule.LOOK_ALIKE, Rule.YOUNG, Rule.BORDERLINE, Rule.GREY_BAND),
    )
)
"""Rules that are only asked of faces that match within the lax limits: whom they blur may well be enrolled."""

CLEAR = 0.15
"""How much farther, in cosine distance, somebody must be whom a face matches, too, or who looks like its closest
person. Of 239 such faces of LFW, 10 were closest to the wrong one of the two; 7 of them, and 19 % of the others, lie
below (4,281 people with one reference each)."""

LookAlikes = Collection[frozenset[str]]
"""Pairs of people in the gallery who are closer to each other than the limits allow."""

_NOBODY: Mapping[str, date | None] = {}


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules' numbers.

    Attributes:
        thresholds: Largest distances of a match.
        floors: Least quality of a face that may be kept.
        grey_band: Share of a threshold, just under it, in which a match waits for a person's word; 0 for none. It is
            taken of the cosine distance and of the squared Euclidean distance, which on vectors of length one are
            the same quantity.
        once_per_photo: Whether an identity may be kept at most once per photo.
        rival_margin: Share of the cosine threshold by which a face must be closer to its person than every other face
            of the photo that matches that person, too; otherwise neither is kept.
        min_margin: How much farther, in cosine distance, the next identity must be than the best; 0 for no such rule.
        personal: Thresholds of people who have their own, by name.
        all_of: People who may be kept more than once in a photo, and whose matches wait for nobody's word.
        nobody: Whether nobody is kept, whoever is in the gallery.
        scores: How high normalised scores must be; None where the model has no cohort, and only distances count.
    """

    thresholds: Thresholds
    floors: Floors
    grey_band: float = 0.0
    once_per_photo: bool = True
    min_margin: float = 0.0
    personal: Mapping[str, Thresholds] = field(default_factory=dict)
    all_of: frozenset[str] = frozenset()
    nobody: bool = False
    rival_margin: float = 0.0
    scores: ScoreLimits | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.grey_band < 1:
            raise BadArgument(f"The grey band must be a share from 0 to below 1, not {self.grey_band}.")
        if not 0 <= self.rival_margin <= 1:
            raise BadArgument(f"The margin between faces must be a share from 0 to 1, not {self.rival_margin}.")
        if not 0 <= self.min_margin <= 2:
            raise BadArgument(f"The margin must be a cosine distance from 0 to 2, not {self.min_margin}.")

    def limit(self, identity: str) -> Thresholds:
        """The largest distances of a match with that person: their own thresholds, or everybody's."""
        return self.personal.get(identity, self.thresholds)

    def passes(self, match: Candidate) -> bool:
        """Whether both distances are within that person's limit."""
        limit = self.limit(match.identity)
        return match.cosine <= limit.cosine and match.euclidean <= limit.euclidean

    @property
    def widest(self) -> float:
        """The largest cosine distance at which anybody can match: whoever is within it counts for a decision."""
        return max(limit.cosine for limit in (self.thresholds, *self.personal.values()))

    def sure(self, identity: str) -> Thresholds:
        """The distances up to which such a match needs no confirmation: the lower edge of the grey band."""
        limit = self.limit(identity)
        return Thresholds(
            limit.cosine * (1 - self.grey_band),
            limit.euclidean * math.sqrt(1 - self.grey_band),
            "lower edge of the grey band",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one face, and the evidence.

    Attributes:
        verdict: Keep or blur.
        rule: The rule that settled it.
        reason: The same as a sentence, with the numbers.
        candidate: The closest identity, whatever the verdict; None when the gallery is empty.
        runner_up: The other identity that counts: who is withheld, where that settled it; otherwise the closest other,
            if there is one.
        keeps: Whom a manual decision keeps the face for, who need not be the closest; None for other decisions.
    """

    verdict: Verdict
    rule: Rule
    reason: str
    candidate: Candidate | None = None
    runner_up: Candidate | None = None
    keeps: str | None = None

    def __post_init__(self) -> None:
        if self.rule is Rule.BY_HAND:
            return
        if (self.verdict is Verdict.KEEP) != (self.rule is Rule.MATCH):
            raise ValueError(f"a decision to {self.verdict} cannot rest on '{self.rule}'")
        if self.verdict is Verdict.KEEP and self.candidate is None:
            raise ValueError("a face can only be kept for somebody, or by hand")

    @property
    def kept(self) -> bool:
        """Whether the face stays visible."""
        return self.verdict is Verdict.KEEP

    @property
    def waits(self) -> bool:
        """Whether a person should look at it: it matches within both thresholds, and was blurred for another doubt."""
        return self.rule in WAITING

    @property
    def margin(self) -> float | None:
        """How much farther the runner-up is than the candidate, in cosine distance; None without a runner-up."""
        if self.candidate is None or self.runner_up is None:
            return None
        return self.runner_up.cosine - self.candidate.cosine


def decide(
    faces: Sequence[Face],
    found: Sequence[Sequence[Candidate]],
    policy: Policy,
    withheld: Mapping[str, date | None] = _NOBODY,
    look_alikes: LookAlikes = frozenset(),
) -> list[Decision]:
    """Settles all faces of one photo together.

    Args:
        faces: The faces of one photo.
        found: For each face the two closest candidates and everybody else within `Policy.widest`, the best first, as
            `gallery.domain.matching.candidates` gives them.
        policy: The rules' numbers.
        withheld: Those who are not kept (see `gallery.domain.matching.Whitelist`). They are compared all the same, so
            that their faces are not taken for those of people who resemble them.
        look_alikes: Pairs of people who are hardly told apart.

    Returns:
        One decision per face, in the same order.
    """
    if len(faces) != len(found):
        raise ValueError(f"{len(faces)} faces, but candidates for {len(found)}")
    near = _faces_near_each_identity(found)
    return [
        _decide_one(face.quality, ranked, policy, _Around(withheld, _rival(ranked, near, policy, index), look_alikes))
        for index, (face, ranked) in enumerate(zip(faces, found, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class _Rival:
    """Another face of the same photo that may be the same person.

    Attributes:
        index: Which face, from 0.
        match: How it compares with that person.
    """

    index: int
    match: Candidate


_Near = Mapping[str, Sequence[_Rival]]


def _faces_near_each_identity(found: Sequence[Sequence[Candidate]]) -> _Near:
    """For each identity all faces that were compared with it, not only those to which nobody else is closer."""
    near: dict[str, list[_Rival]] = {}
    for index, ranked in enumerate(found):
        for match in ranked:
            near.setdefault(match.identity, []).append(_Rival(index, match))
    return near


def _rival(ranked: Sequence[Candidate], near: _Near, policy: Policy, index: int) -> _Rival | None:
    """The face of the same photo that is closest to the same identity, where one casts doubt on this one."""
    if not ranked or not policy.once_per_photo or ranked[0].identity in policy.all_of:
        return None
    top = ranked[0]
    clear = top.cosine + policy.rival_margin * policy.limit(top.identity).cosine
    rivals = [
        other for other in near[top.identity] if other.index != index and _casts_doubt(other.match, top, clear, policy)
    ]
    return min(rivals, key=lambda other: (other.match.cosine, other.index), default=None)


def _casts_doubt(other: Candidate, top: Candidate, clear: float, policy: Policy) -> bool:
    """Whether another face is as close to the person as this one, or matches them and is not clearly farther."""
    return other.cosine <= top.cosine or (not other.cosine > clear and not _too_far(other, policy))


@dataclass(frozen=True, slots=True)
class _Around:
    """What the decision on a face rests on besides the face. See `decide`.

    Attributes:
        withheld: Those who are not kept.
        rival: The face of the same photo that casts doubt on this one, where one does.
        look_alikes: Pairs of people who are hardly told apart.
    """

    withheld: Mapping[str, date | None]
    rival: _Rival | None
    look_alikes: LookAlikes


def _decide_one(quality: Quality, ranked: Sequence[Candidate], policy: Policy, around: _Around) -> Decision:
    if policy.nobody:
        return Decision(Verdict.BLUR, Rule.NOBODY_KEPT, "nobody is kept in this run")
    if not ranked:
        return Decision(Verdict.BLUR, Rule.NOBODY, "the gallery holds nobody to keep")
    top, runner_up = ranked[0], ranked[1] if len(ranked) > 1 else None
    barred = _withheld(ranked, policy, around.withheld)
    if barred is not None:
        other = runner_up if barred is top else barred
        return Decision(Verdict.BLUR, *_not_to_be_kept(barred.identity, around.withheld), top, other)
    doubt = (
        _too_far(top, policy)
        or _too_poor(quality, policy.floors)
        or _outdone(top, around.rival)
        or _too_like_another(top, runner_up, policy.min_margin)
        or _look_alike(ranked, policy, around.look_alikes)
        or _too_young(top, policy.scores)
        or _borderline(top, policy.scores)
        or _only_just(top, policy)
    )
    if doubt:
        return Decision(Verdict.BLUR, *doubt, top, runner_up)
    within = "both thresholds" if policy.scores is None else "both thresholds, with a normalised score high enough"
    return Decision(Verdict.KEEP, Rule.MATCH, f"matches {top.identity} within {within}", top, runner_up)


_Doubt = tuple[Rule, str] | None


def _too_far(top: Candidate, policy: Policy) -> _Doubt:
    limit = policy.limit(top.identity)
    # "not <=" rather than ">": a distance that is not a number must not count as near.
    if not top.cosine <= limit.cosine:
        return Rule.COSINE, f"cosine distance {top.cosine:.3f} is above the threshold {limit.cosine:.3f}"
    if not top.euclidean <= limit.euclidean:
        return Rule.EUCLIDEAN, f"Euclidean distance {top.euclidean:.3f} is above the threshold {limit.euclidean:.3f}"
    if policy.scores is not None and not policy.scores.admits(top.normalised):
        return (
            Rule.SCORE,
            f"normalised score {_said(top)} is below {policy.scores.lax:.2f}: many faces like these are as alike",
        )
    return None


def _said(match: Candidate) -> str:
    return "unknown" if match.normalised is None else f"{match.normalised:.2f}"


def _withheld(ranked: Sequence[Candidate], policy: Policy, withheld: Mapping[str, date | None]) -> Candidate | None:
    """Whom of those that are withheld the face matches, however many others are closer."""
    return next((match for match in ranked if match.identity in withheld and not _too_far(match, policy)), None)


def _not_to_be_kept(name: str, withheld: Mapping[str, date | None]) -> tuple[Rule, str]:
    end = withheld[name]
    if end is None:
        return Rule.DISABLED, f"matches {name}, who is disabled"
    return Rule.EXPIRED, f"matches {name}, whose consent ended on {end}"


def trusted(quality: Quality, floors: Floors) -> bool:
    """Whether a face is good enough for the model to be trusted with it."""
    return _too_poor(quality, floors) is None


def _too_poor(quality: Quality, floors: Floors) -> _Doubt:
    if not quality.as_meant:
        return Rule.UNALIGNED, "no landmarks were found to align the face by, so the thresholds do not apply to it"
    if quality.size < floors.size:
        return Rule.SMALL, f"the face is {quality.size} pixels across, below the {floors.size} that the model needs"
    if not quality.sharpness >= floors.sharpness:
        return Rule.BLURRED, f"sharpness {quality.sharpness:.1f} is below the {floors.sharpness:g} that the model needs"
    return None


def _outdone(top: Candidate, rival: _Rival | None) -> _Doubt:
    if rival is None:
        return None
    how = "better" if rival.match.cosine < top.cosine else "about as well"
    return Rule.RIVAL, f"face {rival.index + 1} of the same photo matches {top.identity} {how}"


def _too_like_another(top: Candidate, runner_up: Candidate | None, min_margin: float) -> _Doubt:
    if runner_up is None or runner_up.cosine - top.cosine >= min_margin:
        return None
    return (
        Rule.CLOSE_CALL,
        f"{runner_up.identity} is only {runner_up.cosine - top.cosine:.3f} farther than {top.identity}, "
        f"below the margin of {min_margin:g}",
    )


def _look_alike(ranked: Sequence[Candidate], policy: Policy, look_alikes: LookAlikes) -> _Doubt:
    top = ranked[0]
    for other in ranked[1:]:
        alike = policy.scores is not None and not _too_far(other, policy)
        if (
            alike or frozenset((top.identity, other.identity)) in look_alikes
        ) and not other.cosine - top.cosine >= CLEAR:
            return (
                Rule.LOOK_ALIKE,
                f"{top.identity} and {other.identity} are hardly told apart: {other.identity} is only "
                f"{other.cosine - top.cosine:.3f} farther, below {CLEAR:g}",
            )
    return None


def _too_young(top: Candidate, scores: ScoreLimits | None) -> _Doubt:
    if scores is None or scores.young is None or scores.trust_children:
        return None
    if top.age is not None and top.age > scores.young:
        return None
    return (
        Rule.YOUNG,
        "this may be a very young child, whom the model hardly tells from others: a person should confirm that this is "
        f"{top.identity}",
    )


def _borderline(top: Candidate, scores: ScoreLimits | None) -> _Doubt:
    if scores is None or (top.normalised is not None and top.normalised >= scores.strict):
        return None
    return (
        Rule.BORDERLINE,
        f"normalised score {_said(top)} is below the {scores.strict:.2f} that {scores.references} references ask for: "
        f"a person should confirm that this is {top.identity}",
    )


def _only_just(top: Candidate, policy: Policy) -> _Doubt:
    sure = policy.sure(top.identity)
    if top.identity in policy.all_of or (top.cosine <= sure.cosine and top.euclidean <= sure.euclidean):
        return None
    return Rule.GREY_BAND, f"only just under the threshold: a person should confirm that this is {top.identity}"
