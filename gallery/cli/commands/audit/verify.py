"""`gallery audit verify`: show that the record is as it was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery audit verify --outputs published/"


def verify(
    run: Annotated[
        int | None,
        typer.Argument(
            help="The run whose outputs are looked at; without it, those of all.", metavar="[RUN]", min=1, max=2**53
        ),
    ] = None,
    outputs: Annotated[
        Path | None,
        typer.Option(
            "--outputs",
            help="The folder in which the outputs are now, if it is not where they were written.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    chain_only: Annotated[bool, typer.Option("--chain-only", help="Leave the outputs out.")] = False,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            help="The head that an earlier call printed and that you noted elsewhere: all before it must be as it was "
            "then, even if somebody has written the whole trail anew. What was changed since is listed.",
            metavar="HASH",
            show_default=False,
        ),
    ] = None,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Recompute the chain of hashes over all runs and decisions, and the outputs' hashes; name what does not fit.

    The exit code is 0 if all fits, else 1; 3 if records were changed since --head, and
    cannot be compared. Outputs that later runs replaced or withdrew are not looked for.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, record_tables
    from gallery.cli.output import console, print_json
    from gallery.cli.progress import steps_progress
    from gallery.domain.errors import BadArgument

    if chain_only and outputs is not None:
        raise BadArgument("Outputs are to be left out, and yet a folder of them is named.", "Leave out one of the two.")
    noted = head.strip().lower() if head is not None else None
    if noted is not None and (len(noted) != 64 or set(noted) - set("0123456789abcdef")):
        raise BadArgument(f"{head!r} is no head of a trail.", "It has 64 characters from 0 to 9 and a to f.")
    boot = Bootstrap.of(db)
    with boot.store() as store, steps_progress("Outputs") as advance:
        found = boot.verify_record(store)(run, outputs, not chain_only, noted, advance)
    if as_json:
        print_json(documents.of_verified_record(found))
    else:
        record_tables.print_verified(console(), found)
    raise typer.Exit(Exit.FAILED if found.misfit else Exit.PARTLY if found.trail.superseded else Exit.OK)
