"""What is asked and said when a model is removed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gallery.domain.people import SpaceUse
    from gallery.usecases.remove_model import Removal


def question(planned: Removal) -> str:
    """What is to be answered with yes or no."""
    name = planned.card.name
    with_form = " with its eight-bit form" if planned.form else ""
    if planned.entry:
        stays = f" The weights stay: {planned.stays}." if planned.stays else ""
        return f"Take {name}{with_form} off the list of models?{stays}"
    if planned.weights is None:
        parts = ["what there is of the weights"] * bool(planned.part) + ["the eight-bit form"] * bool(planned.form)
        return f"Delete {' and '.join(parts)} of {name}?"
    lose = "loses" if len(planned.sharing) == 1 else "lose"
    shared = f" {' and '.join(planned.sharing)} {lose} them, too." if planned.sharing else ""
    if planned.doubt:
        return f"{planned.doubt} Delete it all the same{with_form}?{shared}"
    return f"Delete the weights of {name} ({planned.card.size / 1e6:,.1f} MB){with_form}?{shared}"


def done(removal: Removal) -> Iterator[str]:
    """What was done, a sentence a line."""
    name = removal.card.name
    if removal.entry:
        yield f"Took {name} off the list of models."
    if removal.stays:
        yield f"Its weights stay: {removal.stays}"
    if removal.weights:
        yield f"Deleted the weights of {name}: {removal.weights}"
    if removal.part:
        yield f"Deleted what a download had left of {name}: {removal.part}"
    for path in removal.form[:1]:
        yield f"Deleted the eight-bit form of {name}: {path}"
    if removal.form_needed_by:
        yield f"Its eight-bit form stays, being that of {', '.join(removal.form_needed_by)}, too."


def remaining(made: Sequence[SpaceUse]) -> str:
    """A sentence on templates that the model made and the gallery does not compare faces under; empty for none."""
    told = " and ".join(f"{use.templates:,} of {use.space.label}" for use in made)
    return f"The gallery keeps the templates of a model that was its own before: {told}." if told else ""


def of_removal(removal: Removal) -> dict[str, Any]:
    """What was done, as JSON."""
    return {
        "removed": removal.card.name,
        "off_the_list": removal.entry,
        "weights": str(removal.weights) if removal.weights else None,
        "weights_as_recorded": not removal.doubt if removal.weights else None,
        "weights_that_stay": str(removal.stays) if removal.stays else None,
        "partial_download": str(removal.part) if removal.part else None,
        "converted": [str(path) for path in removal.form],
        "sharing": list(removal.sharing),
    }
