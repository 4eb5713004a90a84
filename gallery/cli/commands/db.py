"""`gallery db`: look after the gallery file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

if TYPE_CHECKING:
    from gallery.domain.gallery_file import Converted

app = typer.Typer(help="Look after the gallery file.", no_args_is_help=True)


@app.command("status", epilog="Example: gallery db status --db school.db")
def status(db: options.Db = None, as_json: options.Json = False) -> None:
    """Show how the gallery file stands: schema, size, what it holds, who may read it, its backups."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import file_documents, file_tables
    from gallery.cli.output import console, print_json, remark

    found = Bootstrap.of(db).file_status()
    if as_json:
        print_json(file_documents.of_status(found))
        return
    console().print(file_tables.status(found))
    if found.backups:
        console().print("", file_tables.backups(found.backups), sep="\n")
    remark(file_tables.schema_remark(found))


@app.command("upgrade", epilog="Example: gallery db upgrade --db school.db")
def upgrade(db: options.Db = None, as_json: options.Json = False) -> None:
    """Bring a gallery file of an earlier version up to date, after a backup beside it."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import console, print_json

    boot = Bootstrap.of(db)
    backup = boot.upgrade()
    if as_json:
        print_json({"gallery": str(boot.db), "upgraded": backup is not None, "backup": str(backup) if backup else None})
        return
    message = f"{boot.db} is up to date." if backup is None else f"Upgraded {boot.db}; the former one is {backup}."
    console().print(message, markup=False, soft_wrap=True)


@app.command("backup", epilog="Example: gallery db backup /media/stick/school.backup --db school.db")
def backup(
    file: Annotated[
        Path | None,
        typer.Argument(help="Where to. It is never overwritten.", metavar="[FILE]", show_default="beside the gallery"),
    ] = None,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Copy the gallery, also while it is in use. The copy is as private, and as encrypted, as the gallery."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.file_tables import size
    from gallery.cli.output import console, print_json, remark

    made = Bootstrap.of(db).back_up(file)
    if as_json:
        print_json({"backup": made.path, "size": made.size, "recorded": made.recorded})
    else:
        console().print(f"Copied to {made.path} ({size(made.size)}).", markup=False, soft_wrap=True)
    if not made.recorded:
        remark(
            "The gallery cannot be written and does not know of this copy: "
            "whoever is forgotten later ('gallery forget') stays in it."
        )


@app.command("check", epilog="Example: gallery db check")
def check(db: options.Db = None, as_json: options.Json = False) -> None:
    """Examine the gallery file for damage; exit code 1 if there is any. Nothing is changed."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import file_documents, file_tables
    from gallery.cli.output import console, print_json, remark

    checked = Bootstrap.of(db).check_file()
    if as_json:
        print_json(file_documents.of_checked(checked))
    elif checked.findings:
        console().print(file_tables.findings(checked))
    else:
        console().print(file_tables.sound(checked), markup=False, soft_wrap=True)
    if checked.findings:
        remark("Restore a backup ('gallery db status' lists them), or remove what is named and enrol it again.")
        raise typer.Exit(Exit.FAILED)


@app.command("compact", epilog="Example: gallery db compact")
def compact(db: options.Db = None, as_json: options.Json = False) -> None:
    """Write the file anew: nothing is left of what was deleted, and no room is wasted."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.file_tables import size
    from gallery.cli.output import console, print_json

    boot = Bootstrap.of(db)
    with boot.store() as store:
        before = boot.db.stat().st_size
        store.compact()
    after = boot.db.stat().st_size
    if as_json:
        print_json({"gallery": str(boot.db), "size_before": before, "size": after})
    else:
        console().print(f"Wrote {boot.db} anew: {size(after)}, before {size(before)}.", markup=False, soft_wrap=True)


@app.command("encrypt", epilog="Example: gallery db encrypt --db school.db")
def encrypt(db: options.Db = None, as_json: options.Json = False) -> None:
    """Encrypt the gallery. The key is taken from GALLERY_KEY, the system's keyring, or asked for twice.

    Without the key nobody can read the gallery again. The former file is overwritten; backups stay as they are.
    """
    from gallery.bootstrap import Bootstrap

    _say_converted(Bootstrap.of(db).encrypt(), as_json)


@app.command("decrypt", epilog="Example: gallery db decrypt --db school.db")
def decrypt(db: options.Db = None, as_json: options.Json = False) -> None:
    """Make an ordinary SQLite file of an encrypted gallery. Backups stay as they are."""
    from gallery.bootstrap import Bootstrap

    _say_converted(Bootstrap.of(db).decrypt(), as_json)


def _say_converted(done: Converted, as_json: bool) -> None:
    from gallery.cli.output import console, print_json, remark

    if as_json:
        print_json({"gallery": done.path, "encrypted": done.encrypted, "backups": list(done.copies)})
    else:
        verb = "Encrypted" if done.encrypted else "Decrypted"
        console().print(f"{verb} {done.path}.", markup=False, soft_wrap=True)
    if done.copies:
        wants = "are not encrypted; delete them" if done.encrypted else "stay encrypted"
        remark(f"These backups {wants}: {', '.join(done.copies)}")
