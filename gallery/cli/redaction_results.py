"""The tables and the JSON of `gallery evaluate redaction`. The tables fit 80 columns; fields are added, never taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from gallery.cli.evaluation_documents import head, models_of, rate_of
from gallery.cli.evaluation_tables import INTERVAL, as_percent, interval, numbers, ruled_table
from gallery.cli.tables import facts
from gallery.domain.redacting import Attack

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table

    from gallery.usecases.evaluate_redaction import Redaction, WayResult


def tables(result: Redaction) -> RenderableType:
    """A table for each size of the faces and each attack."""
    lines = [
        ("people", f"{result.people:,}, two photos each" + ("" if result.seed is None else f"; seed {result.seed}")),
        ("chance", f"{as_percent(result.chance)} at rank 1"),
        ("intervals", f"Wilson, {INTERVAL}"),
    ]
    if result.left_out:
        lines.append(("left out", f"{result.left_out} people without two photos with a face"))
    if result.unreadable:
        lines.append(("unreadable", f"{len(result.unreadable)} photos"))
    parts: list[RenderableType] = [facts(lines, f"{result.detector.name} and {result.embedder.name}")]
    for side in dict.fromkeys(found.side for found in result.results):
        for attack in Attack:
            parts += ["", _attack([found for found in result.results if found.side == side], attack, side)]
    notes = (
        "rank 1: the right person is the closest of all. passes: both of the model's\n"
        "thresholds; others: the same of wrong people, so what is not above it says\n"
        "nothing of who it is. * what gallery anonymise does unless told otherwise."
    )
    return Group(*parts, "", Text(notes))


def _attack(results: list[WayResult], attack: Attack, side: int) -> Table:
    table = ruled_table(f"Faces of {side} px against: {attack.value}")
    table.add_column("method", no_wrap=True)
    table.add_column("strength", no_wrap=True)
    numbers(table, "rank 1", INTERVAL, "passes", INTERVAL, "others")
    for found in results:
        rates, way = found.attacks[attack], found.way
        table.add_row(
            way.label + (" *" if way.default else ""),
            way.strength,
            as_percent(rates.rank_one.value),
            interval(rates.rank_one),
            as_percent(rates.passing.value),
            interval(rates.passing),
            as_percent(rates.others.value),
        )
    return table


def document(result: Redaction, folder: Path) -> dict[str, Any]:
    """What `gallery evaluate redaction` found."""
    return {
        **head("redaction", {"folder": folder}),
        **models_of(result.detector, result.embedder),
        "people": result.people,
        "left_out": result.left_out,
        "unreadable": list(result.unreadable),
        "seed": result.seed,
        "chance": result.chance,
        "results": [_way(found) for found in result.results],
    }


def _way(found: WayResult) -> dict[str, Any]:
    return {
        "redaction": found.way.redactor.settings,
        "default": found.way.default,
        "face_size": found.side,
        "attacks": {
            attack.name.lower(): {
                "rank_one": rate_of(rates.rank_one),
                "passing": rate_of(rates.passing),
                "others_passing": rate_of(rates.others),
            }
            for attack, rates in found.attacks.items()
        },
    }
