"""`gallery list`: who is on the whitelist. Reads the gallery file directly, so that it is quick."""

from __future__ import annotations

from gallery.cli import options

EXAMPLE = "Example: gallery list --json"


def list_people(db: options.Db = None, as_json: options.Json = False) -> None:
    """List everybody who stays visible, with how many references each has."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark

    boot = Bootstrap.of(db)
    with boot.store() as store:
        people = store.identities()
        calibration = store.calibration()
    if as_json:
        print_json(documents.of_people(people))
    elif people:
        console().print(tables.people(people))
        remark(calibration.remark if calibration else "")
    else:
        remark(f"Nobody is enrolled in {boot.db}. Enrol somebody: gallery enroll NAME PHOTO…")
