"""`gallery evaluate identification --faces`: galleries of several sizes, drawn by lot from single faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.ports import Reports
    from gallery.usecases.simulate_galleries import Draws, SimulateGalleries


def require_folders(faces: Path | None, sizes: Sequence[int] | None, others: Mapping[str, Path | None]) -> None:
    """Checks that there are either faces to draw from, or people and photos to look for them in.

    Args:
        faces: What was given with --faces.
        sizes: What was given with --size.
        others: What was given with the other options, by their names.

    Raises:
        BadArgument: If something is missing, or there is too much.
    """
    from gallery.domain.errors import BadArgument

    given = [name for name, path in others.items() if path is not None]
    if faces is not None and given:
        raise BadArgument(
            f"From --faces galleries are drawn by lot, so {' and '.join(given)} would not be looked at.",
            "Leave one or the other out.",
        )
    if faces is None and sizes:
        raise BadArgument("Galleries of a --size are drawn by lot from a folder of faces.", "Name it with --faces.")
    if faces is None and not {"--gallery-from", "--probes"} <= set(given):
        raise BadArgument(
            "It takes people to enrol and photos to look for them in, or single faces to draw galleries from.",
            "Give --gallery-from and --probes, or --faces.",
        )


def run(
    boot: Bootstrap,
    simulate: SimulateGalleries,
    faces: Path,
    draws: Draws,
    report: Reports | None,
    as_json: bool,
) -> None:
    """Simulates galleries and prints what became of them."""
    from gallery.cli import simulation_results
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.usecases import group_charts

    with boot.unpacked(faces) as folder:
        people = boot.singles(folder)
        recogniser = simulate.recogniser
        with steps_progress(f"{recogniser.detector.card.name}, {recogniser.embedder.card.name}") as progress:
            result = simulate(people, draws, progress)
    if not as_json:
        console().print(simulation_results.tables(result))
    finish(report, simulation_results.document(result, {"faces": faces}), group_charts.of_simulation(result), as_json)
    if result.failures.unreadable:
        raise typer.Exit(Exit.PARTLY)
