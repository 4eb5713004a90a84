"""Writes the outputs anew in which somebody is visible who is about to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gallery.domain.errors import GalleryError, UnknownName
from gallery.domain.ports import Store
from gallery.domain.reviewing import Touched, showing
from gallery.domain.runs import Run
from gallery.usecases.anonymise import Outcome
from gallery.usecases.rewrite import Rewritten, Unreached

WriteAnew = Callable[[Run, list[Touched]], Rewritten]
"""Writes photos of a run anew under its settings, by the people who are in the gallery now."""


@dataclass(frozen=True, slots=True)
class RewriteWithout:
    """The use case. The person is disabled first, so that no output can show them any more.

    It comes before forgetting: afterwards, nothing tells which outputs these are, and what is recorded while they are
    written names the person, which forgetting replaces.

    Attributes:
        store: The gallery.
        write: Writes photos of a run anew.
    """

    store: Store
    write: WriteAnew

    def __call__(self, name: str) -> Rewritten:
        """Writes every output anew that shows a person, as far as it and its photo are where they were.

        Args:
            name: The person's.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
        """
        shown = {one.path: one for one in self.store.outputs_showing(name)}  # of several runs, the last
        self._disable(name)
        outcomes: list[Outcome] = []
        unreached: list[Unreached] = []
        for number in sorted({one.run for one in shown.values()}):
            photos = self._photos(number, {one.sha256 for one in shown.values() if one.run == number})
            try:
                done = self.write(*photos)
            except GalleryError as error:
                unreached += [Unreached(one.image.source, error.text) for one in photos[1]]
            else:
                outcomes += done.outcomes
                unreached += done.unreached
        return Rewritten(tuple(outcomes), tuple(unreached))

    def _disable(self, name: str) -> None:
        try:
            self.store.edit(name, lambda details: replace(details, enabled=False))
        except UnknownName:  # they were removed: nobody is kept for them
            return

    def _photos(self, number: int, outputs: set[str]) -> tuple[Run, list[Touched]]:
        run = self.store.run(number)
        return run, showing(run, outputs)
