"""`gallery audit` and `gallery audit RUN`: what was decided, when, and why."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gallery.cli import explaining, options
from gallery.cli.options import DEFAULT_TOP

if TYPE_CHECKING:
    from gallery.domain.auditing import Found, Question
    from gallery.domain.runs import ImageRecord, Run, RunSummary

T = TypeVar("T")

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
            shown = [s for s in shown if s.still_waiting or not review]
            _print_runs(shown, as_json, as_csv, narrowed=bool(model or detector or review))
        elif image is not None:
            explaining.show_record(boot, store, run, image, explaining.Way(face, top, no_pictures, as_json, as_csv))
        else:
            with store.open_run(run) as (found, images):
                if narrowed:
                    _require_whole(found)
                remark(_unended(found))
                words = tuple(store.overrides()) if found.summary.settled else ()
                question = replace(question, words=words)
                asked = Asked(found, images, question, closest, narrowed)
                _print(asked, "csv" if as_csv else "json" if as_json else "")


def _unended(run: Run) -> str:
    from gallery.domain.runs import RunStatus

    if run.summary.status is not RunStatus.RUNNING or run.summary.pruned is not None:
        return ""
    return f"Run {run.summary.id} is still going on, or was cut off: these are its photos so far."


def _require_whole(run: Run) -> None:
    from gallery.domain.errors import UnknownName

    if run.summary.pruned is not None:
        number = run.summary.id
        raise UnknownName(
            f"Run {number} cannot show that: its photos are no longer on record.",
            f"'gallery audit {number}' shows what is left of it.",
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        run: Of which run.
        images: Its photos.
        question: What of them.
        closest: Whether single faces are listed, the most doubtful first.
        narrowed: Whether it is less than the whole run.
    """

    run: Run
    images: Iterator[ImageRecord]
    question: Question
    closest: bool
    narrowed: bool

    def faces(self) -> Iterator[Found]:
        """The faces that were asked for.

        Raises:
            UnknownName: If there is none because the run knows nobody of the name that was asked for.
        """
        from gallery.domain.auditing import faces_among, most_doubtful

        found = self._answer(lambda images: faces_among(self.run.settings, images, self.question))
        return iter(most_doubtful(found)) if self.closest else found

    def photos(self) -> Iterator[ImageRecord]:
        """The photos that were asked for, or whose faces were.

        Raises:
            UnknownName: Likewise.
        """
        from gallery.domain.auditing import chosen

        return self._answer(lambda images: chosen(images, self.question))

    def _answer(self, choose: Callable[[Iterator[ImageRecord]], Iterator[T]]) -> Iterator[T]:
        """What is chosen of the photos; where that is nothing, the person who was asked for must be known."""
        from gallery.domain.auditing import noting, require_known

        names: set[str] = set()
        found = choose(noting(self.images, names))
        first = next(found, None)
        if first is not None:
            return chain([first], found)
        if self.question.identity is not None:
            require_known(self.run, self.question.identity, names)
        return iter(())


def _print(asked: Asked, file_format: str) -> None:
    from gallery.cli import decision_lists, documents
    from gallery.cli.output import print_json

    if file_format == "csv":
        decision_lists.write_csv(sys.stdout, asked.faces())
    elif file_format == "json":
        print_json(documents.of_run(replace(asked.run, images=tuple(asked.photos()))))
    elif asked.question.about_faces or asked.closest:
        _print_faces(asked)
    else:
        _print_photos(asked)


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


def _print_faces(asked: Asked) -> None:
    from gallery.cli import decision_lists, tables
    from gallery.cli.output import console, remark

    out, found = console(), asked.faces()
    first = next(found, None)
    if first is None:
        remark(f"No face of run {asked.run.summary.id} is like that.")
        return
    out.print(tables.asked(asked.run, asked.question, asked.closest), "", sep="\n")
    faces, photos = decision_lists.write_table(out, chain([first], found))
    out.print(f"\n{tables.counted(faces, 'face')} in {tables.counted(photos, 'photo')}")


def _print_photos(asked: Asked) -> None:
    """Whole tables of up to so many photos, and lines of more, which are there at once."""
    from gallery.cli import decision_lists, long_table, tables
    from gallery.cli.output import console, remark

    out, run, images = console(), asked.run, asked.photos()
    first: list[ImageRecord] = []
    many = run.summary.images >= long_table.FROM
    if asked.narrowed or not many:
        first = list(islice(images, long_table.FROM))
        many = len(first) == long_table.FROM
    if not first and asked.narrowed:
        remark(f"No photo of run {run.summary.id} is like that.")
        return
    head = tables.asked(run, asked.question, asked.closest) if asked.narrowed else tables.run_facts(run)
    out.print(head, "", sep="\n")
    if many:
        count = decision_lists.write_photos(out, chain(first, images), run.settings)
        out.print(f"\n{tables.counted(count, 'photo')}; one in full: gallery audit {run.summary.id} IMAGE")
        return
    settings, words = run.settings, asked.question.words
    limits = settings.thresholds, settings.personal, settings.scores
    for one in first:
        out.print(tables.image(one, *limits, whole=True, words=words), "", sep="\n")
