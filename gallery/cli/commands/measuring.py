"""`gallery models measure` and `cohort`: what a model lacks to be used, found on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.usecases.keep_cohort import KeepCohort
    from gallery.usecases.measure_model import Measured

COHORT_EXAMPLE = "Example: gallery models cohort vgg-face portraits/"
EXAMPLE = "Example: gallery models measure auraface --pairs pairs.txt --images lfw/"


def measure(
    name: Annotated[str, typer.Argument(help="The model, see 'gallery models list'.", metavar="NAME")],
    pairs: Annotated[Path, typer.Option("--pairs", help="A list of pairs in folds, like LFW's pairs.txt.")],
    images: Annotated[
        Path, typer.Option("--images", help="The folder of NAME/NAME_0001.jpg and so on, or a ZIP file of it.")
    ],
    fmr: Annotated[
        float,
        typer.Option(
            "--fmr", help="The false match rate to keep. Lower keeps fewer, strangers and enrolled people alike."
        ),
    ] = 1e-5,
    exclude_labels: Annotated[
        Path | None,
        typer.Option(
            "--exclude-labels", help="A file of errors in the labels, as 'gallery evaluate verification' has it."
        ),
    ] = None,
    detector: options.Detector = "yunet",
    yes: options.Yes = False,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Measure a model's thresholds on labelled photos, and record them. Until then, a model without any is refused.

    All photos of different people are compared. The thresholds found belong to these weights, and are kept with their
    origin in your own list of models. A cohort for normalised scores is made of one photo of each person.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import evaluation_tables, measured_results
    from gallery.cli.output import console, print_json
    from gallery.cli.progress import steps_progress
    from gallery.usecases.evaluate_verification import LabelledPairs

    boot = Bootstrap.of(models_dir=models_dir)
    use = boot.measure_model(fmr)
    use.registry.require_measurable(name)
    card = boot.registry().card(name)
    recogniser = boot.recogniser(replace(card, embedder=replace(card.spec, cohort=None)), detector, measuring=True)
    listed, errors = boot.pairs(pairs), boot.label_errors(exclude_labels)
    with boot.unpacked(images) as folder, steps_progress(f"{detector}, {name}") as progress:
        labelled = LabelledPairs(listed, boot.image_files(folder, listed, pairs, images), errors)
        measured = use(recogniser, labelled, f"{pairs.name} ({images.name})", progress)
        measured = _with_cohort(boot.keep_cohort(recogniser), measured, labelled.one_of_each(), images.name)
    if not as_json:
        console().print(evaluation_tables.verification(measured.verification), "", measured_results.table(measured))
    if not yes:
        _confirm(measured)
    use.record(measured)
    if as_json:
        print_json(measured_results.document(measured, {"pairs": pairs, "images": images}))
    if measured.verification.failures.unreadable:
        raise typer.Exit(Exit.PARTLY)


def _with_cohort(keep: KeepCohort, measured: Measured, portraits: Sequence[Path], data: str) -> Measured:
    """With a cohort of the same photos, where they are enough for one."""
    from gallery.cli.output import remark
    from gallery.domain.errors import BadArgument

    try:
        return replace(measured, card=keep(measured.card, portraits, data))
    except BadArgument as error:
        remark(f"No cohort was made. {error.message} To make one of other photos: gallery models cohort")
        return measured


def cohort(
    name: Annotated[str, typer.Argument(help="The model, see 'gallery models list'.", metavar="NAME")],
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder of portraits, each of another person, or with a folder for each person. A thousand or more "
            "of all ages and origins are right.",
            metavar="FOLDER",
        ),
    ],
    detector: options.Detector = "yunet",
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Make what a model's normalised scores are measured against: vectors drawn after the spread of your own photos.

    They are nobody's: none is nearer to a face of yours than strangers are to each other. A model without thresholds
    gets its cohort when it is measured.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.documents import of_cohort
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import steps_progress

    boot = Bootstrap.of(models_dir=models_dir)
    boot.registry().require_measurable(name, cohort=True)
    card = boot.registry().card(name)
    recogniser = boot.recogniser(replace(card, embedder=replace(card.spec, cohort=None)), detector, measuring=True)
    keep = boot.keep_cohort(recogniser)
    with boot.unpacked(folder) as photos, steps_progress(f"{detector}, {name}") as progress:
        portraits = [own[0] for own in boot.singles(photos).values()]
        made = keep(card, portraits, folder.name, progress)
    keep.record(made)
    if as_json:
        print_json({"model": name, "cohort": of_cohort(made)})
    elif made.spec.cohort:
        console().print(f"Cohort of {name}: {made.spec.cohort.origin}", markup=False)
        remark("It does not notice very young children: look at what is kept of them yourself.")


def _confirm(measured: Measured) -> None:
    """Asks before thresholds are replaced."""
    from gallery.cli.asking import confirm
    from gallery.cli.tables import limits

    before, name = measured.before.spec, measured.card.name
    if before.measured:
        confirm(
            f"Replace the thresholds of {name}, {limits(before.thresholds)}?",
            f"{name} has thresholds already, and nobody is at a terminal to confirm that they are to be replaced.",
            "Add --yes to replace them without being asked.",
        )
