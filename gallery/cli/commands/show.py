"""`gallery show`: one person's references."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery show "Grace Hopper"'


def show(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Show one person's references: photo, face, sharpness, templates."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json

    with Bootstrap.of(db).store() as store:
        identity = store.identity(name)
    if as_json:
        print_json(documents.of_identity(identity))
    else:
        console().print(tables.references(identity))
