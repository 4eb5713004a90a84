"""`gallery check`: look for mistakes in the gallery."""

from __future__ import annotations

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery check"


def check(db: options.Db = None, as_json: options.Json = False) -> None:
    """Look for mistakes in the whole gallery: references that fit nobody or somebody else, people who are one, doubles.

    Nothing is changed. Exit code 3 if something was found.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.progress import steps_progress

    boot = Bootstrap.of(db)
    with boot.store() as store:
        use = boot.check(store)
        with steps_progress("Comparing") as advance:
            checked = use(advance)
    if as_json:
        print_json(documents.of_checked_gallery(checked))
    else:
        console().print(people_tables.examined(checked))
        remark(use.limits.remark)
    if not checked.clean:
        raise typer.Exit(Exit.PARTLY)
