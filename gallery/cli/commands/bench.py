"""`gallery bench`: how fast it is here, and what the machine would allow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery bench photos/ --photos 20"
FEW = 4
"""Photos for each at work at once, below which the end of a run, where not all are, weighs much."""


def bench(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of photos; they are only read.",
            metavar="FOLDER",
            show_default="copies of the demo's group picture",
        ),
    ] = None,
    photos: Annotated[
        int | None,
        typer.Option(
            "--photos",
            help="At most so many, evenly spread over the folder. More take longer, and vary less.",
            min=1,
            max=100_000,
            show_default="50, or 8 copies",
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", help="Photos at work at once in the run.", min=1, max=64, show_default="one per core"
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="The embedder, see 'gallery models list'. With another than the gallery's, nobody is compared.",
            show_default="the gallery's own; for a new one vgg-face if installed, else sface",
        ),
    ] = None,
    precision: options.Precision = options.Numbers.AUTO,
    detector: options.Detector = options.AUTO,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure how long each stage takes, and a run of all photos, beside what the machine can do. Nothing is kept."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import bench_results
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import steps_progress
    from gallery.cli.tables import counted
    from gallery.domain.unfinished import temporary_folder
    from gallery.usecases.bench import COPIES, spread

    boot = Bootstrap.of(db, models_dir)
    with temporary_folder("gallery-bench-") as made, steps_progress("Photos") as advance:
        place = made
        if folder is None:
            files = boot.compose(place, photos or COPIES)
        else:
            reader = boot.photos()
            found = reader.find([folder])
            if found == [folder] and not folder.exists():
                reader.read(folder)  # says so, before models are loaded
            files = spread(found, photos or 50)
        with boot.bench(place, model, detector, precision) as measure:
            result = measure(files, place / "outputs", jobs or boot.cores(), advance)
            setting = bench_results.Setting.of(measure, None if folder is None else str(folder))
    if as_json:
        print_json(bench_results.document(result, setting))
    else:
        console().print(bench_results.table(result, setting))
    if result.photos < FEW * result.jobs:
        remark(
            f"{counted(result.photos, 'photo')} for {result.jobs} at once are few: at the run's end some cores have "
            "nothing left to do. A folder of more photos tells more about a long run."
        )
    for file, why in result.failed.items():
        remark(f"{file} was left out: {why}")
    raise typer.Exit(Exit.PARTLY if result.failed else Exit.OK)
