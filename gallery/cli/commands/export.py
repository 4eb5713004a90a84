"""`gallery export`: people of a gallery in one file, to be taken elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery export class-5b.gallery --people "Grace Hopper" --people "Eileen Collins"'


def export(
    file: Annotated[Path, typer.Argument(help="The archive to be written.", metavar="FILE")],
    people: Annotated[
        list[str] | None,
        typer.Option("--people", help="Only this person; may be given several times.", metavar="NAME"),
    ] = None,
    no_crops: Annotated[
        bool,
        typer.Option(
            "--no-crops",
            help="Leave the pictures of references out. A gallery of another model can then make nothing of them.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Write people with their references, templates, pictures, notes and settings into one archive."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import exchange_tables
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import steps_progress

    boot = Bootstrap.of(db)
    with boot.store() as store, steps_progress("export") as progress:
        boot.require_private(file, "would hold everybody's name, face and templates", store)
        written = boot.export(store)(file, people or (), not no_crops, force, progress)
    if as_json:
        print_json(exchange_tables.of_written(written))
    else:
        console().print(exchange_tables.written(written))
    remark(exchange_tables.left(written.decisions))
    remark(
        "The archive is not encrypted: whoever can read it has the names, faces and templates. Delete it when it has "
        "arrived; 'gallery forget' does not reach into it."
    )
