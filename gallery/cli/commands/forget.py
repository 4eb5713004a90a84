"""`gallery forget`: delete a person for good, and prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.ports import Store
    from gallery.domain.reviewing import Touched
    from gallery.domain.runs import Run
    from gallery.usecases.rewrite import Rewritten

EXAMPLE = 'Example: gallery forget "Grace Hopper" --yes'


def forget(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    rewrite: Annotated[
        bool,
        typer.Option(
            "--rewrite",
            help="First write every output anew in which the person is visible, with their face blurred and under the "
            "settings of its run. Until that is done they are disabled.",
        ),
    ] = False,
    yes: options.Yes = False,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Delete a person for good: references, templates, pictures, and the name in the record and in backups.

    Cannot be undone. The files are searched afterwards, and the receipt says what for, in which outputs the person is
    visible, and what is out of reach.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables
    from gallery.cli.asking import confirm
    from gallery.cli.output import console, print_json

    boot = Bootstrap.of(db, models_dir)
    with boot.store() as store:
        if not yes:
            confirm(
                f"Forget {name} for good? This cannot be undone.",
                f"Forgetting {name} cannot be undone, and there is nobody at a terminal to confirm it.",
                "Add --yes to forget without being asked.",
            )
        rewritten = _rewritten(boot, store, name) if rewrite else None
        forgotten = store.forget(name)
    if as_json:
        print_json(documents.of_forgotten(name, forgotten))
    else:
        console().print(people_tables.receipt(name, forgotten))
    if rewritten is not None and not _said(rewritten):
        raise typer.Exit(Exit.PARTLY)


def _rewritten(boot: Bootstrap, store: Store, name: str) -> Rewritten:
    from gallery.as_recorded import Again
    from gallery.cli.progress import photos_progress
    from gallery.usecases.rewrite_without import RewriteWithout
    from gallery.usecases.running import Options

    def write(run: Run, photos: list[Touched]) -> Rewritten:
        again = Again(boot, store, run)
        with photos_progress("Photos") as (advance, _):
            return boot.rewrite(again, again.files)(run, photos, Options(threads=boot.cores()), advance=advance)

    return RewriteWithout(store, write)(name)


def _said(rewritten: Rewritten) -> bool:
    """Says what came of it; returns whether every output was written anew."""
    from gallery.cli.output import remark
    from gallery.cli.tables import counted

    images = [image for outcome in rewritten.outcomes for image in outcome.images]
    failed = [image for image in images if image.failed]
    remark(f"{counted(len(images) - len(failed), 'output')} written anew.")
    for one in rewritten.unreached:
        remark(f"{one.source} was not written anew: {one.why}")
    for image in failed:
        remark(f"{image.source} was not written anew: {image.error}")
    return not (failed or rewritten.unreached)
