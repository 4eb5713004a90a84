"""Tables of people and their references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gallery.cli.tables import counted, distance, facts, limits, plain_table, short_path
from gallery.domain.yardstick import EVERYBODY

if TYPE_CHECKING:  # NumPy comes with these, and `gallery list` does without it
    from datetime import date, datetime

    from gallery.domain.examining import Examination, Pair
    from gallery.domain.forgetting import Forgotten
    from gallery.domain.matching import Candidate
    from gallery.domain.people import Identity, IdentitySummary
    from gallery.usecases.check import Checked
    from gallery.usecases.enrol import EnrolledPhoto
    from gallery.usecases.reembed import Reembedded


def enrolled(photos: Iterable[EnrolledPhoto], title: str = "", names: bool = False) -> Table:
    """What became of each photo.

    Args:
        photos: The results.
        title: Of the table.
        names: Whether to say whose each is.
    """
    table = plain_table(title)
    if names:
        table.add_column("person", overflow="fold", min_width=10)
    table.add_column("photo", overflow="fold", min_width=16 if names else 20)
    table.add_column("verdict", no_wrap=True)
    table.add_column("face", justify="right", no_wrap=True)
    table.add_column("sharp", justify="right", no_wrap=True)
    rows = [(photo, _enrolled_cells(photo, names)) for photo in photos]
    table.add_column("why", overflow="fold", min_width=16 if any(cells[-1] for _, cells in rows) else None)
    for photo, cells in rows:
        table.add_row(*([escape(photo.name)] if names else []), *cells)
    return table


def _enrolled_cells(photo: EnrolledPhoto, names: bool) -> tuple[Text | str, ...]:
    """One photo's cells; where the person is named, its folder says no more."""
    quality, path = photo.quality, photo.source.rpartition("/")[2] if names else photo.source
    reason = photo.reason
    if names and reason.startswith(f"{photo.source} "):
        reason = reason.replace(photo.source, "The photo", 1)
    verdict = Text("rejected", "red")
    if photo.accepted:
        verdict = Text("check", "yellow") if photo.warning else Text("accepted", "green")
    return (
        escape(short_path(path)),
        verdict,
        f"{quality.size} px" if quality else "–",
        f"{quality.sharpness:.0f}" if quality else "–",
        escape(photo.warning if photo.accepted else f"{reason} {photo.hint}".strip()),
    )


PEOPLE = ("name", "refs", "templates", "added", "last matched", "consent", "tags")
"""The columns of `gallery list`."""


def people(summaries: Iterable[IdentitySummary], today: date, width: int) -> Table:
    """Everybody in the gallery.

    Args:
        summaries: The people.
        today: Decides whose consent has ended.
        width: Of the console, in columns. What there is no room for, `gallery show` tells.
    """
    rows = [(person, dict(zip(PEOPLE, person_cells(person, today), strict=True))) for person in summaries]
    least = {name: max(len(name), _longest(cells[name] for _, cells in rows)) for name in _WHOLE}
    least["name"] = 12
    least["templates"] = max(9, _longest(word for _, cells in rows for word in cells["templates"].split(", ")) + 1)
    least["tags"] = max(4, min(_WORD, _longest(tag for person, _ in rows for tag in person.tags) + 1))
    columns = list(PEOPLE)
    for name in _CAN_GO:
        if sum(least[column] + 2 for column in columns) - 2 > width:
            columns.remove(name)
    table = plain_table()
    for name in columns:
        table.add_column(
            name,
            justify="right" if name == "refs" else "left",
            no_wrap=name in _WHOLE,
            overflow="ellipsis" if name in _WHOLE else "fold",
            min_width=least[name],
        )
    for person, cells in rows:
        withheld = "red" if person.withheld(today) else ""
        table.add_row(*(Text(cells[name], withheld if name == "consent" else "") for name in columns))
    return table


_WHOLE = ("refs", "added", "last matched", "consent")
"""Columns whose cells are not broken."""
_CAN_GO = ("added", "templates", "last matched", "refs")
"""Columns that are left out where there is no room, the first first."""
_WORD = 16
"""Columns that a long tag is given before it is broken."""


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def person_cells(person: IdentitySummary, today: date) -> tuple[str, ...]:
    """One person's line, a cell for each of `PEOPLE`."""
    return (
        person.name,
        str(person.references),
        ", ".join(f"{model} {count}" for model, count in sorted(person.templates.items())) or "–",
        _day(person.added),
        _day(person.last_matched) if person.last_matched else "never",
        consent(person.withheld(today), person.expires).plain,
        ", ".join(person.tags),
    )


