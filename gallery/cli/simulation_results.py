"""What `gallery evaluate identification --faces` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from gallery.cli.evaluation_documents import head, models_of, rate_of
from gallery.cli.evaluation_tables import as_percent, interval, numbers, ruled_table
from gallery.cli.tables import facts, limits
from gallery.domain.simulating import FACES

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType
    from rich.table import Table

    from gallery.domain.error_rates import Rate
    from gallery.domain.simulating import Simulated
    from gallery.usecases.simulate_galleries import Simulation


def tables(result: Simulation) -> RenderableType:
    """What became of galleries of each size."""
    failures = result.failures
    missing = [
        (len(failures.no_face), "without a face"),
        (len(failures.unreadable), "unreadable"),
        (len(failures.doubles), "the same as another"),
    ]
    left_out = ", ".join(f"{count} {why}" for count, why in missing if count)
    lines = [
        ("people", f"{result.people:,}, {result.faces:,} faces"),
        *([("left out", left_out)] if left_out else []),
        ("limits", limits(result.policy.thresholds)),
        ("photos", f"made up of {FACES} strangers, and further faces of the enrolled where there are any"),
    ]
    return Group(facts(lines, f"{result.detector.name} and {result.embedder.name}"), "", _sizes(result))


def _sizes(result: Simulation) -> Table:
    table = ruled_table("Galleries drawn by lot, one reference each")
    numbers(table, "people", "drawn", "FPIR", "95 %", "photos", "FNIR", "95 %", "waiting")
    for one in result.results:
        table.add_row(
            f"{one.size:,}",
            str(one.galleries),
            *_cells(one.fpir),
            as_percent(one.shown.value),
            *_cells(one.fnir),
            _share(one),
        )
    notes = [
        "FPIR: strangers kept; photos: those in which one was kept.",
        "FNIR: enrolled people not kept as themselves;",
        "waiting: those of them that a person would be asked about.",
    ]
    if not any(one.fnir.trials for one in result.results):
        notes.append("With only one picture of each, FNIR cannot be measured.")
    table.caption = Text("\n".join(notes))
    return table


def _share(one: Simulated) -> str:
    return as_percent(one.waiting / one.fnir.trials) if one.fnir.trials else "–"


def _cells(rate: Rate) -> tuple[str, str]:
    return as_percent(rate.value), interval(rate) if rate.trials else "–"


def document(result: Simulation, inputs: Mapping[str, Path | None]) -> dict[str, Any]:
    """The same for other programs."""
    failures = result.failures
    return {
        **head("identification by size", inputs),
        **models_of(result.detector, result.embedder),
        "seed": result.draws.seed,
        "people": result.people,
        "faces": result.faces,
        "failures": {
            "no_face": list(failures.no_face),
            "unreadable": list(failures.unreadable),
            "doubles": list(failures.doubles),
        },
        "sizes": [
            {
                "size": one.size,
                "galleries": one.galleries,
                "fpir": rate_of(one.fpir),
                "photos_with_a_stranger": rate_of(one.shown),
                "fnir": rate_of(one.fnir),
                "waiting": one.waiting,
            }
            for one in result.results
        ],
    }
