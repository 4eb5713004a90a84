"""`gallery forget`: delete a person for good, and prove it."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery forget "Grace Hopper" --yes'


def forget(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    yes: options.Yes = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Delete a person for good: references, templates, pictures, and the name in the record and in backups.

    Cannot be undone. The files are searched afterwards, and the receipt says what for, and in which outputs the person
    is visible.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables
    from gallery.cli.asking import confirm
    from gallery.cli.output import console, print_json

    with Bootstrap.of(db).store() as store:
        if not yes:
            confirm(
                f"Forget {name} for good? This cannot be undone.",
                f"Forgetting {name} cannot be undone, and there is nobody at a terminal to confirm it.",
                "Add --yes to forget without being asked.",
            )
        forgotten = store.forget(name)
    if as_json:
        print_json(documents.of_forgotten(name, forgotten))
    else:
        console().print(people_tables.receipt(name, forgotten))
