"""`gallery review`: a person's word on the faces of a run that wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.as_recorded import Again
    from gallery.bootstrap import Bootstrap
    from gallery.domain.runs import ImageRecord, Run
    from gallery.usecases.review import Review
    from gallery.usecases.rewrite import Rewritten

EXAMPLE = 'Example: gallery review 3 --note "Asked her"'


def review(
    run: Annotated[int, typer.Argument(help="The run's number, see 'gallery audit'.", metavar="RUN", min=1, max=2**53)],
    no_pictures: Annotated[bool, typer.Option("--no-pictures", help="Show no pictures.")] = False,
    no_rewrite: Annotated[
        bool, typer.Option("--no-rewrite", help="Decide only: write no photo anew. The next review of the run does.")
    ] = False,
    note: Annotated[
        str, typer.Option("--note", help="Why, for every decision of this review.", show_default=False)
    ] = "",
    discard_crops: Annotated[
        bool,
        typer.Option(
            "--discard-crops", help="Only remove the pictures that --keep-review-crops has kept of this run's faces."
        ),
    ] = False,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
) -> None:
    """Decide by hand on the faces of a run that wait for it, then write the photos concerned anew and verify them.

    A face waits if it matched within both thresholds and was blurred for another doubt, or could still be recognised
    in an output. It is shown beside the reference it was compared with; one key keeps or blurs it.
    """
    from gallery.as_recorded import Again, AsRecorded
    from gallery.bootstrap import Bootstrap
    from gallery.domain.people import clean_notes
    from gallery.usecases.review import reviewable

    note, boot = clean_notes(note), Bootstrap.of(db, models_dir)
    with boot.store(write=True) as store:
        found = reviewable(store, run)
        files = AsRecorded.of(found.settings).files
        held = boot.review(store, found, files)
        if discard_crops:
            raise typer.Exit(_discard(held))
        again = None if no_rewrite else Again(boot, store, found)
        try:
            _talk(boot, held, note, not no_pictures)
            rewritten = _rewritten(boot, held, again) if again is not None else None
            if not held.waiting:
                held.discard_pictures()
        finally:
            _compact(held)
        raise typer.Exit(_ended(held, rewritten))


def _talk(boot: Bootstrap, review: Review, note: str, pictures: bool) -> None:
    from gallery.cli.output import console, remark
    from gallery.cli.review_screen import Screen, told
    from gallery.cli.review_talk import Talk

    if not review.faces:
        return
    out = console()
    try:
        with boot.keyboard() as keyboard:
            Talk(review, keyboard, Screen(out, pictures), note).hold()
    except EOFError:
        raise KeyboardInterrupt from None
    out.print()
    remark(told(review))


def _rewritten(boot: Bootstrap, review: Review, again: Again) -> Rewritten | None:
    """Writes anew what is to be; None where nothing is."""
    from gallery.cli import tables
    from gallery.cli.boundary import PHOTOS_IN_HAND, finishing_first
    from gallery.cli.output import remark
    from gallery.cli.progress import photos_progress
    from gallery.usecases.running import Options

    photos, run = review.touched, review.run
    if not photos:
        return None
    for said in again.remarks:
        remark(said)
    solid = [one.image.source for one in photos if one.solid]
    if solid:
        remark(f"Covered with one colour, as their outputs had failed verification: {', '.join(solid)}.")
    rewrite = boot.rewrite(again, again.files)
    with finishing_first(PHOTOS_IN_HAND) as stopped, photos_progress("Photos") as (advance, above):

        def report(record: ImageRecord) -> None:
            above.print(tables.image(record, run.settings.thresholds, run.settings.personal, run.settings.scores), "")

        return rewrite(run, photos, Options(threads=boot.cores(), stopped=stopped), report, advance)


def _discard(review: Review) -> Exit:
    from gallery.cli.output import remark
    from gallery.cli.tables import counted

    number = review.discard_pictures()
    _compact(review)
    remark(f"{counted(number, 'picture')} kept for the review of run {review.run.summary.id} removed.")
    return Exit.OK


def _compact(review: Review) -> None:
    """Removes the last bytes of the pictures that were removed."""
    from gallery.cli.output import remark
    from gallery.domain.errors import StoreUnusable

    if not review.dropped:
        return
    try:
        review.store.compact()
    except StoreUnusable as error:
        remark(f"{error.message} It may still hold bytes of pictures that were removed. Later run: gallery db compact")


def _ended(review: Review, rewritten: Rewritten | None) -> Exit:
    from gallery.cli.output import console, remark
    from gallery.cli.tables import counted
    from gallery.domain.runs import RunStatus

    number, waiting = review.run.summary.id, review.waiting
    for outcome in rewritten.outcomes if rewritten else ():
        written = sum(not image.failed for image in outcome.images)
        console().print(f"Run {outcome.run} wrote {counted(written, 'photo')} of run {number} anew.", markup=False)
    for one in rewritten.unreached if rewritten else ():
        remark(f"{one.source} was not written anew: {one.why}{_where(one.source, review.run)}")
    if waiting:
        remark(f"{counted(len(waiting), 'face')} of run {number} still waiting: gallery review {number}")
    elif not review.faces and rewritten is None:
        remark(f"Nothing of run {number} waits for review.")
    if rewritten and any(outcome.status is RunStatus.INTERRUPTED for outcome in rewritten.outcomes):
        return Exit.INTERRUPTED
    return Exit.PARTLY if waiting or _failed(rewritten) else Exit.OK


def _where(source: str, run: Run) -> str:
    """Where a photo was looked for, as far as that is not plain."""
    from gallery.domain.paths import places

    number, base = run.summary.id, run.settings.base
    if source.startswith("/") or (len(places(source, base)) == 1 and base):
        return ""
    if base:
        return f" It was looked for from {base}, where run {number} was made, and from here."
    return f" Its path is relative: go to the folder in which run {number} was made, then: gallery review {number}"


def _failed(rewritten: Rewritten | None) -> bool:
    if rewritten is None:
        return False
    return bool(rewritten.unreached) or any(image.failed for one in rewritten.outcomes for image in one.images)
