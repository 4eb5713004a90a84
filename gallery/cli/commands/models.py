"""`gallery models`: what is known, what is installed, and where thresholds come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.commands import measuring
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from gallery.bootstrap import Bootstrap
    from gallery.domain.calibrated import Calibration
    from gallery.domain.people import SpaceUse
    from gallery.usecases.models import OwnWeights

app = typer.Typer(help="List, install, verify, add, measure and remove models.", no_args_is_help=True)


@app.command("list", epilog="Example: gallery models list --json")
def list_models(db: options.Db = None, models_dir: options.ModelsDir = None, as_json: options.Json = False) -> None:
    """List all models: dimension, licence, size, thresholds and their origin, and what of them is on disk."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import calibration_documents, calibration_tables, documents, tables
    from gallery.cli.output import console, print_json, remark

    boot = Bootstrap.of(db, models_dir)
    listing = boot.models().listing()
    calibration = _calibration(boot)
    if as_json:
        own = calibration_documents.of_calibration(calibration) if calibration else None
        name = calibration.space.model if calibration else None
        print_json(
            [{**documents.of_listed(one), "calibrated": own if one.card.name == name else None} for one in listing]
        )
        return
    out = console()
    out.print(tables.models(listing), "")
    out.print(tables.threshold_origins(listing))
    out.print("", tables.cohorts(listing), sep="\n")
    remark(tables.unconverted(listing))
    remark(tables.unmeasured(listing))
    if calibration:
        out.print("", calibration_tables.own_thresholds(calibration, str(boot.db)), sep="\n")
        remark(calibration.remark)


def _calibration(boot: Bootstrap) -> Calibration | None:
    """That of the gallery file, where there is one; one that cannot be read does not hide the models."""
    from gallery.cli.output import remark
    from gallery.domain.errors import StoreUnusable

    if not boot.db.exists():
        return None
    try:
        with boot.store() as store:
            return store.calibration()
    except StoreUnusable as error:
        remark(f"The gallery's own thresholds are not shown. {error.text}")
        return None


