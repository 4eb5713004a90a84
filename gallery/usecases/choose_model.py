"""Which embedder a command uses, and the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gallery.domain.errors import ModelMismatch
from gallery.domain.models import EmbeddingSpace, ModelCard, Precision

PREFERRED = "vgg-face"
"""The project's first embedder; used for a new gallery where its weights are on the machine."""
FALLBACK = "sface"
"""The embedder whose weights come with the installed packages."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The embedder to use.

    Attributes:
        card: Its entry in the registry.
        why: A sentence for the user; empty where there was nothing to choose.
    """

    card: ModelCard
    why: str = ""


def choose_embedder(
    asked: ModelCard | None,
    gallery: EmbeddingSpace | None,
    cards: Mapping[str, ModelCard],
    installed: Callable[[ModelCard], bool],
    precision: Precision | None = None,
) -> Choice:
    """Settles the embedder of a command.

    Args:
        asked: What the user named; None if nothing.
        gallery: Where the gallery's templates live; None for a new gallery.
        cards: The registry.
        installed: Whether a model's file is on this machine.
        precision: In what numbers it is to compute; None for those of the gallery's templates, and float32 for a new
            gallery.

    Raises:
        BadArgument: If the user named a detector, or the model does not compute in such numbers.
        ModelMismatch: If the user named another model than the gallery's, or the gallery's own has changed.
    """
    if asked is not None:
        asked.spec  # noqa: B018 - refuses a detector
    if gallery is not None:
        return Choice(_own(gallery, asked or cards.get(gallery.model), precision))
    if asked is not None:
        return Choice(asked.at(precision))
    if installed(cards[PREFERRED]):
        return Choice(
            cards[PREFERRED].at(precision),
            f"New gallery with {PREFERRED}, since its weights are here; for the smaller {FALLBACK}: --model {FALLBACK}",
        )
    preferred = cards[PREFERRED]
    return Choice(
        cards[FALLBACK].at(precision),
        f"New gallery with {FALLBACK}, which comes with the packages. For {PREFERRED} ({preferred.size / 1e6:.0f} MB, "
        f"{preferred.licence}): gallery models install {PREFERRED}",
    )


def _own(gallery: EmbeddingSpace, card: ModelCard | None, precision: Precision | None) -> ModelCard:
    if card is not None and card.like(gallery).space.comparable(gallery):
        return _in_its_numbers(card.like(gallery), card.at(precision), precision)
    if card is None:
        raise ModelMismatch(
            f"This gallery's templates were made by the model {gallery.model}, which the registry does not know.",
            f"Add it again with 'gallery models add {gallery.model} …', or use another gallery with --db.",
        )
    if card.name == gallery.model:
        raise ModelMismatch(
            f"This gallery's templates were made by {gallery.model} with weights {gallery.sha256[:12]}… "
            f"({gallery.preparation}); the registry now names {card.sha256[:12]}… ({card.space.preparation}).",
            f"Make new templates from the stored crops: gallery reembed --model {card.name}",
        )
    raise ModelMismatch(
        f"This gallery's templates were made by {gallery.model}; faces embedded by {card.name} cannot be compared "
        "with them.",
        f"Leave --model out, or move the gallery to the other model: gallery reembed --model {card.name}",
    )


def _in_its_numbers(own: ModelCard, asked: ModelCard, precision: Precision | None) -> ModelCard:
    """The gallery's own model, unless other numbers are asked for than its templates were computed in."""
    if precision is None or asked.space.comparable(own.space):
        return own
    raise ModelMismatch(
        f"This gallery's templates were computed in {own.spec.precision}; faces embedded in {precision} are not "
        "compared with them, because their distances differ a little.",
        f"Leave --precision out, or make new templates: gallery reembed --model {own.name} --precision {precision}",
    )
