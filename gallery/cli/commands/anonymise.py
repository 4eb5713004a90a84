"""`gallery anonymise`: blur everybody who is not on the whitelist."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.domain.runs import ImageRecord
    from gallery.usecases.anonymise import Outcome

EXAMPLE = "Example: gallery anonymise photos/ --output published/"


def anonymise(
    inputs: Annotated[list[Path], typer.Argument(help="Photos, or folders of them.", metavar="INPUT…")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder for the anonymised copies. Inputs are never changed."),
    ] = None,
    cosine: Annotated[
        float | None,
        typer.Option(
            "--cosine",
            help="Largest cosine distance of a match, for everybody, instead of the calibrated or the model's own. "
            "Higher keeps more faces, strangers' among them.",
        ),
    ] = None,
    euclidean: Annotated[
        float | None,
        typer.Option(
            "--euclidean",
            help="Largest Euclidean distance of a match, for everybody, instead of the calibrated or the model's own. "
            "Higher keeps more faces, strangers' among them.",
        ),
    ] = None,
    method: Annotated[
        options.Method,
        typer.Option(
            "--method",
            help="blur: a coarse grid of means, smoothed. pixelate: the same grid as blocks. "
            "solid: one colour, which leaves nothing of the face.",
        ),
    ] = options.Method.BLUR,
    shape: Annotated[
        options.Shape, typer.Option("--shape", help="What is covered: the face's ellipse, or all of its box.")
    ] = options.Shape.ELLIPSE,
    face_margin: Annotated[
        float | None,
        typer.Option(
            "--face-margin",
            help="How much is covered beyond the face on every side, as a share of its box, from 0 to 2. Less shows "
            "hair and outline, by which a face can be found again.",
            show_default="0.45",
        ),
    ] = None,
    strength: Annotated[
        int | None,
        typer.Option(
            "--strength",
            help="With blur and pixelate: cells of the grid across what is covered, from 1 to 8. More show more of the "
            "face.",
            show_default="3",
        ),
    ] = None,
    feather: Annotated[
        float,
        typer.Option(
            "--feather",
            help="Width of a soft edge beyond what is covered, as a share of the face, from 0 to 0.5.",
        ),
    ] = 0.0,
    fusion: Annotated[
        options.Fusion,
        typer.Option(
            "--fusion",
            help="A person's distance when they have several references: to the closest, the mean of all, or the "
            "median of the three closest. The last two keep fewer, strangers and enrolled alike.",
        ),
    ] = options.Fusion.BEST,
    allow_repeats: Annotated[
        bool,
        typer.Option(
            "--allow-repeats", help="Keep a person more than once in a photo, as in a collage. Keeps more strangers."
        ),
    ] = False,
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            help="How much farther, in cosine distance, the next person must be than the best. Higher keeps fewer, "
            "enrolled people who resemble each other first.",
        ),
    ] = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide and print, but write no file and no audit record.")
    ] = False,
    model: options.Model = None,
    detector: options.Detector = "yunet",
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Blur every detected face that is not surely one of the enrolled people, and record why each one stayed."""
    from gallery.bootstrap import Bootstrap, HaarSettings, Wishes
    from gallery.cli import documents, tables
    from gallery.cli.boundary import heed
    from gallery.cli.output import console, print_json, remark
    from gallery.domain.errors import BadArgument
    from gallery.domain.redacting import given_away

    if output is None and not dry_run:
        raise BadArgument("No output folder was given.", "Add --output FOLDER, or --dry-run to write nothing.")
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    out = console()
    with boot.store(create=not dry_run) as store:
        chosen = boot.choose(store, model)
        wishes = Wishes(method.value, cosine, euclidean, fusion.value, allow_repeats, margin)
        wishes = replace(wishes, shape=shape.value, face_margin=face_margin, strength=strength, feather=feather)
        run = boot.anonymise(store, boot.recogniser(chosen.card, detector), wishes)
        limits = run.policy.thresholds, run.policy.personal
        if not as_json:
            remark(chosen.why)
            remark(boot.in_force(store, chosen.card, wishes).remark)
            remark(given_away(method.value, face_margin, strength))

        def report(record: ImageRecord) -> None:
            if not as_json:
                out.print(tables.image(record, *limits), "")
            heed()

        try:
            outcome = run(
                inputs,
                output if output is not None else Path(),
                dry_run,
                report=report,
            )
        except KeyboardInterrupt:
            remark("Interrupted. What was written is whole and on record; the run is marked as interrupted.")
            raise typer.Exit(Exit.INTERRUPTED) from None
    if as_json:
        print_json(documents.of_outcome(outcome))
    else:
        if not outcome.settings.templates:
            remark(f"The gallery {boot.db} holds nobody, so every face was blurred. Enrol: gallery enroll NAME PHOTO…")
        out.print(tables.outcome(outcome))
    raise typer.Exit(_exit_code(outcome))


def _exit_code(outcome: Outcome) -> Exit:
    failed = sum(image.error is not None for image in outcome.images)
    if failed == len(outcome.images):
        return Exit.FAILED
    if failed or any(image.waiting for image in outcome.images):
        return Exit.PARTLY
    return Exit.OK
