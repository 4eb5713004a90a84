"""`gallery audit explain`: what a run would decide on a photo, and why; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import explaining, options
from gallery.cli.options import DEFAULT_TOP

EXAMPLE = "Example: gallery audit explain party.jpg --face 2"


def explain(
    image: Annotated[Path, typer.Argument(help="The photo.", metavar="IMAGE")],
    face: options.Face = None,
    top: options.Top = DEFAULT_TOP,
    cosine: Annotated[
        float | None, typer.Option("--cosine", help="Largest cosine distance of a match, as in 'gallery anonymise'.")
    ] = None,
    euclidean: Annotated[
        float | None, typer.Option("--euclidean", help="Largest Euclidean distance of a match, likewise.")
    ] = None,
    fusion: Annotated[
        options.Fusion, typer.Option("--fusion", help="A person's distance when they have several references.")
    ] = options.Fusion.BEST,
    allow_repeats: Annotated[
        bool, typer.Option("--allow-repeats", help="Keep a person more than once in a photo.")
    ] = False,
    margin: Annotated[
        float, typer.Option("--margin", help="How much farther the next person must be than the best.")
    ] = 0.0,
    no_pictures: options.NoPictures = False,
    model: options.Model = None,
    detector: options.Detector = options.AUTO,
    turned: options.Turned = False,
    max_pixels: options.MaxPixels = None,
    haar_scale: options.ScaleFactor = None,
    haar_neighbours: options.Neighbours = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_csv: options.Csv = False,
    as_json: options.Json = False,
) -> None:
    """Show what would happen to each face of a photo, and how it compares with everybody enrolled. Writes nothing."""
    from gallery.bootstrap import Bootstrap, FileWishes, HaarSettings, Wishes
    from gallery.cli.output import console, remark
    from gallery.usecases.explain import explain_photo

    options.require_one_format(as_json, as_csv)
    boot = Bootstrap.of(db, models_dir, HaarSettings(haar_scale, haar_neighbours))
    with boot.store() as store:
        chosen = boot.choose(store, model)
        wishes = Wishes(
            cosine=cosine, euclidean=euclidean, fusion=fusion.value, allow_repeats=allow_repeats, margin=margin
        )
        use = boot.anonymise(store, boot.recogniser(chosen.card, detector, turned), wishes, FileWishes(max_pixels))
        seen = explain_photo(use, image, face)
        if not (as_json or as_csv):
            remark(boot.in_force(store, chosen.card, wishes).remark)
        explaining.show(boot, store, console(), seen, explaining.Way(face, top, no_pictures, as_json, as_csv))