def consent(withheld: str, expires: date | None) -> Text:
    """Whether a person may stay visible, and until when."""
    if withheld:
        return Text(withheld, "red")
    return Text(f"until {expires}" if expires else "yes")


WIDE = 100
"""Columns from which on a table with pictures has room for everything."""


def references(
    identity: Identity,
    closest: Mapping[int, Candidate],
    pictures: Mapping[int, RenderableType],
    width: int,
) -> Table:
    """One person's references.

    Args:
        identity: The person.
        closest: For each reference's number the closest of the others.
        pictures: For each reference's number its picture; empty where none are to be drawn.
        width: Of the console, in columns.
    """
    table = plain_table(identity.name, counted(len(identity.references), "reference"))
    all_of_it = not pictures or width >= WIDE
    table.add_column("id", justify="right", no_wrap=True)
    if pictures:
        table.add_column("picture", no_wrap=True)
    table.add_column("photo", overflow="fold", min_width=12)
    table.add_column("face", justify="right", no_wrap=True)
    if all_of_it:
        table.add_column("sharp", justify="right", no_wrap=True)
    table.add_column("quality", overflow="fold", min_width=7)
    table.add_column("closest other", overflow="fold", min_width=10)
    if all_of_it:
        table.add_column("templates", overflow="fold", min_width=9)
    table.add_column("added", no_wrap=True)
    for stored in identity.references:
        reference, near = stored.reference, closest.get(stored.id)
        table.add_row(
            str(stored.id),
            *([pictures.get(stored.id, "–")] if pictures else []),
            escape(short_path(reference.source, 30)),
            f"{reference.quality.size} px",
            *([f"{reference.quality.sharpness:.0f}"] if all_of_it else []),
            Text(", ".join(reference.flaws), "yellow") if reference.flaws else "good",
            f"{near.reference}: {distance(near.cosine)}" if near else "–",
            *([", ".join(stored.models) or "–"] if all_of_it else []),
            _day(stored.added),
        )
    return table


def person_facts(identity: Identity, today: date) -> Table:
    """What is settled about a person."""
    details = identity.details
    return facts(
        [
            ("consent", consent(details.withheld(today), details.expires).plain),
            ("last matched", f"{identity.last_matched:%Y-%m-%d %H:%M} (UTC)" if identity.last_matched else "never"),
            *([("tags", ", ".join(details.tags))] if details.tags else []),
            *([("notes", details.notes)] if details.notes else []),
            *([] if details.keep_crops else [("pictures", "none are kept of this person")]),
            *([("own thresholds", limits(details.thresholds))] if details.thresholds else []),
        ]
    )


def reembedded(result: Reembedded) -> RenderableType:
    """What came of new templates."""
    parts: list[RenderableType] = []
    if result.left:
        table = plain_table("References without a template", "Enrol these photos again, or others of these people.")
        table.add_column("person", overflow="fold", min_width=10)
        table.add_column("ref.", justify="right", no_wrap=True)
        table.add_column("photo", overflow="fold", min_width=12)
        table.add_column("why", overflow="fold", min_width=34)
        for left in result.left:
            table.add_row(
                escape(left.name), str(left.reference), escape(short_path(left.source, 36)), escape(left.reason)
            )
        parts += [table, ""]
    former = result.former.label if result.former else "none"
    parts.append(
        facts(
            [
                ("templates", f"{result.made} made under {result.space.label}, {len(result.left)} could not be"),
                ("model", f"{result.space.label} is the gallery's own" if result.current else f"still {former}"),
                *([("without one", _listed(result.lacking) + ": blurred under that model")] if result.lacking else []),
            ]
        )
    )
    return Group(*parts)


def examined(checked: Checked) -> RenderableType:
    """What a look at the whole gallery found."""
    table = plain_table()
    table.add_column("finding", no_wrap=True)
    table.add_column("who", overflow="fold", min_width=20)
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("euclid.", justify="right", no_wrap=True)
    table.add_column("what to do", overflow="fold", min_width=16)
    for finding, who, distances, remedy in (*_compared(checked.examination), *_otherwise(checked)):
        table.add_row(finding, escape(who), *distances, remedy)
    summary = facts(
        [
            ("examined", f"{checked.people} people, {counted(checked.templates, 'template')}"),
            *([("one reference", _listed(checked.single) + ": more make fewer mistakes")] if checked.single else []),
            *([("not kept", _listed(f"{name} ({why})" for name, why in checked.withheld))] if checked.withheld else []),
            *([("ending soon", _listed(f"{name} ({day})" for name, day in checked.ending))] if checked.ending else []),
            *([] if checked.examination.complete else [("incomplete", "only the closest pairs are listed")]),
        ]
    )
    if table.row_count:
        return Group(table, "", summary)
    return Group(summary, "Nothing stands out.") if checked.compared else summary


