"""`gallery audit` and `gallery audit RUN`: what was decided, when, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import explaining, options
from gallery.cli.options import DEFAULT_TOP

if TYPE_CHECKING:
    from gallery.domain.auditing import Question
    from gallery.domain.runs import ImageRecord, Run, RunSummary

EXAMPLE = "Example: gallery audit 3 --decision keep --closest"


def show(
    run: Annotated[
        int | None, typer.Argument(help="The run's number; without it, all runs.", metavar="[RUN]", min=1, max=2**53)
    ] = None,
    image: Annotated[
        str | None,
        typer.Argument(
            help="A photo of the run, by its path or the end of it: its faces compared with everybody.",
            metavar="[IMAGE]",
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option("--image", help="Only photos whose path, or the end of it, fits this pattern.", metavar="PATTERN"),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Only photos with faces that wait for a person's word.")
    ] = False,
    failed: Annotated[bool, typer.Option("--failed", help="Only photos of which nothing came.")] = False,
    no_face: Annotated[bool, typer.Option("--no-face", help="Only photos in which no face was found.")] = False,
    identity: Annotated[
        str | None, typer.Option("--identity", help="Only faces whose closest person this is.", metavar="NAME")
    ] = None,
    decision: Annotated[
        options.Decision | None, typer.Option("--decision", help="Only faces that were kept, or blurred.")
    ] = None,
    below: Annotated[
        float | None,
        typer.Option("--below", help="Only faces whose cosine distance to their closest person is at most this."),
    ] = None,
    above: Annotated[
        float | None,
        typer.Option("--above", help="Only faces whose cosine distance is more than this, or compared with nobody."),
    ] = None,
    closest: Annotated[
        bool,
        typer.Option(
            "--closest", help="List single faces, those nearest to their threshold first: the most doubtful ones."
        ),
    ] = False,
    model: Annotated[str | None, typer.Option("--model", help="Without a run: only runs of this embedder.")] = None,
    detector: Annotated[
        str | None, typer.Option("--detector", help="Without a run: only runs of this detector.")
    ] = None,
    face: options.Face = None,
    top: options.Top = DEFAULT_TOP,
    no_pictures: options.NoPictures = False,
    db: options.Db = None,
    models_dir: options.ModelsDir = None,
    as_csv: options.Csv = False,
    as_json: options.Json = False,
) -> None:
    """Show the recorded runs, or the decisions of one run with their evidence.

    With --identity, --decision, --below, --above or --closest single faces are listed, else whole photos; of a run of
    many, a line for each face. A photo that is named is read again, so that its faces can be compared with everybody in
    the gallery: only the two closest people are on record.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import remark
    from gallery.domain.auditing import Question
    from gallery.domain.deciding import Verdict
    from gallery.domain.errors import BadArgument

    verdict = Verdict(decision.value) if decision else None
    question = Question(pattern, review, failed, no_face, identity, verdict, below, above)
    narrowed = closest or question != Question()
    options.require_one_format(as_json, as_csv)
    if run is None and (closest or question != Question(waiting=review)):
        raise BadArgument("Photos and faces can only be asked for of one run.", "Name it: gallery audit RUN.")
    if image is not None and narrowed:
        raise BadArgument("Of one photo everything is shown.", "Leave out what narrows it, or the photo.")
    if image is None and face is not None:
        raise BadArgument("A face is one of a photo's.", "Name the photo: gallery audit RUN IMAGE --face N.")
    boot = Bootstrap.of(db, models_dir)
    with boot.store() as store:
        if run is None:
            shown = [s for s in store.runs() if model in (None, s.model) and detector in (None, s.detector)]
            shown = [s for s in shown if s.waiting or not review]
            _print_runs(shown, as_json, as_csv, narrowed=bool(model or detector or review))
        elif image is not None:
            explaining.show_record(boot, store, run, image, explaining.Way(face, top, no_pictures, as_json, as_csv))
        else:
            with store.open_run(run) as (found, images):
                remark(_unended(found))
                _print(found, images, question, closest, "csv" if as_csv else "json" if as_json else "")


