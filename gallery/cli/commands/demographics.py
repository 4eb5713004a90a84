"""`gallery evaluate demographics`: for whom it is how good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery evaluate demographics --images faces/ --labels labels.csv --cosine 0.5"


def demographics(
    images: Annotated[
        Path, typer.Option("--images", help="The folder of portraits, each of another person, or a ZIP file of it.")
    ],
    labels: Annotated[
        Path,
        typer.Option(
            "--labels",
            help="A CSV file with a column 'file'. Every other column puts the faces into groups, such as age,gender.",
        ),
    ],
    exclude_labels: Annotated[
        Path | None,
        typer.Option(
            "--exclude-labels",
            help="A file with photos on each line that show one person, although they should be of different people; "
            "only the first is compared.",
        ),
    ] = None,
    models: options.Embedders = None,
    precision: options.Precision = options.Numbers.AUTO,
    detectors: options.Detectors = None,
    cosine: Annotated[
        list[float] | None,
        typer.Option(
            "--cosine",
            help="A cosine threshold to try beside the model's own limits; may be given several times.",
            show_default="the model's own limits alone",
        ),
    ] = None,
    score: Annotated[
        list[float] | None,
        typer.Option(
            "--score",
            help="A least normalised score to try beside the model's own; may be given several times.",
            show_default="that of a gallery of up to 20 references",
        ),
    ] = None,
    crossed: Annotated[
        int, typer.Option("--cross", help="How many columns are crossed at most, as age with gender.")
    ] = 2,
    least: Annotated[
        int, typer.Option("--least", help="Faces that a group needs to be shown. The JSON holds all groups.")
    ] = 20,
    every: Annotated[bool, typer.Option("--all", help="Show all crossings, not only the worst.")] = False,
    output: options.Output = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure how often different people are taken for one, by age, sex, origin or whatever is known of them.

    All pairs of faces within a group are compared, and so are those of crossed groups. What is known of the faces stays
    in the results; no face and no embedding does.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import demographics_results
    from gallery.cli.evaluation_results import finish
    from gallery.cli.output import console
    from gallery.cli.progress import steps_progress
    from gallery.usecases import group_charts
    from gallery.usecases.evaluate_demographics import Tried

    boot, out = Bootstrap.of(models_dir=models_dir), console()
    evaluate, tried = boot.evaluate_demographics(crossed), Tried(tuple(cosine or ()), tuple(score or ()))
    report = boot.report(output) if output else None
    results = []
    with boot.unpacked(images) as folder:
        known = boot.groups(labels, folder, exclude_labels)
        for recogniser in boot.recognisers(models or [], detectors or ["yunet"], precision):
            what = f"{recogniser.detector.card.name}, {recogniser.embedder.card.name}"
            with steps_progress(what) as progress:
                results.append(evaluate(recogniser, known, tried, progress))
            if not as_json:
                for part in demographics_results.tables(results[-1], least, every, out.width):
                    out.print(part)
                out.print()
    document = demographics_results.document(
        results, {"images": images, "labels": labels, "exclude_labels": exclude_labels}
    )
    finish(report, document, group_charts.of_demographics(results, least), as_json)
    if any(result.failures.unreadable for result in results):
        raise typer.Exit(Exit.PARTLY)
