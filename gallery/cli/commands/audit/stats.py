"""`gallery audit stats`: how far faces were from whom, over one run or all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gallery.cli import options

if TYPE_CHECKING:
    from gallery.bootstrap import Bootstrap
    from gallery.domain.score_statistics import ScoredRun, Scores

EXAMPLE = "Example: gallery audit stats --since 2026-11-01 --png figures/"


def stats(
    run: Annotated[
        int | None, typer.Argument(help="The run's number; without it, all runs.", metavar="[RUN]", min=1, max=2**53)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="Only runs of this embedder.", show_default="that of the newest run"),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only runs begun on this day (UTC) or later.", metavar="DATE")
    ] = None,
    last: Annotated[int | None, typer.Option("--last", help="Only so many of the newest runs.", min=1)] = None,
    png: Annotated[
        Path | None,
        typer.Option("--png", help="A folder for the same as figures (needs the extra 'evaluate').", metavar="FOLDER"),
    ] = None,
    db: options.Db = None,
    as_json: options.Json = False,
) -> None:
    """Plot the distances of kept and blurred faces, for each person, and what came of the runs over time.

    Only runs of one model are looked at together: distances of different models cannot be compared.
    """
    from gallery.bootstrap import Bootstrap
    from gallery.cli.output import print_json, remark
    from gallery.domain.errors import BadArgument
    from gallery.domain.score_statistics import of_one_model

    if run is not None and (model, since, last) != (None, None, None):
        raise BadArgument("One run was named, and runs were to be chosen as well.", "Leave out one of the two.")
    boot, day = Bootstrap.of(db), _day(since)
    with boot.store() as store:
        found = store.scores(run)
    chosen = of_one_model(_of_time(found, day, None), model)
    if last is not None:
        chosen = _of_time(chosen, None, last)
    others = _other_models(found, chosen, day) if model is None else []
    for sentence in _remarks(chosen, others):
        remark(sentence)
    figures = _draw(boot, png, chosen) if png and chosen.runs else []
    if as_json:
        from gallery.cli.statistics_documents import of_scores

        print_json(of_scores(chosen, [one.id for one in others], figures))
    elif chosen.runs:
        _print(chosen)
    else:
        remark(_nothing(found))
    if figures and not as_json:
        remark(f"Written: {', '.join(map(str, figures))}")


def _day(word: str | None) -> date | None:
    from gallery.domain.errors import BadArgument

    try:
        return None if word is None else date.fromisoformat(word)
    except ValueError:
        raise BadArgument(f"--since cannot be {word!r}.", "Give a day as 2026-11-01.") from None


def _of_time(scores: Scores, since: date | None, last: int | None) -> Scores:
    newest = {run.id for run in scores.runs[-last:]} if last else None

    def wanted(run: ScoredRun) -> bool:
        return (since is None or run.started.date() >= since) and (newest is None or run.id in newest)

    return scores.of_runs(wanted)


def _other_models(found: Scores, chosen: Scores, since: date | None) -> list[ScoredRun]:
    """Runs that are left out only because their model is another."""
    if not chosen.runs:
        return []
    space = chosen.runs[-1].space
    runs = (run for run in found.runs if since is None or run.started.date() >= since)
    return [run for run in runs if not run.space.comparable(space)]


def _remarks(scores: Scores, others: Sequence[ScoredRun]) -> list[str]:
    """What is to be known of the runs that were looked at, a sentence each."""
    from gallery.cli.tables import counted, ranges
    from gallery.usecases.statistics_charts import MOST_MARKS

    def numbers(runs: list[ScoredRun]) -> str:
        return f"{'Run' if len(runs) == 1 else 'Runs'} {ranges(run.id for run in runs)}"

    said = []
    if others:
        names = ", ".join(dict.fromkeys(run.space.model for run in others))
        said.append(
            f"Only runs of the newest run's model, {scores.runs[-1].space.model}, are counted; "
            f"{counted(len(others), 'run')} of others ({names}) left out. Choose with --model."
        )
    said += [
        f"Run {run.id} is still going on: only what it has recorded so far is counted."
        for run in scores.runs
        if run.running
    ]
    if pruned := [run for run in scores.runs if run.pruned is not None]:
        said.append(f"{numbers(pruned)}: pruned; only their numbers over time are left.")
    if own := [run for run in scores.runs if run.own]:
        said.append(f"{numbers(own)}: some people have thresholds of their own, which are not marked.")
    if len(scores.thresholds) > MOST_MARKS:
        said.append(f"There were {len(scores.thresholds)} thresholds; those of the newest runs are marked.")
    return said


def _nothing(found: Scores) -> str:
    if found.runs:
        return "No recorded run is like that; without options, 'gallery audit stats' counts all."
    return "No run is recorded. Make one: gallery anonymise PHOTO… --output FOLDER"


def _draw(boot: Bootstrap, folder: Path, scores: Scores) -> list[Path]:
    from gallery.usecases.statistics_charts import of_scores

    return boot.report(folder).write_figures(of_scores(scores))


def _print(scores: Scores) -> None:
    from gallery.cli import statistics_tables
    from gallery.cli.output import console
    from gallery.domain.score_statistics import over_time, people

    out = console()
    out.print(statistics_tables.head(scores), "", sep="\n", markup=False)
    if scores.compared.any():
        statistics_tables.write_histograms(out, scores)
        out.print()
        statistics_tables.write_people(out, people(scores), scores)
    else:
        out.print("No face was compared with anybody, so there are no distances.")
    out.print()
    statistics_tables.write_course(out, over_time(scores))