def _unended(run: Run) -> str:
    from gallery.domain.runs import RunStatus

    if run.summary.status is not RunStatus.RUNNING or run.summary.pruned is not None:
        return ""
    return f"Run {run.summary.id} is still going on, or was cut off: these are its photos so far."


def _print(run: Run, images: Iterator[ImageRecord], question: Question, closest: bool, file_format: str) -> None:
    if file_format == "csv":
        _print_csv(run, images, question, closest)
    elif file_format == "json":
        _print_json(run, images, question)
    elif question.about_faces or closest:
        _print_faces(run, images, question, closest)
    else:
        _print_photos(run, images, question)


def _print_runs(summaries: list[RunSummary], as_json: bool, as_csv: bool, narrowed: bool) -> None:
    from gallery.cli import decision_lists, documents, long_table, tables
    from gallery.cli.output import console, print_json, remark

    if as_csv:
        decision_lists.write_runs_csv(sys.stdout, summaries)
    elif as_json:
        print_json([documents.of_summary(s) for s in summaries])
    elif summaries:
        out = console()
        if len(summaries) < long_table.FROM:
            out.print(tables.runs(summaries, out.width))
        else:
            decision_lists.write_runs(out, summaries)
        out.print("", tables.origins_of_runs(summaries), sep="\n")
    elif narrowed:
        remark("No recorded run is like that; without options, 'gallery audit' shows all.")
    else:
        remark("No run is recorded. Make one: gallery anonymise PHOTO… --output FOLDER")


def _print_csv(run: Run, images: Iterator[ImageRecord], question: Question, closest: bool) -> None:
    from gallery.cli import decision_lists
    from gallery.domain.auditing import faces_among, most_doubtful

    found = faces_among(run.settings, images, question)
    decision_lists.write_csv(sys.stdout, most_doubtful(found) if closest else found)


def _print_json(run: Run, images: Iterator[ImageRecord], question: Question) -> None:
    from gallery.cli import documents
    from gallery.cli.output import print_json
    from gallery.domain.auditing import chosen

    print_json(documents.of_run(replace(run, images=tuple(chosen(images, question)))))


def _print_faces(run: Run, images: Iterator[ImageRecord], question: Question, closest: bool) -> None:
    from gallery.cli import decision_lists, tables
    from gallery.cli.output import console
    from gallery.domain.auditing import faces_among, most_doubtful

    out = console()
    out.print(tables.run_facts(run), "", sep="\n")
    found = faces_among(run.settings, images, question)
    faces, photos = decision_lists.write_table(out, most_doubtful(found) if closest else found)
    out.print(f"\n{tables.counted(faces, 'face')} in {tables.counted(photos, 'photo')}")


def _print_photos(run: Run, images: Iterator[ImageRecord], question: Question) -> None:
    """Whole tables of up to so many photos, and lines of more, which are there at once."""
    from gallery.cli import decision_lists, long_table, tables
    from gallery.cli.output import console, remark
    from gallery.domain.auditing import Question, chosen

    out, asked = console(), chosen(images, question)
    first: list[ImageRecord] = []
    out.print(tables.run_facts(run), "", sep="\n")
    many = run.summary.images >= long_table.FROM
    if question != Question() or not many:
        first = list(islice(asked, long_table.FROM))
        many = len(first) == long_table.FROM
    if many:
        count = decision_lists.write_photos(out, chain(first, asked), run.settings)
        out.print(f"\n{tables.counted(count, 'photo')}; one in full: gallery audit {run.summary.id} IMAGE")
        return
    for one in first:
        out.print(tables.image(one, run.settings.thresholds, run.settings.personal, whole=True), "", sep="\n")
    if not first and run.summary.pruned is None:
        remark(f"No photo of run {run.summary.id} is like that.")
