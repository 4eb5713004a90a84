"""The tables of `gallery calibrate`. They fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from gallery.cli.tables import distance, facts, limits, plain_table, short_path
from gallery.domain.calibrated import tidy

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gallery.domain.calibrated import Calibration
    from gallery.domain.error_rates import Rate
    from gallery.domain.models import Thresholds
    from gallery.usecases.calibration_report import Calibrated, Failing, Nearest, Person
    from gallery.usecases.cohort import Counts


def calibrated(result: Calibrated, gallery: str) -> Iterator[RenderableType]:
    """Everything, in the order in which one wants to know it.

    Args:
        result: What came of a calibration.
        gallery: The gallery file.
    """
    new = result.calibration
    yield facts(
        [
            ("gallery", f"{gallery}: {new.references} references of {len(result.people)} people, {new.space.model}"),
            *_strangers(result.cohort),
            ("comparisons", f"{new.genuine:,} genuine, {new.impostors:,} impostor; {new.method}"),
        ],
        f"Calibration for FMR {tidy(new.fmr)}",
    )
    yield before_and_after(result)
    yield facts(
        [
            ("before", result.before.thresholds.origin),
            ("after", new.thresholds.origin),
        ]
    )
    yield people(result)
    if result.failing:
        yield failing(result)
    yield nearest(result)


def _strangers(counts: Counts | None) -> list[tuple[str, str]]:
    if counts is None:
        return []
    left_out = [
        (counts.doubles, "the same as another"),
        (counts.faceless, "without a face"),
        (len(counts.failures), "failed"),
    ]
    said = [f"{counts.photos} photos in {counts.folder}"]
    said += [f"{number} {what}" for number, what in left_out if number]
    text = f"{counts.faces} faces from {', '.join(said)}"
    if counts.poor:
        text += f"; {counts.poor} more are too small or not sharp enough ever to be kept, and do not count"
    return [("strangers", text)]


def before_and_after(result: Calibrated) -> Table:
    """Thresholds and error rates, before and after; rates with Wilson intervals."""
    old, new = result.standing_before, result.standing_after
    before, after = result.before, result.calibration
    table = plain_table("", "In brackets: 95 % confidence (Wilson). Both thresholds together.")
    table.add_column("", overflow="fold")
    table.add_column("before", justify="right", no_wrap=True)
    table.add_column("after", justify="right", no_wrap=True)
    rows = [
        ("cosine threshold", f"{before.thresholds.cosine:.3f}", f"{after.thresholds.cosine:.3f}"),
        ("Euclidean threshold", distance(before.thresholds.euclidean), distance(after.thresholds.euclidean)),
        ("people with stricter ones of their own", str(len(before.personal)), str(len(after.personal))),
        (f"FMR: of {old.fmr.trials:,} comparisons with others", rate(old.fmr), rate(new.fmr)),
        (f"FNMR: of {old.fnmr.trials:,} with one's own", rate(old.fnmr), rate(new.fnmr)),
        (f"of {old.mistaken.trials:,} faces, taken for another", rate(old.mistaken), rate(new.mistaken)),
        ("references that fail", str(len(old.failing)), str(len(new.failing))),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def rate(share: Rate) -> str:
    """A rate in percent with its interval; a dash where nothing was tried."""
    if not share.trials:
        return "–"
    value, low, high = (_percent(100 * part) for part in (share.value, share.low, share.high))
    return f"{value} % ({low}–{high})"


def _percent(value: float) -> str:
    """Two digits that count, and no more than two decimals above a hundredth of a percent."""
    if value in (0, 100):
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"


def people(result: Calibrated) -> Table:
    """What it means for each person."""
    alone = [person.name for person in result.people if person.references == 1]
    captions = ["* stricter than everybody's"] if result.calibration.personal else []
    if alone:
        captions.append(
            f"One reference only, so nothing tells whether they are still recognised: {', '.join(alone)}. "
            "Enrol more photos of them."
        )
    table = plain_table("People", "\n".join(captions))
    table.add_column("name", overflow="fold", min_width=8)
    table.add_column("refs", justify="right", no_wrap=True)
    table.add_column("fail\nbefore", justify="right", no_wrap=True)
    table.add_column("fail\nafter", justify="right", no_wrap=True)
    table.add_column("cosine\n≤", justify="right", no_wrap=True)
    table.add_column("euclid.\n≤", justify="right", no_wrap=True)
    table.add_column("closest\nother", justify="right", no_wrap=True)
    table.add_column("which is", overflow="fold", min_width=12)
    for person in result.people:
        table.add_row(*_person(person, result.calibration.thresholds))
    return table


def _person(person: Person, everybody: Thresholds) -> tuple[str, ...]:
    applied = person.own or everybody
    return (
        escape(person.name),
        str(person.references),
        "–" if person.failing_before is None else str(person.failing_before),
        "–" if person.failing_after is None else str(person.failing_after),
        f"{applied.cosine:.3f}" + ("*" if applied.cosine < everybody.cosine else ""),
        distance(applied.euclidean) + ("*" if applied.euclidean < everybody.euclidean else ""),
        f"{person.nearest.cosine:.3f}" if person.nearest else "–",
        escape(short_path(person.nearest.whose, 40)) if person.nearest else "–",
    )


def failing(result: Calibrated) -> Table:
    """The references that do not match the others of their person."""
    table = plain_table(
        "References that do not match the others of their person",
        "Another photo in the same light and pose helps; a wrong photo is better removed.",
    )
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("name", overflow="fold", min_width=8)
    table.add_column("photo", overflow="fold", min_width=16)
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("euclid.", justify="right", no_wrap=True)
    table.add_column("before", no_wrap=True)
    table.add_column("after", no_wrap=True)
    for one in result.failing:
        table.add_row(*_failing(one))
    return table


def _failing(one: Failing) -> tuple[str, ...]:
    return (
        str(one.id),
        escape(one.name),
        escape(short_path(one.source, 40)),
        f"{one.cosine:.3f}",
        distance(one.euclidean),
        "fails" if one.before else "matches",
        "fails" if one.after else "matches",
    )


def nearest(result: Calibrated) -> Table:
    """The closest faces that are somebody else's."""
    table = plain_table(
        "Closest faces of others",
        "Look at them: a person of the gallery among the strangers, or one enrolled under two names, makes all "
        "thresholds too strict.",
    )
    table.add_column("face", overflow="fold", min_width=16)
    table.add_column("close to", overflow="fold", min_width=8)
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("euclid.", justify="right", no_wrap=True)
    for one in result.nearest:
        table.add_row(*_nearest(one))
    return table


def _nearest(one: Nearest) -> tuple[str, ...]:
    return escape(short_path(one.whose)), escape(one.name), f"{one.cosine:.3f}", distance(one.euclidean)


def own_thresholds(calibration: Calibration, gallery: str) -> Table:
    """A gallery's own thresholds and those of single people, with their origins."""
    return facts(
        [
            (calibration.space.model, limits(calibration.thresholds)),
            *((name, limits(own)) for name, own in calibration.personal.items()),
        ],
        f"Thresholds of the gallery {gallery}, which apply in it instead of the model's",
    )
