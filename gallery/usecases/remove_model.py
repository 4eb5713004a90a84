"""Removes a model: what the program put on this machine for it, or what a user added to the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from gallery.domain.errors import BadArgument, ModelChanged, ModelFailed, ModelMissing, ModelsChanged
from gallery.domain.models import ModelCard
from gallery.domain.people import SpaceUse
from gallery.domain.ports import Converter, Downloader, Registry, Weights
from gallery.usecases.own_entries import require_nobodys


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a model comes to.

    Attributes:
        card: The model.
        entry: Whether it leaves the list, being a user's own; else only its files go.
        weights: The weights file that is deleted; None where none is.
        doubt: A sentence on why that may be something else than the model's weights; empty where it is the file on
            record.
        stays: The user's own weights file, which stays; None where it is gone, or the model is none of theirs.
        part: What a download that broke off has left, which is deleted; None for nothing.
        form: The faster form's files, which are deleted.
        form_needed_by: Other models for whose sake it stays instead.
        sharing: Other models that lose the same weights file.
    """

    card: ModelCard
    entry: bool
    weights: Path | None
    doubt: str
    stays: Path | None
    part: Path | None
    form: tuple[Path, ...]
    form_needed_by: tuple[str, ...]
    sharing: tuple[str, ...]

    def require_still(self, now: Removal) -> None:
        """Checks that removing the model comes to what was asked about, but for a form that fewer need by now.

        Args:
            now: What it comes to now.

        Raises:
            ModelsChanged: If it does not.
        """
        asked, found = (replace(one, form=(), form_needed_by=()) for one in (self, now))
        if asked != found or not set(now.form_needed_by) <= set(self.form_needed_by):
            raise ModelsChanged(
                f"The models changed while {self.card.name} was to be removed, so that something else would be deleted "
                "now; nothing was.",
                "Run the same command again.",
            )

    def made(self, uses: Iterable[SpaceUse]) -> list[SpaceUse]:
        """Those of a gallery's models whose templates the removed one made.

        Args:
            uses: All that the gallery holds templates of.
        """
        names = (self.card.name, *self.sharing)
        return [
            use for use in uses if use.templates and use.space.model in names and use.space.sha256 == self.card.sha256
        ]

    def require_unused(self, uses: Iterable[SpaceUse]) -> None:
        """Checks that a gallery does without the model.

        Raises:
            BadArgument: If it compares faces under the model.
        """
        for use in self.made(uses):
            if use.current:
                one = use.templates == 1
                raise BadArgument(
                    f"The gallery's {'template was' if one else f'{use.templates:,} templates were'} made by "
                    f"{use.space.label}; without it no face can be compared with {'it' if one else 'them'}.",
                    "Move the gallery to another model first ('gallery reembed --model NAME'), or add --force.",
                )


@dataclass(frozen=True, slots=True)
class RemoveModel:
    """The use case.

    Attributes:
        registry: The list of models.
        weights: Their files on this machine.
        downloader: Knows what downloads have left.
        converter: Knows of faster forms of the files.
    """

    registry: Registry
    weights: Weights
    downloader: Downloader
    converter: Converter

    def plan(self, name: str) -> Removal:
        """What removing a model would come to; changes nothing, but deletes what killed processes have left unfinished.

        Raises:
            UnknownName: If there is no model of that name.
            RegistryUnusable: If its entry is written in a way that it cannot be taken off the list alone.
            BadArgument: If it comes with a package, or a file to be deleted is that of an entry of the user's own.
            ModelMissing: If nothing of it is on this machine.
        """
        card = self.registry.card(name)
        self.weights.sweep()
        entry, there = name in self.registry.own(), self.weights.find(card)
        if entry:
            self.registry.require_removable(name)
        sharing = () if entry else tuple(one.name for one in self._alike(card) if one.file == card.file)
        form = self.converter.parts(card) if self.converter.handles(card) else ()
        needing = self._needing(card, sharing)
        weights = there.path if there and not entry and there.path == self.weights.target(card) else None
        planned = Removal(
            card,
            entry,
            weights=weights,
            doubt=self._doubt(card) if weights else "",
            stays=there.path if there and entry else None,
            part=None if entry else self.downloader.left(self.weights.target(card)),
            form=() if needing else form,
            form_needed_by=needing if form else (),
            sharing=sharing,
        )
        if not (entry or planned.weights or planned.part or planned.form):
            raise self._nothing(card)
        for path in (planned.weights, planned.part, *planned.form):
            if path:
                require_nobodys(self.registry, self.weights, path, "deleted")
        return planned

    def _doubt(self, card: ModelCard) -> str:
        try:
            self.weights.verified(card)
        except (ModelChanged, ModelFailed) as error:
            return error.message
        return ""

    def __call__(self, planned: Removal, uses: Callable[[], Iterable[SpaceUse]] = tuple) -> Removal:
        """Removes a model, after looking again: since the plan somebody may have been asked, and taken their time.

        The entry, or the weights, go last: until then the model is whole but for its faster form, and the same command
        finishes what was broken off. A form that stayed for the sake of others goes if they are gone by then, so that
        nobody's is left when several are removed at once.

        Args:
            planned: What was asked about.
            uses: Reads what the gallery holds templates of; nothing where it need not do without the model.

        Returns:
            What was removed.

        Raises:
            UnknownName: If somebody else has taken the entry out meanwhile.
            ModelsChanged: If something else would be deleted by now than was planned.
            BadArgument: If the gallery compares faces under the model by now, or as `plan` does.
            RegistryUnusable: If the entry cannot be taken out.
            DownloadFailed: If another process is downloading the weights.
            NotWritten: If a file cannot be deleted, or the list not be written.
        """
        now = self.plan(planned.card.name)
        planned.require_still(now)
        now.require_unused(uses())
        if now.part:
            self.downloader.discard(now.card, self.weights.target(now.card))
        if now.form:
            self.converter.remove(now.card)
        if now.weights:
            self.weights.remove(now.card)
        if now.entry:
            self.registry.remove(now.card.name)
        return self._without_form(now)

    def _without_form(self, removed: Removal) -> Removal:
        """Looks once more whether anybody needs the form, and deletes it if not."""
        if not removed.form_needed_by:
            return removed
        needing = self._needing(removed.card, removed.sharing)
        if needing:
            return replace(removed, form_needed_by=needing)
        form = self.converter.parts(removed.card)
        for path in form:
            require_nobodys(self.registry, self.weights, path, "deleted")
        self.converter.remove(removed.card)
        return replace(removed, form=form, form_needed_by=())

    def _alike(self, card: ModelCard) -> list[ModelCard]:
        """Other models with the same weights."""
        return [one for one in self.registry.cards().values() if one.name != card.name and one.sha256 == card.sha256]

    def _needing(self, card: ModelCard, sharing: tuple[str, ...]) -> tuple[str, ...]:
        """Models that need the same form and do not lose their weights with this one."""
        alike = (one for one in self._alike(card) if one.architecture == card.architecture)
        return tuple(one.name for one in alike if one.name not in sharing)

    def _nothing(self, card: ModelCard) -> BadArgument | ModelMissing:
        there = self.weights.find(card)
        if there is None:
            return ModelMissing(f"Nothing of {card.name} is on this machine, so there is nothing to remove.")
        return BadArgument(
            f"{card.name} comes with the {there.origin} and cannot be removed: {there.path}.",
            "What you installed or added can be; 'gallery models list' shows all models.",
        )