_Finding = tuple[str, str, tuple[str, str], str]
"""What was found, whom it concerns, both distances, and what to do."""


def _compared(found: Examination) -> Iterator[_Finding]:
    """What comparing the references with each other found."""
    same = {(pair.first_reference, pair.second_reference) for pair in found.near_identical}
    for pair in found.near_identical:
        yield "same picture", _pair(pair), _both(pair.cosine, pair.euclidean), "gallery remove NAME --reference"
    for misfit in found.misfits:
        who = f"ref. {misfit.reference} of {misfit.identity} fits {misfit.other} (ref. {misfit.other_reference})"
        yield "wrong person", who, _both(misfit.cosine, misfit.euclidean), "look at both: gallery show, gallery move"
    for pair in found.collisions:
        if (pair.first_reference, pair.second_reference) not in same:
            yield "collision", _pair(pair), _both(pair.cosine, pair.euclidean), _LOOK_ALIKES
    for outlier in found.outliers:
        beside = f" and ref. {outlier.closest}" if outlier.mutual else f", closest: ref. {outlier.closest}"
        who = f"ref. {outlier.reference} of {outlier.identity}{beside}"
        yield "outlier", who, _both(outlier.cosine, outlier.euclidean), "look: gallery show NAME"


def _otherwise(checked: Checked) -> Iterator[_Finding]:
    """What was found without comparing."""
    for who, own in checked.looser:
        remedy = "gallery calibrate" if who == EVERYBODY else "gallery set NAME --cosine"
        yield "loose limit", who, _both(own.cosine, own.euclidean), remedy
    for shared in checked.shared:
        owners = " and ".join(f"{name} (ref. {number})" for name, number in shared.owners)
        yield "two names", f"{short_path(shared.source)}: {owners}", _NONE, "gallery remove NAME --reference"
    for name in checked.lacking:
        yield "no template", name, _NONE, f"gallery reembed --model {checked.model or 'NAME'}"
    for name in checked.without:
        yield "no reference", name, _NONE, "enrol or remove"


_NONE = ("–", "–")
_LOOK_ALIKES = "look at both: gallery show; of two people, doubtful faces go to review"


def _pair(pair: Pair) -> str:
    return f"{pair.first} (ref. {pair.first_reference}) and {pair.second} (ref. {pair.second_reference})"


def receipt(name: str, forgotten: Forgotten) -> RenderableType:
    """The proof that a person was forgotten."""
    parts: list[RenderableType] = [
        facts(
            [
                ("forgotten", name),
                (
                    "deleted",
                    f"{counted(forgotten.references, 'reference')}, {counted(forgotten.templates, 'template')}, "
                    f"{counted(forgotten.crops, 'picture')}",
                ),
                ("in the record", f"now '{forgotten.pseudonym}', in {counted(forgotten.decisions, 'decision')}"),
                *(
                    [("by hand", f"{counted(forgotten.overrides, 'decision')} to keep them deleted")]
                    if forgotten.overrides
                    else []
                ),
                *([("known", "only to a backup, no longer to the gallery")] if forgotten.only_in_backups else []),
                ("searched", f"{', '.join(forgotten.searched)}: none of {forgotten.traces} traces is left"),
                *(
                    [("how", "the bytes of the files; in encrypted ones what their rows hold, once written anew")]
                    if forgotten.encrypted
                    else []
                ),
                *([("backups", ", ".join(forgotten.backups))] if forgotten.backups else []),
                *([("removed", f"what killed commands left: {', '.join(forgotten.swept)}")] if forgotten.swept else []),
                *(("out of reach", what) for what in forgotten.out_of_reach),
            ]
        )
    ]
    if forgotten.outputs:
        table = plain_table("Outputs in which this person is visible; these files were not changed")
        table.add_column("", no_wrap=True)
        table.add_column("run", justify="right", no_wrap=True)
        table.add_column("file", overflow="fold")
        for output in forgotten.outputs:
            table.add_row("" if output.there else "gone", str(output.run), escape(output.path))
        parts += ["", table]
    return Group(*parts)


def _both(cosine: float, euclidean: float) -> tuple[str, str]:
    return f"{cosine:.3f}", distance(euclidean)


def _listed(names: Iterable[str], most: int = 10) -> str:
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")


def _day(when: datetime) -> str:
    return f"{when:%Y-%m-%d}"
