"""`gallery audit`: the record of what was decided."""

from __future__ import annotations

import typer

from gallery.cli.commands.audit import diff, explain, prune, show, stats, verify
from gallery.cli.default_command import group_with

app = typer.Typer(
    cls=group_with("show", bare=True),
    help="Show what was decided in recorded runs and why, compare runs, and check that the record is unchanged.",
    epilog="Example: gallery audit 3 --closest. It is short for: gallery audit show 3 --closest",
    subcommand_metavar="[[show] [RUN [IMAGE]]] | COMMAND",
)

app.command("show", epilog=show.EXAMPLE)(show.show)
app.command("explain", epilog=explain.EXAMPLE)(explain.explain)
app.command("diff", epilog=diff.EXAMPLE)(diff.diff)
app.command("stats", epilog=stats.EXAMPLE)(stats.stats)
app.command("verify", epilog=verify.EXAMPLE)(verify.verify)
app.command("prune", epilog=prune.EXAMPLE)(prune.prune)
