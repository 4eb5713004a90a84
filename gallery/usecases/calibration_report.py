"""What a calibration comes to, for people to judge: before and after, who is affected, and by whom."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache

from gallery.domain.calibrated import Calibration, InForce, lax, loosened
from gallery.domain.calibrating import STRANGER, Closest, Comparisons, Standing, closest, standing
from gallery.domain.models import Thresholds
from gallery.domain.ports import Store
from gallery.domain.yardstick import Yardstick
from gallery.usecases.cohort import Cohort, Counts

SHOWN = 5
"""How many of the closest faces are reported."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A face and a person it is close to without being theirs.

    Attributes:
        whose: Whose face it is: a photo of a stranger, or somebody's reference.
        name: The person it is close to.
        cosine: Cosine distance.
        euclidean: Euclidean distance.
    """

    whose: str
    name: str
    cosine: float
    euclidean: float


@dataclass(frozen=True, slots=True)
class Person:
    """What a calibration means for one person.

    Attributes:
        name: The person.
        references: How many they have.
        compared: How many faces of others they were compared with.
        nearest: The closest of those.
        own: Their own thresholds, if they need stricter ones.
        failing_before: How many of their references did not match the others; None if they have only one.
        failing_after: How many do not now.
    """

    name: str
    references: int
    compared: int
    nearest: Nearest | None
    own: Thresholds | None
    failing_before: int | None
    failing_after: int | None


@dataclass(frozen=True, slots=True)
class Failing:
    """A reference that does not match the others of its person, before or after.

    Attributes:
        id: Its number.
        name: Its person.
        source: Its photo.
        cosine: Cosine distance to the others.
        euclidean: Euclidean distance to the others.
        before: Whether it failed before.
        after: Whether it fails now.
    """

    id: int
    name: str
    source: str
    cosine: float
    euclidean: float
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it.

    Attributes:
        calibration: The thresholds, and what they rest on.
        stored: Whether they are in the gallery now.
        yardstick: The model's own thresholds.
        before: The thresholds that applied before.
        standing_before: How those stand up.
        standing_after: How the new ones do.
        people: What it means for each person.
        failing: The references that do not match the others, before or after.
        nearest: The closest faces that are somebody else's, the closest first.
        cohort: What became of the folder of strangers; None where there was none.
        generation: The state of the gallery that they were derived from.
    """

    calibration: Calibration
    stored: bool
    yardstick: Yardstick
    before: InForce
    standing_before: Standing
    standing_after: Standing
    people: tuple[Person, ...]
    failing: tuple[Failing, ...]
    nearest: tuple[Nearest, ...]
    cohort: Counts | None
    generation: Hashable = None

    @property
    def looser_than_model(self) -> bool:
        """Whether a new limit lets more match than the model's own."""
        return bool(lax(self._after, self.yardstick))

    @property
    def looser(self) -> str:
        """A sentence where new limits let more match than the model's own or those before; empty where none do."""
        return lax(self._after, self.yardstick) or loosened(self.before, self._after, self.yardstick)

    @property
    def _after(self) -> InForce:
        return InForce(self.calibration.thresholds, self.calibration.personal)


@dataclass(frozen=True, slots=True)
class Reporter:
    """Makes the report.

    Attributes:
        store: Names the photos of references.
        comparisons: Of the gallery.
        strangers: The faces of those who are not in it.
    """

    store: Store
    comparisons: Comparisons
    strangers: Cohort

    def __call__(self, yardstick: Yardstick, before: InForce, new: Calibration) -> Calibrated:
        """Counts before and after.

        Args:
            yardstick: The model's own thresholds.
            before: The thresholds that applied before.
            new: The derived ones.
        """
        then = standing(self.comparisons, before.thresholds, before.personal)
        now = standing(self.comparisons, new.thresholds, new.personal)
        return Calibrated(
            calibration=new,
            stored=False,
            yardstick=yardstick,
            before=before,
            standing_before=then,
            standing_after=now,
            people=tuple(self._person(name, then, now, new.personal) for name in self.comparisons.names),
            failing=self._failing(then, now),
            nearest=tuple(map(self._described, closest(self.comparisons, most=SHOWN))),
            cohort=self.strangers.counts,
        )

    def _person(self, name: str, then: Standing, now: Standing, personal: Mapping[str, Thresholds]) -> Person:
        owners = self.comparisons.owners
        references = int((owners == self.comparisons.names.index(name)).sum())
        nearest = next(map(self._described, closest(self.comparisons, name)), None)
        return Person(
            name=name,
            references=references,
            compared=len(owners) - references,
            nearest=nearest,
            own=personal.get(name),
            failing_before=then.failing_of[name] if references > 1 else None,
            failing_after=now.failing_of[name] if references > 1 else None,
        )

    def _described(self, found: Closest) -> Nearest:
        owners, names = self.comparisons.owners, self.comparisons.names
        owner = int(owners[found.probe])
        if owner == STRANGER:
            whose = self.strangers.sources[found.probe - (len(owners) - len(self.strangers.sources))]
        else:
            whose = f"{names[owner]}, reference {self.comparisons.references[found.probe]}"
        return Nearest(whose, found.name, found.cosine, found.euclidean)

    def _failing(self, then: Standing, now: Standing) -> tuple[Failing, ...]:
        sources = cache(self._sources)
        found = []
        for row, number in enumerate(self.comparisons.references.tolist()):
            if number in then.failing or number in now.failing:
                owner = int(self.comparisons.owners[row])
                name = self.comparisons.names[owner]
                found.append(
                    Failing(
                        id=number,
                        name=name,
                        source=sources(name).get(number, ""),
                        cosine=float(self.comparisons.cosine[row, owner]),
                        euclidean=float(self.comparisons.euclidean[row, owner]),
                        before=number in then.failing,
                        after=number in now.failing,
                    )
                )
        return tuple(found)

    def _sources(self, name: str) -> dict[int, str]:
        return {stored.id: stored.reference.source for stored in self.store.identity(name).references}
