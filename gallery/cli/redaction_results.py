"""The tables and the JSON of `gallery evaluate redaction`. The tables fit 80 columns; fields are added, never taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from gallery.cli.evaluation_documents import _head, _models, _rate
from gallery.cli.evaluation_tables import _INTERVAL, _interval, _numbers, _percent, _table
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
        ("chance", f"{_percent(result.chance)} at rank 1"),
        ("intervals", f"Wilson, {_INTERVAL}"),
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
    table = _table(f"Faces of {side} px against: {attack.value}")
    table.add_column("method", no_wrap=True)
    table.add_column("strength", no_wrap=True)
    _numbers(table, "rank 1", _INTERVAL, "passes", _INTERVAL, "others")
    for found in results:
        rates, way = found.attacks[attack], found.way
        table.add_row(
            way.label + (" *" if way.default else ""),
            way.strength,
            _percent(rates.rank_one.value),
            _interval(rates.rank_one),
            _percent(rates.passing.value),
            _interval(rates.passing),
            _percent(rates.others.value),
        )
    return table


def document(result: Redaction, folder: Path) -> dict[str, Any]:
    """What `gallery evaluate redaction` found."""
    return {
        **_head("redaction", {"folder": folder}),
        **_models(result.detector, result.embedder),
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
                "rank_one": _rate(rates.rank_one),
                "passing": _rate(rates.passing),
                "others_passing": _rate(rates.others),
            }
            for attack, rates in found.attacks.items()
        },
    }
