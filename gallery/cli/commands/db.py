"""`gallery db`: look after the gallery file."""

from __future__ import annotations

import typer

from gallery.cli import options

app = typer.Typer(help="Look after the gallery file.", no_args_is_help=True)


@app.command("upgrade", epilog="Example: gallery db upgrade --db school.db")
def upgrade(db: options.Db = None) -> None:
    """Bring a gallery file of an earlier version up to date, after a backup beside it."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import console

    boot = Bootstrap.of(db)
    backup = boot.upgrade()
    message = f"{boot.db} is up to date." if backup is None else f"Upgraded {boot.db}; the former one is {backup}."
    console().print(message, markup=False)
