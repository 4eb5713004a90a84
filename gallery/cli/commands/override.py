"""`gallery override`: a person's word on single faces, which holds in every later run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.default_command import group_with


class Word(StrEnum):
    """What is to happen to a face."""

    KEEP = "keep"
    BLUR = "blur"


app = typer.Typer(
    cls=group_with("set"),
    help="Decide by hand on a face of a photo, for every later run; list and remove what was decided.",
    epilog="Example: gallery override party.jpg --face 2 keep. It is short for: gallery override set party.jpg …",
    no_args_is_help=True,
    subcommand_metavar="[set] IMAGE keep|blur | list | remove NUMBER",
)


@app.command("set", epilog='Example: gallery override party.jpg --face 2 keep --note "Asked her"')
def settle(
    image: Annotated[Path, typer.Argument(help="The photo. It is known again by its content.", metavar="IMAGE")],
    verdict: Annotated[Word, typer.Argument(help="What is to happen to the face.", metavar="keep|blur")],
    face: Annotated[
        int | None,
        typer.Option(
            "--face",
            help="Which face, numbered from the left as in the tables of 'gallery anonymise'.",
            show_default="the only one",
            min=1,
            max=2**31,
        ),
    ] = None,
    box: Annotated[
        str | None,
        typer.Option(
            "--box",
            help="The face's place instead of its number, as the tables give it: for faces that were found only in the "
            "written copy.",
            metavar="X,Y,WIDTH,HEIGHT",
            show_default=False,
        ),
    ] = None,
    keeps: Annotated[
        str | None,
        typer.Option(
            "--for",
            help="Whose face it is, to keep it. The decision ends when that person is disabled, removed or forgotten, "
            "or their consent ends.",
            metavar="NAME",
            show_default="the closest person on record",
        ),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why, for the list.", show_default=False)] = "",
    detector: options.Detector = options.AUTO,
    turned: options.Turned = False,
    max_pixels: options.MaxPixels = None,
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Keep or blur one face in every later run.

    A word replaces an earlier one on the same face. Use the detector of your runs: the faces are numbered by it.
    """
    from gallery.bootstrap import Bootstrap, FileWishes, HaarSettings
    from gallery.cli import documents, naming, override_tables
    from gallery.cli.output import console, print_json, remark
    from gallery.domain.deciding import Verdict
    from gallery.domain.errors import BadArgument

    place = naming.box(box) if box is not None else None
    if place is not None and face is not None:
        raise BadArgument("A face is named by its number or by its place, not by both.", "Leave out --face or --box.")
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    with boot.store(write=True) as store:
        done = boot.overrides(store, detector, turned, FileWishes(max_pixels))(
            image, Verdict(verdict.value), face, note, place, keeps
        )
    if as_json:
        print_json({**documents.of_override(done.override), "face": done.face, "faces": done.faces})
    else:
        console().print(override_tables.remembered(done), markup=False)
    remark(done.remark)


@app.command("list", epilog="Example: gallery override list")
def list_overrides(db: options.Db = None, as_json: options.Json = False) -> None:
    """List all that was decided by hand."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, override_tables
    from gallery.cli.output import console, print_json, remark

    with Bootstrap.of(db).store() as store:
        found = store.overrides()
    if as_json:
        print_json([documents.of_override(one) for one in found])
    elif found:
        override_tables.print_overrides(console(), found)
    else:
        remark("Nothing was decided by hand. To do so: gallery override IMAGE --face N keep|blur")


@app.command("remove", epilog="Example: gallery override remove 3")
def remove(
    number: Annotated[
        int, typer.Argument(help="Its number, see 'gallery override list'.", metavar="NUMBER", min=1, max=2**53)
    ],
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Take a word back; the rules decide again."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, override_tables
    from gallery.cli.output import console, print_json

    with Bootstrap.of(db).store() as store:
        removed = store.remove_override(number)
    if as_json:
        print_json({"removed": documents.of_override(removed)})
    else:
        console().print(override_tables.removed(removed), markup=False)
