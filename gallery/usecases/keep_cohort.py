"""Makes a model's cohort of photos on this machine, and keeps it for the model's normalised scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from gallery.domain.making_cohorts import NEAREST, Kept, Made
from gallery.domain.models import CohortEntry, ModelCard
from gallery.domain.ports import Registry
from gallery.domain.progress import Advance, unwatched
from gallery.usecases.make_cohort import MakeCohort


@dataclass(frozen=True, slots=True)
class KeepCohort:
    """The use case.

    Attributes:
        make: Makes a cohort of portraits.
        keep: Writes it to a file, given the model's name.
        registry: Takes what is to be known of it.
        today: The day on which it is made.
    """

    make: MakeCohort
    keep: Callable[[str, Made], Kept]
    registry: Registry
    today: date

    def __call__(
        self, card: ModelCard, portraits: Sequence[Path], data: str, advance: Advance = unwatched
    ) -> ModelCard:
        """Makes a cohort; it is not recorded yet, see `record`.

        Args:
            card: The model.
            portraits: Each of another person.
            data: What they are called, for the record.
            advance: Is told how many photos are done.

        Returns:
            The model with it.

        Raises:
            BadArgument: If the model comes with a cohort, or there are too few faces.
            ModelFailed: If detector or embedder could not do their work.
            NotWritten: If the file could not be written.
        """
        self.registry.require_measurable(card.name, cohort=True)
        made = self.make(dict.fromkeys(portraits), advance=advance)
        kept = self.keep(card.name, made)
        entry = CohortEntry(
            file=str(kept.path),
            sha256=kept.sha256,
            size=kept.size,
            nearest=NEAREST,
            mean=made.mean,
            deviation=made.deviation,
            licence="that of the photos",
            origin=f"{len(made.members):,} drawn vectors, nobody's, after the spread of {made.faces:,} faces of "
            f"{data}, on {self.today.isoformat()}",
        )
        return replace(card, embedder=replace(card.spec, cohort=entry))

    def record(self, card: ModelCard) -> None:
        """Puts the cohort into the user's list of models.

        Raises:
            UnknownName: If the model is not on the list any more.
            RegistryUnusable: If the list cannot be read, or the entry not be replaced alone.
            NotWritten: If the list could not be written; it is as it was.
        """
        self.registry.record(card)
