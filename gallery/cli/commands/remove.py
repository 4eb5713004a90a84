"""`gallery remove`: take a person, or one of their references, off the whitelist."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery remove "Grace Hopper" --reference 7'


def remove(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    reference: Annotated[
        int | None,
        typer.Option("--reference", help="Only this reference; 'gallery show NAME' lists them.", min=1, max=2**53),
    ] = None,
    yes: options.Yes = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Remove a person with all references: their face is blurred from now on. Past runs keep their record.

    'gallery undo' takes it back until the next change; 'gallery forget' deletes for good.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.asking import confirm
    from gallery.cli.naming import undoing
    from gallery.cli.output import console, print_json
    from gallery.cli.tables import counted
    from gallery.domain.errors import UnknownName

    with Bootstrap.of(db).store() as store:
        identity = store.identity(name)
        if reference is None:
            what = counted(len(identity.references), "reference")
            if not yes:
                confirm(
                    f"Remove {identity.name} with {what}?",
                    f"Nobody is at a terminal to confirm that {identity.name} is to be removed.",
                    "Add --yes to remove without being asked.",
                )
            removed = store.remove(identity.name)
        elif reference not in {stored.id for stored in identity.references}:
            raise UnknownName(
                f"{identity.name} has no reference {reference}.", "'gallery show NAME' lists a person's references."
            )
        else:
            store.remove_reference(reference)
            what, removed = f"reference {reference}", 1
    if as_json:
        print_json({"removed": identity.name, "references": removed, "reference": reference})
    else:
        removal = (
            f"Removed {identity.name} with {what}." if reference is None else f"Removed {what} of {identity.name}."
        )
        console().print(f"{removal} To take it back: {undoing(db)}", markup=False)
