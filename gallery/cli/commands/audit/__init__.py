"""`gallery audit`: the record of what was decided."""

from __future__ import annotations

import typer

from gallery.cli.commands.audit import show
from gallery.cli.default_command import group_with

app = typer.Typer(
    cls=group_with("show", bare=True),
    help="Show what was decided in recorded runs and why, compare runs, and check that the record is as it was written.",
    epilog="Example: gallery audit 3 --closest. It is short for: gallery audit show 3 --closest",
    subcommand_metavar="[[show] [RUN [IMAGE]]] | COMMAND",
)

app.command("show", epilog=show.EXAMPLE)(show.show)
