"""The people who may stay visible, and what was decided by hand, as they are at one moment."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Self

from gallery.domain.by_hand import Override, Overrides
from gallery.domain.cohorts import Cohort
from gallery.domain.errors import ModelMismatch
from gallery.domain.matching import Whitelist
from gallery.domain.models import EmbeddingSpace
from gallery.domain.ports import Store
from gallery.domain.state import people_hash, state_hash


def whitelist_of(store: Store, used: EmbeddingSpace, cohort: Cohort | None) -> Whitelist:
    """The people who may stay visible.

    Args:
        store: The gallery.
        used: Where the faces they will be compared with live.
        cohort: What normalised scores are measured against there; None for none.

    Raises:
        ModelMismatch: If the gallery's templates were made by another model.
    """
    own = store.space()
    if own is None or not own.comparable(used):
        if store.identities():
            raise ModelMismatch(
                f"The gallery's templates cannot be compared with faces embedded by {used.model}.",
                "Leave --model out, or use another gallery with --db.",
            )
        return Whitelist.empty(used.dimension)
    return store.whitelist(cohort)


@dataclass(frozen=True, slots=True, eq=False)
class PeopleInForce:
    """What decisions rest on.

    Attributes:
        generation: Of the gallery, when it was read.
        whitelist: Those who may stay visible.
        overrides: What was decided by hand.
        hash: Of the whitelist.
    """

    generation: Hashable
    whitelist: Whitelist
    overrides: Overrides
    hash: str

    @classmethod
    def read(cls, store: Store, used: EmbeddingSpace, cohort: Cohort | None = None, nobody: bool = False) -> Self:
        """Reads them; the generation comes first, so that a change meanwhile is noticed.

        Args:
            store: The gallery.
            used: Where the faces they will be compared with live.
            cohort: What normalised scores are measured against there; None for none.
            nobody: Whether nobody is to stay visible, whoever is in the gallery.
        """
        generation = store.generation()
        whitelist = Whitelist.empty(used.dimension) if nobody else whitelist_of(store, used, cohort)
        return cls(generation, whitelist, Overrides.grouped(store.overrides()), people_hash(whitelist))

    def words(self, photo: str) -> tuple[Override, ...]:
        """What was decided by hand on the photo of that hash."""
        return self.overrides.of.get(photo, ())

    def state(self, photo: str) -> str:
        """Hash of all that the decisions on the photo of that hash rest on."""
        return state_hash(self.hash, self.words(photo))
