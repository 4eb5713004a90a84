"""`gallery remove`: take a person off the whitelist."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery remove "Grace Hopper" --yes'


def remove(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    yes: options.Yes = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Remove a person with all references: their face is blurred from now on. Past runs keep their record."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import console, print_json
    from gallery.domain.errors import BadArgument

    with Bootstrap.of(db).store() as store:
        identity = store.identity(name)
        if not yes:
            if not sys.stdin.isatty():
                raise BadArgument(
                    f"Removing {identity.name} cannot be undone, and there is nobody at a terminal to confirm it.",
                    "Add --yes to remove without being asked.",
                )
            typer.confirm(f"Remove {identity.name} with {_references(len(identity.references))}?", abort=True)
        references = store.remove(identity.name)
    if as_json:
        print_json({"removed": identity.name, "references": references})
    else:
        console().print(f"Removed {identity.name} with {_references(references)}.", markup=False)


def _references(count: int) -> str:
    return f"{count} reference" + ("" if count == 1 else "s")
