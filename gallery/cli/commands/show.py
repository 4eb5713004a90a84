"""`gallery show`: one person's references."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options

SIDE = 32
"""Pixels of a picture that is drawn, before it becomes characters."""
WIDTH = 12
"""Characters of a picture beside the seven columns of the table."""
EXAMPLE = 'Example: gallery show "Grace Hopper"'


def show(
    name: Annotated[str, typer.Argument(help="The person's name.", metavar="NAME")],
    no_pictures: options.NoPictures = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Show one person: each reference with its picture, quality and distance to the others, and what is settled."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables, tables
    from gallery.cli.output import console, print_json, remark
    from gallery.cli.pictures import picture, shows_pictures
    from gallery.usecases.closest import closest_others

    boot, out = Bootstrap.of(db), console()
    with boot.store() as store:
        identity = store.identity(name)
        limits = boot.in_force_here(store)
        closest = closest_others(store.whitelist(), identity.name)
        drawn = not (as_json or no_pictures) and shows_pictures(out)
        pictures = boot.thumbnails(identity, store.crops(identity.name), SIDE) if drawn else {}
    own = limits.personal.get(identity.name) if limits else None
    applied = own or (limits.thresholds if limits else None)
    if as_json:
        print_json(documents.of_identity(identity, applied, own is not None, closest, boot.today()))
        return
    blocks = {number: picture(pixels, WIDTH) for number, pixels in pictures.items()}
    out.print(people_tables.references(identity, closest, blocks, out.width), "")
    out.print(people_tables.person_facts(identity, boot.today()))
    if applied and identity.details.thresholds is None:
        out.print(tables.facts([("own thresholds" if own else "thresholds", tables.limits(applied))]))
    remark(limits.remark if limits else "")
