"""How often strangers are kept and enrolled people are not: one to many, with people who are not enrolled among them.

References and probes are found and prepared as for a gallery; each photo is described once, whatever it is used for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import numpy as np

from gallery.domain.central_face import central
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Policy
from gallery.domain.detection_scoring import OVERLAP, assign
from gallery.domain.errors import BadArgument, BadPhoto
from gallery.domain.faces import Face
from gallery.domain.identification import (
    LabelledPhoto,
    Mistake,
    Probe,
    Role,
    SweepPoint,
    Tally,
    Trial,
    mistakes,
    pooled,
    rule_sets,
    sweep,
    trials,
    widest,
)
from gallery.domain.matching import Fusion
from gallery.domain.metrics import Vector
from gallery.domain.models import ModelCard
from gallery.domain.paths import shown
from gallery.domain.people import name_key
from gallery.domain.ports import PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.domain.score_limits import ScoreLimits
from gallery.usecases.faces import Recogniser

REFERENCES = 3
"""Per person, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare.

    Attributes:
        references: Numbers of references per person; each is evaluated.
        fusions: Ways to fuse them; each is evaluated.
        seed: Of the random choice of references; None to take the first photos.
        repeats: How many random choices.
    """

    references: tuple[int, ...] = (REFERENCES,)
    fusions: tuple[Fusion, ...] = (Fusion.BEST,)
    seed: int | None = None
    repeats: int = 1

    def __post_init__(self) -> None:
        if not self.references or min(self.references) < 1:
            raise BadArgument("Each person needs at least one reference.", "Give --references 1 or more.")
        if self.repeats < 1 or (self.repeats > 1 and self.seed is None):
            raise BadArgument(
                f"{self.repeats} repeats need a random choice of references to repeat.", "Give --seed, too."
            )


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What some of the rules came to.

    Attributes:
        label: Which rules.
        tally: All repeats together.
        repeats: Of each random choice of references.
    """

    label: str
    tally: Tally
    repeats: tuple[Tally, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """Everything measured with one number of references and one way to fuse them.

    Attributes:
        references: Per person.
        fusion: How they are fused.
        enrolled: The people who have so many.
        rules: The thresholds alone, the other rules added one by one, and all but one.
        full: All rules, which is what a gallery does.
        sweep: Both rates against the threshold.
        mated: `(M,)` cosine distances of enrolled people's faces to their candidate.
        non_mated: `(S,)` the same of faces of people who are not enrolled.
        mistakes: Every face that was decided wrongly under all rules, of the first choice of references.
        scores: How high normalised scores had to be; None where only distances counted.
    """

    references: int
    fusion: Fusion
    enrolled: tuple[str, ...]
    rules: tuple[RuleResult, ...]
    full: RuleResult
    sweep: tuple[SweepPoint, ...]
    mated: Vector
    non_mated: Vector
    mistakes: tuple[Mistake, ...]
    scores: ScoreLimits | None = None


@dataclass(frozen=True, slots=True)
class ProbeCount:
    """What the probes are.

    Attributes:
        photos: How many photos with a label there are.
        unreadable: Those of them that could not be read.
        faces: Faces detected in the others.
        named: Those that have a name.
        strangers: Those that are labelled as nobody's.
        unlabelled: Those that no label speaks of; they are not counted in any rate.
        undetected: Labelled faces that the detector missed; a gallery would leave them visible, whoever they are.
    """

    photos: int
    unreadable: tuple[str, ...]
    faces: int
    named: int
    strangers: int
    unlabelled: int
    undetected: int


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """What an evaluation found out.

    Attributes:
        detector: Its entry in the registry.
        embedder: Its entry in the registry.
        policy: The rules' numbers.
        plan: What was compared.
        people: How many people the gallery was made from.
        usable: For each person how many photos could be references, as far as they were needed.
        skipped: Why others could not be, and how many.
        probes: What the probes are.
        settings: One for each number of references and way to fuse them.
    """

    detector: ModelCard
    embedder: ModelCard
    policy: Policy
    plan: Plan
    people: int
    usable: dict[str, int]
    skipped: dict[str, int]
    probes: ProbeCount
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Described:
    sha256: str
    size: tuple[int, int]
    faces: tuple[Face, ...]


@dataclass(slots=True)
class _Album:
    """Photos, each described once."""

    recogniser: Recogniser
    photos: PhotoFiles
    known: dict[Path, _Described | None] = field(default_factory=dict)

    def look(self, path: Path) -> _Described | None:
        """What a photo shows; None where it cannot be read."""
        if path not in self.known:
            self.known[path] = self._look(path)
        return self.known[path]

    def _look(self, path: Path) -> _Described | None:
        try:
            photo = self.photos.read(path)
        except BadPhoto:
            return None
        return _Described(
            photo.sha256, photo.size, self.recogniser.describe(photo.pixels, self.recogniser.detect(photo.pixels))
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    sha256: str
    face: Face


@dataclass(frozen=True, slots=True)
class EvaluateIdentification:
    """The use case.

    Attributes:
        recogniser: Finds and embeds faces.
        photos: Reads the files.
        policy: The rules' numbers.
    """

    recogniser: Recogniser
    photos: PhotoFiles
    policy: Policy

    def __call__(
        self,
        people: Mapping[str, Sequence[Path]],
        probes: Sequence[LabelledPhoto],
        plan: Plan | None = None,
        progress: Advance = unwatched,
    ) -> Identification:
        """Evaluates one detector with one embedder.

        Args:
            people: Photos of each person, by name, from which the references are taken. A photo is usable if it shows
                exactly one face, which is good enough to be enrolled.
            probes: Photos of those people and of others. One that is a reference, too, is not used as a probe.
            plan: What to compare.
            progress: Is told how many photos are done.

        Raises:
            BadArgument: If there are no two people with references enough, or nobody enrolled is among the probes.
            ModelFailed: If the detector or the embedder could not do its work.
        """
        plan = plan or Plan()
        if len(people) < 2:
            raise BadArgument(
                f"The gallery would hold only {', '.join(people) or 'nobody'}; each person is left out in turn, so "
                "two are needed.",
                "Name a folder with the folders of at least two people with --gallery-from.",
            )
        album = _Album(self.recogniser, self.photos)
        steps = _Steps(progress, sum(len(paths) for paths in people.values()) + len(probes))
        skipped: Counter[str] = Counter()
        usable = {name: self._usable(album, paths, plan, skipped, steps) for name, paths in people.items()}
        seen, count = _probes(album, probes, {name_key(name): name for name in people}, steps)
        settings = tuple(
            self._setting(usable, seen, plan, references, fusion)
            for references in plan.references
            for fusion in plan.fusions
        )
        return Identification(
            detector=self.recogniser.detector.card,
            embedder=self.recogniser.embedder.card,
            policy=self.policy,
            plan=plan,
            people=len(people),
            usable={name: len(references) for name, references in usable.items()},
            skipped=dict(skipped),
            probes=count,
            settings=settings,
        )

    def _usable(
        self, album: _Album, paths: Sequence[Path], plan: Plan, skipped: Counter[str], steps: _Steps
    ) -> list[_Reference]:
        """The photos that can be references, in order; only as many as are needed, unless they are drawn by lot."""
        enough = max(plan.references) if plan.seed is None else len(paths)
        found: dict[str, _Reference] = {}
        for path in paths:
            if len(found) < enough:
                described = album.look(path)
                fault = self._fault(described)
                if described is None or fault:
                    skipped[fault] += 1
                else:
                    found.setdefault(described.sha256, _Reference(described.sha256, described.faces[0]))
            steps.done()
        return list(found.values())

    def _fault(self, described: _Described | None) -> str:
        """Why a photo cannot be a reference; nothing where it can."""
        if described is None:
            return "unreadable"
        if len(described.faces) != 1:
            return "several faces" if described.faces else "no face"
        quality, floors = described.faces[0].quality, self.recogniser.embedder.card.spec.floors
        if not quality.as_meant or quality.size < floors.size or not quality.sharpness >= floors.sharpness:
            return "face too poor"
        return ""

    def _policy(self, people: int, references: int) -> Policy:
        """The rules for a gallery of so many people with so many references each."""
        cohort, scores = self.recogniser.cohort, self.policy.scores
        if cohort is None or scores is None:
            return replace(self.policy, scores=None)
        return replace(self.policy, scores=scores.sized(cohort.entry, people * references, people))

    def _setting(
        self,
        usable: Mapping[str, Sequence[_Reference]],
        probes: Sequence[tuple[str, Probe]],
        plan: Plan,
        references: int,
        fusion: Fusion,
    ) -> Setting:
        enrolled = {name: found for name, found in usable.items() if len(found) >= references}
        if len(enrolled) < 2:
            raise BadArgument(
                f"{len(enrolled)} of {len(usable)} people have {references} photos that can be references; two are "
                "needed.",
                "Lower --references, or add photos that show one face each.",
            )
        chosen = [
            _chosen(enrolled, references, None if plan.seed is None else plan.seed + n) for n in range(plan.repeats)
        ]
        policy = self._policy(len(enrolled), references)
        made = [_trials(choice, probes, fusion, widest(policy), self.recogniser.cohort) for choice in chosen]
        if not any(role is Role.MATED for trial in made[0] for role in trial.roles):
            raise BadArgument(
                "No face among the probes is labelled as somebody enrolled.",
                f"The enrolled are {_some(sorted(enrolled))}; the labels must use those names.",
            )
        rules = tuple(
            RuleResult(rule.label, pooled(tallies), tallies)
            for rule in rule_sets(policy)
            for tallies in [tuple(rule.tally(repeat) for repeat in made)]
        )
        return Setting(
            references=references,
            fusion=fusion,
            enrolled=tuple(sorted(enrolled)),
            rules=rules,
            full=next(rule for rule in reversed(rules) if not rule.label.startswith("all but")),
            sweep=_mean_sweep([sweep(repeat, policy) for repeat in made]),
            mated=_distances(made[0], Role.MATED),
            non_mated=_distances(made[0], Role.NON_MATED),
            mistakes=tuple(mistakes(made[0], policy)),
            scores=policy.scores,
        )


@dataclass(slots=True)
class _Steps:
    progress: Advance
    total: int
    count: int = 0

    def done(self) -> None:
        self.count += 1
        self.progress(self.count, self.total)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")


def _probes(
    album: _Album, photos: Sequence[LabelledPhoto], spelling: Mapping[str, str], steps: _Steps
) -> tuple[list[tuple[str, Probe]], ProbeCount]:
    """The probes with their photos' hashes, and what they are."""
    seen, unreadable, undetected = [], [], 0
    for photo in photos:
        described = album.look(photo.path)
        if described is None:
            unreadable.append(shown(photo.path))
            undetected += len(photo.boxes) if photo.boxes is not None else 1
        else:
            names, labelled, missed = _truth(photo, described, spelling)
            undetected += missed
            seen.append((described.sha256, Probe(shown(photo.path), described.faces, names, labelled)))
        steps.done()
    marks = [(name, known) for _, probe in seen for name, known in zip(probe.names, probe.labelled, strict=True)]
    return seen, ProbeCount(
        photos=len(photos),
        unreadable=tuple(unreadable),
        faces=len(marks),
        named=sum(known and name is not None for name, known in marks),
        strangers=sum(known and name is None for name, known in marks),
        unlabelled=sum(not known for _, known in marks),
        undetected=undetected,
    )


def _truth(
    photo: LabelledPhoto, described: _Described, spelling: Mapping[str, str]
) -> tuple[tuple[str | None, ...], tuple[bool, ...], int]:
    """For each detected face its name and whether it is known, and how many labelled faces were missed."""
    detections = [face.detection for face in described.faces]
    if photo.boxes is None:
        middle = central(detections, *described.size) if detections else None
        names = tuple(photo.owner if d is middle else None for d in detections)
        return names, tuple(d is middle for d in detections), int(middle is None)
    assigned = assign(detections, [label.box for label in photo.boxes], OVERLAP)
    labels = [None if number is None else photo.boxes[number] for number in assigned.truth]
    names = tuple(
        None if label is None or label.name is None else spelling.get(name_key(label.name), label.name)
        for label in labels
    )
    return names, tuple(label is not None for label in labels), assigned.detection.count(None)


def _chosen(
    enrolled: Mapping[str, Sequence[_Reference]], references: int, seed: int | None
) -> dict[str, list[_Reference]]:
    if seed is None:
        return {name: list(found[:references]) for name, found in enrolled.items()}
    lot = Random(seed)  # noqa: S311 - a choice to be repeated, not a secret
    return {name: lot.sample(list(found), references) for name, found in enrolled.items()}


def _trials(
    chosen: Mapping[str, Sequence[_Reference]],
    probes: Sequence[tuple[str, Probe]],
    fusion: Fusion,
    within: float,
    cohort: Cohort | None,
) -> list[Trial]:
    used = {reference.sha256 for references in chosen.values() for reference in references}
    faces = {name: [reference.face for reference in references] for name, references in chosen.items()}
    return trials((probe for sha256, probe in probes if sha256 not in used), faces, fusion, within, cohort)


def _mean_sweep(repeats: Sequence[Sequence[SweepPoint]]) -> tuple[SweepPoint, ...]:
    return tuple(
        SweepPoint(
            points[0].share,
            points[0].thresholds,
            pooled([point.bare for point in points]),
            pooled([point.full for point in points]),
        )
        for points in zip(*repeats, strict=True)
    )


def _distances(made: Sequence[Trial], wanted: Role) -> Vector:
    return np.array(list(_each_distance(made, wanted)), np.float64)


def _each_distance(made: Sequence[Trial], wanted: Role) -> Iterator[float]:
    for trial in made:
        for ranked, role in zip(trial.found, trial.roles, strict=True):
            if role is wanted and ranked:
                yield ranked[0].cosine
