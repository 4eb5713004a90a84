"""Re-examines the whole gallery for mistakes of those who enrolled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from gallery.domain.calibrated import InForce
from gallery.domain.cohorts import Cohort
from gallery.domain.deciding import Policy
from gallery.domain.examining import Examination, examine
from gallery.domain.look_alikes import MOST, look_alikes
from gallery.domain.matching import Whitelist
from gallery.domain.models import Floors
from gallery.domain.people import IdentitySummary, SharedPhoto, SpaceUse
from gallery.domain.ports import Store
from gallery.domain.progress import Advance, unwatched
from gallery.domain.score_limits import ScoreLimits
from gallery.domain.yardstick import Owned, Yardstick


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        people: How many people the gallery holds.
        templates: How many templates were compared.
        examination: Outliers, misfits, collisions.
        shared: Faces that are enrolled under more than one name.
        single: Names of people with one reference.
        without: Names of people with none.
        lacking: Names of people who have references, but no template under the gallery's model.
        withheld: People who are not kept, each with the reason.
        ending: People whose consent ends within `SOON` days, each with its last day.
        model: Name of the gallery's model; empty where it has none yet.
        compared: Whether the references could be compared: not under a model that is not known here.
        looser: Limits that are looser than the model's own, with whose they are; see `Yardstick.exceeding`.
    """

    people: int
    templates: int
    examination: Examination
    shared: tuple[SharedPhoto, ...]
    single: tuple[str, ...]
    without: tuple[str, ...]
    lacking: tuple[str, ...]
    withheld: tuple[tuple[str, str], ...]
    ending: tuple[tuple[str, date], ...]
    model: str = ""
    compared: bool = True
    looser: tuple[Owned, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing was found that a person should look at; single references and ended consent are no fault."""
        found = self.examination
        return self.compared and not (
            found.outliers
            or found.misfits
            or found.collisions
            or found.near_identical
            or self.shared
            or self.without
            or self.lacking
            or self.looser
        )


SOON = 30
"""Days before the end of a consent from which on it is mentioned."""


@dataclass(frozen=True, slots=True)
class Check:
    """The use case.

    Attributes:
        store: The gallery.
        limits: The thresholds that apply.
        today: The day on which consent must not have ended.
        yardstick: What the gallery's limits are judged by; None where its model is not known here, so that nothing can
            be compared.
        cohort: What normalised scores are measured against; None where the gallery's model has none.
        scores: How high they have to be; None without a cohort.
    """

    store: Store
    limits: InForce
    today: date
    yardstick: Yardstick | None
    cohort: Cohort | None = None
    scores: ScoreLimits | None = None

    def __call__(self, advance: Advance = unwatched) -> Checked:
        """Examines the gallery; changes nothing.

        Args:
            advance: Is told how many references have been compared, and how many there are.
        """
        people = self.store.identities()
        yardstick = self.yardstick
        whitelist = Whitelist.empty(1) if yardstick is None else self.store.whitelist(self.cohort)
        current = next((use for use in self.store.spaces() if use.current), None)
        return Checked(
            people=len(people),
            templates=len(whitelist),
            examination=self._examined(whitelist, advance),
            shared=tuple(self.store.shared_photos()),
            single=tuple(person.name for person in people if person.references == 1),
            without=tuple(person.name for person in people if not person.references),
            lacking=_lacking(people, current),
            withheld=tuple((p.name, why) for p in people if (why := p.withheld(self.today))),
            ending=tuple((p.name, p.expires) for p in people if p.expires and self._is_soon(p.expires)),
            model=current.space.model if current else "",
            compared=yardstick is not None or current is None,
            looser=yardstick.exceeding(self.limits.thresholds, self.limits.personal) if yardstick else (),
        )

    def _examined(self, whitelist: Whitelist, advance: Advance) -> Examination:
        """Compares all references; people only collide whose normalised scores are high enough, too."""
        found = examine(whitelist, self.limits.thresholds, self.limits.personal, advance=advance)
        if self.scores is None or len(whitelist) > MOST:
            return found
        policy = Policy(self.limits.thresholds, Floors(0, 0), personal=self.limits.personal, scores=self.scores)
        alike = look_alikes(whitelist, policy)
        collisions = tuple(one for one in found.collisions if frozenset((one.first, one.second)) in alike)
        return replace(found, collisions=collisions)

    def _is_soon(self, day: date) -> bool:
        return 0 <= (day - self.today).days <= SOON


def _lacking(people: list[IdentitySummary], current: SpaceUse | None) -> tuple[str, ...]:
    """Those whom the gallery's model cannot recognise."""
    if current is None:
        return tuple(person.name for person in people if person.references)
    return current.lacking
