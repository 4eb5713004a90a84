"""`gallery audit diff`: which decisions differ between two runs, and what caused it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options

if TYPE_CHECKING:
    from gallery.domain.differing import Difference
    from gallery.domain.runs import Run

EXAMPLE = "Example: gallery audit diff 3 4"


def diff(
    before: Annotated[int, typer.Argument(help="The first run's number.", metavar="RUN1", min=1, max=2**53)],
    after: Annotated[int, typer.Argument(help="The second run's number.", metavar="RUN2", min=1, max=2**53)],
    db: options.Db = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the decisions that changed as CSV.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show which decisions changed from one run to another, and why: thresholds, gallery, model, overrides and so on.

    Photos are the same if their bytes are, whatever they are called; faces are if their boxes overlap by half.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import print_json, remark
    from gallery.domain.differing import difference
    from gallery.domain.errors import BadArgument

    if as_csv and as_json:
        raise BadArgument("Both CSV and JSON were asked for.", "Leave out --csv or --json.")
    with Bootstrap.of(db).store() as store:
        found = difference(store.run(before), store.run(after))
    for run in (found.before, found.after):
        remark(_caution(run))
    if as_csv:
        from gallery.cli.difference_tables import write_csv

        write_csv(sys.stdout, found)
    elif as_json:
        from gallery.cli.difference_documents import of_difference

        print_json(of_difference(found))
    else:
        _print(found)


def _caution(run: Run) -> str:
    """What is to be known of a run that is not whole."""
    if run.summary.status.value != "running":
        return ""
    return f"Run {run.summary.id} is still going on: only what it has recorded so far is compared."


def _print(found: Difference) -> None:
    from gallery.cli import difference_tables
    from gallery.cli.output import console

    out = console()
    if found.settings:
        out.print(difference_tables.settings(found), "", sep="\n")
    if found.changes:
        difference_tables.write_changes(out, found)
        out.print()
    photos = difference_tables.photos(found)
    if photos.row_count:
        out.print(photos, "", sep="\n")
    out.print(difference_tables.summary(found))
