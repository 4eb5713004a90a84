"""`gallery list`: who is on the whitelist. Reads the gallery file directly, so that it is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = "Example: gallery list --tag 5b"


def list_people(
    tag: Annotated[str | None, typer.Option("--tag", help="Only people with this tag.")] = None,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """List everybody in the gallery: their references, when they were last matched, and until when they are kept."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, long_table, people_tables
    from gallery.cli.output import console, print_json, remark
    from gallery.domain.people import name_key

    boot = Bootstrap.of(db)
    today = boot.today()
    with boot.store() as store:
        everybody = store.identities()
        calibration = store.calibration()
    wanted = None if tag is None else name_key(tag)
    people = [p for p in everybody if wanted is None or wanted in map(name_key, p.tags)]
    if as_json:
        print_json(documents.of_people(people, today))
    elif people:
        out = console()
        if len(people) < long_table.FROM:
            out.print(people_tables.people(people, today, out.width))
        else:
            rows = [people_tables.person_cells(person, today) for person in people]
            long_table.write(out.file, out.width, people_tables.PEOPLE, rows, frozenset([1]), give=(6, 2, 0))
        remark(calibration.remark if calibration else "")
    elif everybody:
        remark(f"Nobody has the tag {tag}; 'gallery list' shows everybody.")
    else:
        remark(f"Nobody is enrolled in {boot.db}. Enrol somebody: gallery enroll NAME PHOTO…")
