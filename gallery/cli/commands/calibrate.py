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
    from gallery.usecases.calibrate import Calibrate, Request
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
    allow_looser: Annotated[
        bool,
        typer.Option(
            "--allow-looser",
            help="Also set limits that are looser than the model's own: more of the enrolled stay visible, and more "
            "strangers. Without it the model's own are the loosest.",
        ),
    ] = False,
    yes: options.Yes = False,
    detector: options.Detector = "yunet",
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Derive the gallery's thresholds from its own photos, show before and after, ask, and use them from now on."""
    from gallery.bootstrap import Bootstrap, HaarSettings
    from gallery.domain.errors import BadArgument
    from gallery.domain.matching import Fusion
    from gallery.usecases.calibrate import Request

    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    if reset and (impostors or per_person or dry_run or allow_looser):
        raise BadArgument("--reset takes no other option.", "Calibrate again without it, or reset alone.")
    request = Request(fmr, impostors, per_person, Fusion(fusion.value), dry_run, allow_looser)
    with boot.store() as store:
        if reset:
            _reset(boot, store, yes, as_json)
            return
        use = boot.calibrate(store, boot.choose(store, None).card, detector)
        result = _derived(use, request, detector, given=db)
        if not as_json:
            _show(result, boot.db)
        if not dry_run:
            _agree_to(result, yes)
            result = use.keep(result)
    _say(result, boot.db, as_json)
    if result.cohort is not None and result.cohort.failures:
        raise typer.Exit(Exit.PARTLY)


def _reset(boot: Bootstrap, store: Store, yes: bool, as_json: bool) -> None:
    from gallery.cli import documents, tables
    from gallery.cli.asking import agree
    from gallery.cli.output import console, print_json

    agree(_loosened_by_reset(boot, store), "Go back to them?", yes, "Add --yes to go back without being asked.")
    had = store.clear_calibration()
    now = boot.in_force_here(store)
    if as_json:
        print_json({"reset": had, "thresholds": documents.of_thresholds(now.thresholds) if now else None})
        return
    said = (
        f"{boot.db} had no thresholds of its own." if not had else f"{boot.db} has no thresholds of its own any more."
    )
    console().print(said + (f" In force: {tables.limits(now.thresholds)}." if now else ""), markup=False)


def _loosened_by_reset(boot: Bootstrap, store: Store) -> str:
    """A sentence on what the model's own limits let in more than those that apply."""
    from gallery.domain.calibrated import InForce, loosened

    before, yardstick = boot.in_force_here(store), boot.yardstick_here(store)
    if before is None or yardstick is None:
        return ""
    return loosened(before, InForce(yardstick.thresholds, store.by_hand()), yardstick)


def _derived(use: Calibrate, request: Request, detector: str, given: Path | None) -> Calibrated:
    from gallery.cli.progress import steps_progress
    from gallery.domain.errors import TooLittleData

    try:
        if request.impostors is None:
            return use.derive(request)
        with steps_progress("strangers") as advance:
            return use.derive(request, advance)
    except TooLittleData as error:
        # Where nothing was calibrated, the model's own limits apply, and a command without --allow-looser sets none
        # that are looser; stricter ones that were calibrated could give way to them.
        if error.least is None or use.store.calibration() is not None:
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


def _show(result: Calibrated, db: Path) -> None:
    from gallery.cli import calibration_tables
    from gallery.cli.output import console, remark

    out = console()
    for part in calibration_tables.calibrated(result, str(db)):
        out.print(part, "")
    for source, error in result.cohort.failures if result.cohort else ():
        remark(f"{source}: {error}")


def _agree_to(result: Calibrated, yes: bool) -> None:
    """Asks before limits are kept; says where they are looser, even if nobody is to be asked."""
    from gallery.cli.asking import confirm
    from gallery.cli.output import remark

    if yes:
        remark(result.looser)
        return
    confirm(
        f"{result.looser} Use these limits from now on?".strip(),
        f"{result.looser} Nobody is at a terminal to agree to these limits; nothing was changed.".strip(),
        "Add --yes to use them without being asked, or --dry-run to see what would come of it.",
    )


def _say(result: Calibrated, db: Path, as_json: bool) -> None:
    from gallery.cli import calibration_documents
    from gallery.cli.output import console, print_json

    if as_json:
        print_json(calibration_documents.of_calibrated(result))
    elif result.stored:
        back = " To go back to the model's own: gallery calibrate --reset" if result.looser_than_model else ""
        console().print(f"Kept in {db}, and used from now on.{back}", markup=False)
    else:
        console().print("A dry run: nothing was changed.", markup=False)