@app.command("install", epilog="Example: gallery models install vgg-face")
def install(
    name: Annotated[str, typer.Argument(help="The model, see 'gallery models list'.", metavar="NAME")],
    source: Annotated[
        Path | None, typer.Option("--from", help="A file already on disk, copied instead of downloading.")
    ] = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Download a model's weights and check their hash. A download that broke off is resumed.

    Of vgg-face an eight-bit form is made beside them, which runs three times as fast with --precision int8.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import bytes_progress

    models = Bootstrap.of(models_dir=models_dir).models()
    with bytes_progress(name) as progress:
        done = models.install(
            name,
            source,
            announce=lambda card: remark(f"{card.name}: {card.source}. Licence of the weights: {card.licence}."),
            progress=progress,
            tell=remark,
        )
    if as_json:
        print_json(documents.of_installation(name, done))
    else:
        what = "Installed" if done.fresh else "Already here, hash checked:"
        console().print(f"{what} {name} ({done.installed.origin}): {done.installed.path}", markup=False)
        if done.converted:
            console().print(f"In eight bits: {done.converted.path}, {tables.apart(done.converted)}", markup=False)


@app.command("verify", epilog="Example: gallery models verify")
def verify(
    name: Annotated[
        str | None, typer.Argument(help="One model; all installed ones without it.", metavar="[NAME]")
    ] = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Hash the installed weights and compare them with the registry, and eight-bit forms with their weights.

    A form that could be made is named, but is no failure.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json

    checked = Bootstrap.of(models_dir=models_dir).models().verify(name)
    if as_json:
        print_json([documents.of_checked(c) for c in checked])
    else:
        console().print(tables.checked(checked))
    if any(c.failed for c in checked):
        raise typer.Exit(Exit.FAILED)


@app.command(
    "add",
    epilog="Example: gallery models add mine --architecture vgg-face --weights my.h5 --cosine 0.4 --euclidean 120",
)
def add(
    name: Annotated[str, typer.Argument(help="How the model will be called.", metavar="NAME")],
    architecture: Annotated[str, typer.Option("--architecture", help="What they are for: sface, arcface or vgg-face.")],
    weights: Annotated[Path, typer.Option("--weights", help="The file. It stays where it is; its hash is recorded.")],
    cosine: Annotated[
        float | None,
        typer.Option(
            "--cosine",
            help="Largest cosine distance of a match. Without, the model is refused until its thresholds have been "
            "measured.",
            show_default="none, to be measured",
        ),
    ] = None,
    euclidean: Annotated[
        float | None,
        typer.Option("--euclidean", help="Largest Euclidean distance of a match.", show_default="none, to be measured"),
    ] = None,
    yes: options.Yes = False,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Add weights of your own for a known architecture, after reading them. The file is refused once it changes.

    For arcface any ONNX file that makes one embedding of one aligned face of 112×112 pixels will do.
    """
    from datetime import UTC, datetime

    from gallery.bootstrap import Bootstrap
    from gallery.cli import tables
    from gallery.cli.output import console, print_json, remark
    from gallery.usecases.models import OwnWeights

    boot, own = Bootstrap.of(models_dir=models_dir), OwnWeights(name, architecture, weights, cosine, euclidean)
    _agree_to(boot, own, yes)
    card = boot.models().add(own, datetime.now(UTC).date())
    if as_json:
        print_json({"model": card.name, "architecture": card.architecture, "file": card.file, "sha256": card.sha256})
    else:
        console().print(f"Added {card.name}: {card.file}, SHA-256 {card.sha256}", markup=False)
    if not card.spec.measured:
        remark(f"It has no thresholds yet, and is refused until they are measured: {tables.measuring(card.name)}")


def _agree_to(boot: Bootstrap, own: OwnWeights, yes: bool) -> None:
    """Asks before a model is added with limits that are looser than those of its architecture."""
    from gallery.cli.asking import agree
    from gallery.domain.calibrated import InForce, lax
    from gallery.domain.models import NOT_MEASURED
    from gallery.domain.yardstick import Yardstick

    usual = boot.models().pattern(own.architecture)
    limits = own.thresholds(usual.spec.normalisation)
    if usual.spec.measured and limits != NOT_MEASURED:
        said = lax(InForce(limits), Yardstick.of(usual))
        agree(said, "Add the model all the same?", yes, "Add --yes to add it without being asked.")


app.command("measure", epilog=measuring.EXAMPLE)(measuring.measure)
app.command("cohort", epilog=measuring.COHORT_EXAMPLE)(measuring.cohort)


@app.command("remove", epilog="Example: gallery models remove vgg-face")
def remove(
    name: Annotated[str, typer.Argument(help="The model, see 'gallery models list'.", metavar="NAME")],
    force: Annotated[
        bool, typer.Option("--force", help="Even if the gallery's templates were made by it; do not look at them.")
    ] = False,
    yes: options.Yes = False,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Delete a model's weights and eight-bit form from the models folder; of one you added, take it off the list.

    Your own weights file stays where it is. What comes with a package cannot be removed.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import model_removal
    from gallery.cli.asking import confirm
    from gallery.cli.output import console, print_json, remark

    boot = Bootstrap.of(db, models_dir)
    use = boot.remove_model()
    planned = use.plan(name)
    uses = list if force else _spaces(boot, name)
    before = uses()
    planned.require_unused(before)
    if not yes:
        confirm(
            model_removal.question(planned),
            f"Nobody is at a terminal to confirm that {name} is to be removed.",
            "Add --yes to remove without being asked.",
        )
    removed = use(planned, uses)
    if as_json:
        print_json(model_removal.of_removal(removed))
    else:
        for line in model_removal.done(removed):
            console().print(line, markup=False, soft_wrap=True)
    remark(model_removal.remaining(removed.made(before)))


def _spaces(boot: Bootstrap, name: str) -> Callable[[], list[SpaceUse]]:
    """Reads which models the gallery holds templates of; says that nobody knows where it cannot be read."""
    from gallery.domain.errors import StoreUnusable

    spaces_here = boot.spaces_here()

    def read() -> list[SpaceUse]:
        try:
            return spaces_here()
        except StoreUnusable as error:
            raise StoreUnusable(
                f"Whether the gallery's templates were made by {name} cannot be told: {error.message}",
                f"{error.hint} To remove it without looking: --force".strip(),
            ) from error

    return read
