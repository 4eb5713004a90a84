"""`gallery import`: people from an archive into the gallery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.exchanging import Contents, Imported

EXAMPLE = "Example: gallery import class-5b.gallery --dry-run"


def import_archive(
    file: Annotated[Path, typer.Argument(help="The archive, made by 'gallery export'.", metavar="FILE")],
    skip: Annotated[bool, typer.Option("--skip", help="Leave out whoever is in conflict; import the others.")] = False,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge", help="Give people who are there the references they lack; what is settled about them stays."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Put the archive's people in the place of those who are there."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen; change nothing.")] = False,
    yes: options.Yes = False,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Import people from an archive, all or nothing. Conflicts are shown, and nothing is overwritten unasked.

    Templates of faces whose pictures come along are made of the pictures. Limits that come along are shown, and asked
    about where they are looser than those that apply here.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.progress import bytes_progress

    resolution, boot = _resolution(skip, merge, replace), Bootstrap.of(db, models_dir)
    with bytes_progress("check") as progress, boot.archives().open(file, progress) as contents:
        result = _foreseen(boot, contents, resolution) if dry_run else _imported(boot, contents, resolution, file, yes)
    _show(result, dry_run, as_json)
    raise typer.Exit(_exit_code(result))


def _resolution(skip: bool, merge: bool, replace: bool) -> str:
    from gallery.domain.errors import BadArgument

    given = [word for word, asked in (("skip", skip), ("merge", merge), ("replace", replace)) if asked]
    if len(given) > 1:
        raise BadArgument(
            f"{' and '.join(f'--{word}' for word in given)} contradict each other.", "Choose one of them, or none."
        )
    return given[0] if given else "refuse"


def _foreseen(boot: Bootstrap, contents: Contents, resolution: str) -> Imported:
    from gallery.usecases.exchange import foresee

    if not boot.db.exists():
        return foresee(contents, resolution, boot.reception(None))
    with boot.store() as store:
        return boot.import_(store, resolution).plan(contents)


def _imported(boot: Bootstrap, contents: Contents, resolution: str, file: Path, yes: bool) -> Imported:
    from gallery.domain.paths import shown

    _agree_to_limits(_foreseen(boot, contents, resolution), yes)
    with boot.store(create=True) as store:
        return boot.import_(store, resolution)(contents, f"import {shown(file)}")


def _agree_to_limits(planned: Imported, yes: bool) -> None:
    """Asks before limits come in that are looser than those that apply here."""
    from gallery.cli import exchange_tables
    from gallery.cli.asking import agree

    said = exchange_tables.loose(planned) if planned.looser else ""
    agree(said, "Import them all the same?", yes, "Add --yes to import them without being asked.")


def _show(result: Imported, dry_run: bool, as_json: bool) -> None:
    from gallery.cli import exchange_tables
    from gallery.cli.output import console, print_json, remark

    if as_json:
        print_json(exchange_tables.of_imported(result, dry_run))
    else:
        out, table = console(), exchange_tables.noteworthy(result)
        if table is not None:
            out.print(table, "", sep="\n")
        if result.limits and not result.refused:
            out.print(exchange_tables.limits(result), "", sep="\n")
        out.print(exchange_tables.summary(result))
    if result.refused:
        remark(
            "Nothing is imported while there are conflicts. Leave those people out with --skip, add what is missing "
            "with --merge, or put the archive's people in their place with --replace."
        )
    elif dry_run:
        remark("Nothing was changed: this was a dry run.")
    for line in exchange_tables.remade(result):
        remark(line)
    remark(exchange_tables.left(result.decisions))
    remark(exchange_tables.to_be_made(result))


def _exit_code(result: Imported) -> Exit:
    if result.complete:
        return Exit.PARTLY if result.remade.strayed or result.remade.left else Exit.OK
    partly = result.changes or (not result.refused and result.resolution.value == "skip")
    return Exit.PARTLY if partly else Exit.FAILED
