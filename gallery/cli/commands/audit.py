"""`gallery audit`: what was decided, when, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from gallery.cli import options

EXAMPLE = "Example: gallery audit 3"


def audit(
    run: Annotated[
        int | None, typer.Argument(help="The run's number; without it, all runs.", metavar="[RUN]", min=1, max=2**53)
    ] = None,
    model: Annotated[str | None, typer.Option("--model", help="Only runs of this embedder.")] = None,
    detector: Annotated[str | None, typer.Option("--detector", help="Only runs of this detector.")] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Only photos with faces that wait for a person's word.")
    ] = False,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Show the recorded runs, or every decision of one run with its evidence."""
    from gallery.bootstrap import Bootstrap
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark

    out = console()
    with Bootstrap.of(db).store() as store:
        if run is None:
            summaries = [
                s
                for s in store.runs()
                if model in (None, s.model) and detector in (None, s.detector) and (s.waiting or not review)
            ]
            if as_json:
                print_json([documents.of_summary(s) for s in summaries])
            elif summaries:
                out.print(tables.runs(summaries), "", tables.origins_of_runs(summaries), sep="\n")
            elif model or detector or review:
                remark("No recorded run is like that; without options, 'gallery audit' shows all.")
            else:
                remark("No run is recorded. Make one: gallery anonymise PHOTO… --output FOLDER")
            return
        found = store.run(run)
    if review:
        found = replace(found, images=tuple(image for image in found.images if image.waiting))
    if as_json:
        print_json(documents.of_run(found))
        return
    out.print(tables.run_facts(found))
    for image in found.images:
        out.print("", tables.image(image, found.settings.thresholds, found.settings.personal), sep="\n")
