"""`gallery audit` and `gallery audit RUN`: what was decided, when, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options

if TYPE_CHECKING:
    from gallery.domain.auditing import Question
    from gallery.domain.runs import Run, RunSummary

EXAMPLE = "Example: gallery audit 3 --decision keep --closest"


def show(
    run: Annotated[
        int | None, typer.Argument(help="The run's number; without it, all runs.", metavar="[RUN]", min=1, max=2**53)
    ] = None,
    image: Annotated[
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
    db: options.Db = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print faces as CSV instead of tables.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show the recorded runs, or the decisions of one run with their evidence.

    With --identity, --decision, --below, --above or --closest single faces are listed, else whole photos.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.domain.auditing import Question
    from gallery.domain.deciding import Verdict
    from gallery.domain.errors import BadArgument

    verdict = Verdict(decision.value) if decision else None
    question = Question(image, review, failed, no_face, identity, verdict, below, above)
    if as_csv and as_json:
        raise BadArgument("Both CSV and JSON were asked for.", "Leave out --csv or --json.")
    if run is None and (as_csv or closest or question != Question(waiting=review)):
        raise BadArgument("Photos and faces can only be asked for of one run.", "Name it: gallery audit RUN.")
    with Bootstrap.of(db).store() as store:
        if run is None:
            shown = [s for s in store.runs() if model in (None, s.model) and detector in (None, s.detector)]
            _print_runs([s for s in shown if s.waiting or not review], as_json, bool(model or detector or review))
            return
        found = store.run(run)
    if as_csv:
        _print_csv(found, question, closest)
    elif as_json:
        _print_json(found, question)
    elif question.about_faces or closest:
        _print_faces(found, question, closest)
    else:
        _print_photos(found, question)


def _print_runs(summaries: list[RunSummary], as_json: bool, narrowed: bool) -> None:
    from gallery.cli import documents, tables
    from gallery.cli.output import console, print_json, remark

    if as_json:
        print_json([documents.of_summary(s) for s in summaries])
    elif summaries:
        console().print(tables.runs(summaries), "", tables.origins_of_runs(summaries), sep="\n")
    elif narrowed:
        remark("No recorded run is like that; without options, 'gallery audit' shows all.")
    else:
        remark("No run is recorded. Make one: gallery anonymise PHOTO… --output FOLDER")


def _print_csv(run: Run, question: Question, closest: bool) -> None:
    from gallery.cli import decision_lists
    from gallery.domain.auditing import faces

    decision_lists.write_csv(sys.stdout, faces(run, question, closest))


def _print_json(run: Run, question: Question) -> None:
    from gallery.cli import documents
    from gallery.cli.output import print_json
    from gallery.domain.auditing import answered

    print_json(documents.of_run(answered(run, question)))


def _print_faces(run: Run, question: Question, closest: bool) -> None:
    from gallery.cli import decision_lists, tables
    from gallery.cli.output import console
    from gallery.domain.auditing import faces

    listed, out = faces(run, question, closest), console()
    out.print(tables.run_facts(run), "", sep="\n")
    if listed:
        decision_lists.write_table(out, listed)
    photos = len({one.image.source for one in listed})
    out.print(f"\n{tables.counted(len(listed), 'face')} in {tables.counted(photos, 'photo')}")


def _print_photos(run: Run, question: Question) -> None:
    from gallery.cli import tables
    from gallery.cli.output import console, remark
    from gallery.domain.auditing import answered

    out, chosen = console(), answered(run, question)
    out.print(tables.run_facts(run))
    for one in chosen.images:
        out.print("", tables.image(one, run.settings.thresholds, run.settings.personal, whole=True), sep="\n")
    if not chosen.images:
        remark(f"No photo of run {run.summary.id} is like that.")
