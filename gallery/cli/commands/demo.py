"""`gallery demo`: the whole way on two public-domain portraits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = "Example: gallery demo --output demo-output"


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the demo's pictures.")] = Path(
        "demo-output"
    ),
    model: options.Model = None,
    detector: options.Detector = options.AUTO,
    models_dir: options.ModelsDir = None,
    as_json: options.Json = False,
) -> None:
    """Enrol Grace Hopper and blur everybody else in a composed group picture, offline, in a temporary gallery."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, people_tables, tables
    from gallery.cli.output import console, print_json, remark
    from gallery.domain.unfinished import temporary_folder
    from gallery.usecases.demo import COMPOSED, NAME

    out = console()
    with temporary_folder("gallery-demo-") as folder:
        boot = Bootstrap.of(folder / "demo.db", models_dir)
        with boot.store(create=True) as store:
            chosen = boot.choose(store, model)
            show = boot.demo(store, boot.recogniser(chosen.card, detector))
            if not as_json:
                out.print(COMPOSED)
                remark(chosen.why)
                out.print("")
            shown = show(
                output,
                lambda photos: None if as_json else out.print(people_tables.enrolled(photos, f"Enrolling {NAME}"), ""),
            )
    if as_json:
        print_json(documents.of_outcome(shown.outcome))
        return
    for image in shown.outcome.images:
        settings = shown.outcome.settings
        out.print(tables.image(image, settings.thresholds, settings.personal, settings.scores), "")
    out.print(tables.facts((name, str(path)) for name, path in shown.files))
