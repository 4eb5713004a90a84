"""`gallery calibrate`: thresholds from the gallery's own photos."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.ports import Store
    from gallery.usecases.calibrate import Request
    from gallery.usecases.calibration_report import Calibrated

EXAMPLE = "Example: gallery calibrate --fmr 1e-3 --impostors other-people/ --per-person"


def calibrate(
    fmr: Annotated[
        float,
        typer.Option(
            "--fmr",
            help="The false match rate to aim at: the share of comparisons of a face with somebody else that match. "
            "Lower keeps fewer strangers, needs more photos of them, and blurs more of the enrolled.",
        ),
    ] = 1e-3,
    impostors: Annotated[
        Path | None,
        typer.Option(
            "--impostors",
            help="A folder of photos of people who are not in the gallery, with its subfolders; every face counts. "
            "They are compared, and not kept. Without it the people of the gallery are compared with each other.",
        ),
    ] = None,
    per_person: Annotated[
        bool,
        typer.Option("--per-person", help="Give people who resemble others stricter thresholds of their own."),
    ] = False,
    fusion: Annotated[
        options.Fusion,
        typer.Option("--fusion", help="As you will use in 'gallery anonymise': thresholds of one do not fit another."),
    ] = options.Fusion.BEST,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come of it, and change nothing.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the model's own thresholds.")] = False,
    detector: options.Detector = "yunet",
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Derive the gallery's thresholds from its own photos, show before and after, and use them from now on."""
    from gallery.bootstrap import Bootstrap, HaarSettings
    from gallery.domain.errors import BadArgument
    from gallery.domain.matching import Fusion
    from gallery.usecases.calibrate import Request

    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    if reset and (impostors or per_person or dry_run):
        raise BadArgument("--reset takes no other option.", "Calibrate again without it, or reset alone.")
    request = Request(fmr, impostors, per_person, Fusion(fusion.value), dry_run)
    with boot.store() as store:
        if reset:
            _reset(boot, store, as_json)
            return
        result = _calibrated(boot, store, request, detector, given=db)
    _show(result, boot.db, as_json)
    if result.cohort is not None and result.cohort.failures:
        raise typer.Exit(Exit.PARTLY)


def _reset(boot: Bootstrap, store: Store, as_json: bool) -> None:
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json

    had = store.clear_calibration()
    now = boot.in_force_here(store)
    if as_json:
        print_json({"reset": had, "thresholds": documents.of_thresholds(now.thresholds) if now else None})
        return
    said = (
        f"{boot.db} had no thresholds of its own." if not had else f"{boot.db} has no thresholds of its own any more."
    )
    console().print(said + (f" In force: {tables.limits(now.thresholds)}." if now else ""), markup=False)


def _calibrated(boot: Bootstrap, store: Store, request: Request, detector: str, given: Path | None) -> Calibrated:
    from gallery.cli.progress import steps_progress
    from gallery.domain.errors import TooLittleData

    use = boot.calibrate(store, boot.choose(store, None).card, detector)
    try:
        if request.impostors is None:
            return use(request)
        with steps_progress("strangers") as advance:
            return use(request, advance)
    except TooLittleData as error:
        if error.least is None:
            raise
        again = f"Run: {_command(request, error.least, detector, given)}"
        raise TooLittleData(error.message, f"{again}\n{error.hint}", error.least) from error


def _command(request: Request, fmr: float, detector: str, db: Path | None) -> str:
    from gallery.domain.calibrated import tidy

    words = ["gallery", "calibrate", "--fmr", tidy(fmr)]
    words += ["--impostors", str(request.impostors)] if request.impostors is not None else []
    words += ["--per-person"] if request.per_person else []
    words += ["--fusion", request.fusion.value] if request.fusion.value != options.Fusion.BEST.value else []
    words += ["--detector", detector] if detector != "yunet" else []
    words += ["--db", str(db)] if db is not None else []
    words += ["--dry-run"] if request.dry_run else []
    return shlex.join(words)


def _show(result: Calibrated, db: Path, as_json: bool) -> None:
    from gallery.cli import calibration_documents, calibration_tables
    from gallery.cli.output import console, print_json, remark

    if as_json:
        print_json(calibration_documents.of_calibrated(result))
        return
    out = console()
    for part in calibration_tables.calibrated(result, str(db)):
        out.print(part, "")
    for source, error in result.cohort.failures if result.cohort else ():
        remark(f"{source}: {error}")
    if result.looser:
        remark(
            f"These are looser than {result.calibration.space.model}'s own ({result.own.origin}): more faces stay "
            "visible, strangers' among them. Aim at a lower --fmr, or keep the model's own."
        )
    if result.stored:
        out.print(f"Kept in {db}, and used from now on. To go back: gallery calibrate --reset", markup=False)
    else:
        out.print("A dry run: nothing was changed.", markup=False)
