"""`gallery report`: a recorded run as one page that can be opened anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery report 3 -o report.html --pseudonyms"

_WARNING = "The page shows the photos as they were, with everybody's face: it is for your eyes, not for publishing."


def report(
    run: Annotated[int, typer.Argument(help="The run's number.", metavar="RUN", min=1, max=2**53)],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page, .html. Another report is replaced, nothing else is.")
    ],
    include_originals: Annotated[
        bool,
        typer.Option(
            "--include-originals",
            help="Show each photo as it was, too, with everybody's face: for your eyes only. The file can then be read "
            "by you alone.",
        ),
    ] = False,
    pseudonyms: Annotated[
        bool,
        typer.Option(
            "--pseudonyms",
            help="Replace people's names by Person 1, Person 2 … wherever they stand, in paths, too, and leave notes "
            "out. Other words of file names stay, and so do visible faces.",
        ),
    ] = False,
    outputs: Annotated[
        Path | None,
        typer.Option(
            "--outputs", help="Where the outputs lie now.", metavar="FOLDER", show_default="where the run put them"
        ),
    ] = None,
    db: options.Db = None,
) -> None:
    """Write a run as one page: what needs review, the outputs with every face's scores, all decisions, the settings.

    The page needs no network and no other file. An output that is missing or was changed since is named in its place.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import remark
    from gallery.cli.progress import steps_progress
    from gallery.cli.tables import counted
    from gallery.domain.errors import BadArgument
    from gallery.domain.paths import shown
    from gallery.usecases.report_pictures import ReportWishes

    if outputs is not None and not outputs.is_dir():
        raise BadArgument(f"There is no folder {shown(outputs)}.", "Name the folder in which the outputs lie now.")
    if include_originals:
        remark(_WARNING)
    boot = Bootstrap.of(db)
    wishes = ReportWishes(include_originals, pseudonyms, outputs)
    with boot.store() as store, steps_progress("Photos") as advance:
        made = boot.make_report(store)(run, output, wishes, advance)
    for note in made.notes:
        remark(note)
    typer.echo(f"{shown(made.target)}: {counted(made.photos, 'photo')}, {made.size / 1e6:.1f} MB")
    raise typer.Exit(Exit.OK if made.whole else Exit.PARTLY)
