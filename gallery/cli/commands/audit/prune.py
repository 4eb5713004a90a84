"""`gallery audit prune`: remove the record of old runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = "Example: gallery audit prune --older-than 90d"


def prune(
    older_than: Annotated[
        str,
        typer.Option(
            "--older-than",
            help="Runs that ended longer ago, in days, weeks or years, as 90d, 12w or 2y.",
            metavar="AGE",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which runs these are.")] = False,
    yes: options.Yes = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Remove the photos and decisions of old runs from the record, for good, and leave a stub of each.

    A stub says when the run was, with which model, detector and thresholds, how many photos and faces there were,
    and who removed the rest when; the chain of hashes still verifies. The outputs stay where they are, but the
    program no longer knows them for its own: it will not replace them, nor does --resume pass over their photos.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, record_tables
    from gallery.cli.asking import confirm
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.tables import counted
    from gallery.domain.retention import age

    limit, boot = age(older_than), Bootstrap.of(db)
    with boot.store(write=not dry_run) as store:
        use = boot.prune_runs(store)
        runs = use.planned(limit)
        if runs and not (dry_run or yes):
            confirm(
                f"Remove the record of {counted(len(runs), 'run')}, to number {runs[-1].id}? This cannot be undone.",
                "What is removed cannot be brought back, and there is nobody at a terminal to confirm it.",
                "Add --yes to remove it without being asked, or --dry-run to see which runs these are.",
            )
        if not dry_run:
            use(runs)
        if as_json:
            print_json(documents.of_pruned(runs, dry_run))
        else:
            record_tables.print_pruned(console(), runs, dry_run)
        if runs and not dry_run:
            remark(_rewritten(store.compact))
            remark(_left_in([copy.path for copy in boot.file_status().backups if copy.size]))


def _rewritten(compact: Callable[[], None]) -> str:
    """Writes the file anew, so that nothing is left in it of what was removed; a remark where that cannot be."""
    from gallery.domain.errors import StoreUnusable

    try:
        compact()
    except StoreUnusable as error:
        return f"The file may still hold old bytes: {error.message} When it has, run: gallery db compact"
    return ""


def _left_in(backups: list[str]) -> str:
    if not backups:
        return ""
    return f"Backups still hold what was removed: {', '.join(backups)}. Delete those that were made before."
