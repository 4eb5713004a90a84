"""`gallery reembed`: templates under another model, from the pictures kept in the gallery."""

from __future__ import annotations

from typing import Annotated

import typer

from gallery.cli import options
from gallery.cli.exits import Exit

EXAMPLE = "Example: gallery reembed --model vgg-face"


def reembed(
    model: Annotated[str, typer.Option("--model", help="The embedder, see 'gallery models list'.")],
    precision: options.Precision = options.Numbers.AUTO,
    switch: Annotated[
        bool | None,
        typer.Option(
            "--switch/--no-switch",
            help="Whether the model becomes the gallery's own.",
            show_default="only if everybody has a template then",
        ),
    ] = None,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Give every reference a template under another model, without the photos, and make that model the gallery's own.

    Templates under the former model stay; the same command with its name goes back to it.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables
    from gallery.cli.output import console, print_json
    from gallery.cli.progress import steps_progress

    boot = Bootstrap.of(db, models_dir)
    with boot.store() as store:
        use = boot.reembed(store, model, precision)
        with steps_progress("Embedding") as advance:
            result = use(switch, advance)
    if as_json:
        print_json(documents.of_reembedded(result))
    else:
        console().print(people_tables.reembedded(result))
    if result.left or result.lacking:
        raise typer.Exit(Exit.PARTLY)
