"""`gallery show`: one person's references."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = 'Example: gallery show "Grace Hopper"'


def show(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Show one person's references, and the thresholds that apply to them."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark

    boot = Bootstrap.of(db)
    with boot.store() as store:
        identity = store.identity(name)
        limits = boot.in_force_here(store)
    own = limits.personal.get(identity.name) if limits else None
    applied = own or (limits.thresholds if limits else None)
    if as_json:
        print_json(documents.of_identity(identity, applied, own is not None))
        return
    out = console()
    out.print(tables.references(identity), "")
    if applied:
        out.print(tables.facts([("own thresholds" if own else "thresholds", tables.limits(applied))]))
    remark(limits.remark if limits else "")
