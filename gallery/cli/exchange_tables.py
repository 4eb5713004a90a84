"""Tables and JSON of people who are exported and imported."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gallery.cli.tables import distance, facts, plain_table

if TYPE_CHECKING:
    from gallery.domain.exchanging import Conflict, Decisions, Imported, Planned, Written
    from gallery.domain.models import EmbeddingSpace

MOST_NAMES = 5
"""People named in a sentence."""
MOST_ROWS = 40
"""People shown one by one; nobody reads on after a screen or two."""
_COLOURS = {"added": "green", "merged": "green", "replaced": "yellow", "left out": "red"}


def written(archive: Written) -> Table:
    """An archive that was written."""
    models = ", ".join(f"{model} {count}" for model, count in archive.templates) or "none"
    return facts(
        [
            ("archive", f"{archive.path}, {_size(archive.size)}"),
            ("people", f"{archive.people}"),
            ("references", f"{archive.references}, {archive.crops} with a picture"),
            ("templates", models),
            ("manual decisions", f"{len(archive.decisions.blurs)} to blur"),
        ]
    )


def noteworthy(result: Imported) -> Table | None:
    """The people of whom there is something to say; None where there are none."""
    people = [person for person in result.people if person.conflicts or not person.complete]
    if not people:
        return None
    more = len(people) - MOST_ROWS
    table = plain_table(caption=f"and {more} more; --json shows all" if more > 0 else "")
    table.add_column("person", overflow="fold", min_width=12)
    table.add_column("refs", justify="right", no_wrap=True)
    table.add_column("what becomes" if not result.done else "what became", no_wrap=True)
    table.add_column("why", overflow="fold", min_width=16)
    for person in people[:MOST_ROWS]:
        fate = "left out" if result.refused else person.fate.value
        why = " ".join(sentence(person, conflict, result.space) for conflict in person.conflicts)
        count = f"{0 if result.refused else person.references}/{len(person.taken)}"
        table.add_row(escape(person.name), count, Text(fate, _COLOURS.get(fate, "")), escape(why))
    return table


def summary(result: Imported) -> Table:
    """How many people became what."""
    fates = Counter("left out" if result.refused else person.fate.value for person in result.people)
    references = 0 if result.refused else sum(person.references for person in result.people)
    blurs = 0 if result.refused else len(result.decisions.blurs)
    told = ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())) or "none in the archive"
    return facts(
        [
            ("people", told),
            ("references", f"{references} added"),
            ("model", result.space.label if result.space else "none"),
            *([("manual decisions", f"{blurs} to blur")] if blurs else []),
        ]
    )


def left(decisions: Decisions) -> str:
    """A sentence on the manual decisions that stay behind; empty where none do."""
    if not decisions.left:
        return ""
    stay = "1 manual decision stays" if decisions.left == 1 else f"{decisions.left} manual decisions stay"
    return f"{stay} behind: to keep a face is decided again where the photos are, and with --people none goes along."


def limits(result: Imported) -> Table:
    """The limits that people bring with them."""
    table = plain_table("Limits that come along", caption="")
    for name in ("person", "model"):
        table.add_column(name, overflow="fold", min_width=8)
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("euclid.", justify="right", no_wrap=True)
    table.add_column("against those here", no_wrap=True)
    for name, one in result.limits:
        both = f"{one.limits.cosine:.3f}", distance(one.limits.euclidean)
        table.add_row(
            escape(name), escape(one.space.label), *both, Text("looser", "red") if one.looser else "no looser"
        )
    return table


def loose(result: Imported) -> str:
    """A sentence on limits that are looser than those that apply here."""
    from gallery.domain.calibrated import listed

    loosened = [(name, one.limits) for name, one in result.limits if one.looser]
    return (
        f"The archive brings limits for {listed(loosened)} that are looser than those that apply here, or belong to a "
        "model that is not known here: strangers may stay visible."
    )


def remade(result: Imported) -> list[str]:
    """Sentences on the templates made from pictures."""
    made, model = result.remade, result.space.label if result.space else ""
    said = [f"{made.count} templates of {model} were made from the pictures in the archive."] if made.count else []
    said += [
        f"{one.name}, {one.source}: the archive's template was not that of its picture (cosine {one.cosine:.3f}); the "
        "picture's was taken. Look at it: gallery show"
        for one in made.strayed[:MOST_NAMES]
    ]
    said += [f"{name}, {source}: no template; {reason}" for name, source, reason in made.left[:MOST_NAMES]]
    more = max(0, len(made.strayed) - MOST_NAMES) + max(0, len(made.left) - MOST_NAMES)
    return said + ([f"And {more} more such references; --json shows all."] if more else [])


def to_be_made(result: Imported) -> str:
    """A sentence on templates that have to be made before they are of use; empty where there are none."""
    if not result.lacking or result.space is None:
        return ""
    command = f"gallery reembed --model {result.space.model}"
    if not result.other_numbers:
        return f"To make the missing templates from the pictures: {command}"
    others = " and ".join(result.other_numbers)
    return (
        f"Templates that were computed in {others} are not used for comparison in this gallery, whose own are in "
        f"{result.space.numbers}: nobody is recognised by them until you make new ones from the pictures: {command}"
    )


def sentence(person: Planned, conflict: Conflict, space: EmbeddingSpace | None) -> str:
    """A conflict in words.

    Args:
        person: Whose it is.
        conflict: What it is.
        space: The gallery's own model.
    """
    from gallery.domain.exchanging import ConflictKind

    count = f"{conflict.references} of {len(person.taken)}" if len(person.taken) > 1 else "The only"
    references = "references" if len(person.taken) > 1 else "reference"
    single = conflict.references == 1
    match conflict.kind:
        case ConflictKind.NAME:
            return f"{conflict.other} is in the gallery."
        case ConflictKind.FACE:
            verb = "shows" if single else "show"
            return f"{count} {references} {verb} a face that is enrolled for {conflict.other}."
        case ConflictKind.MODEL:
            lacks = f"{'has' if single else 'have'} no template of {_wanted(conflict, space)}"
            return f"{count} {references} {lacks} yet{_only(conflict)}."
        case ConflictKind.USELESS:
            return f"No template of {_wanted(conflict, space)}{_only(conflict)}, and no picture to make one from."


def _wanted(conflict: Conflict, space: EmbeddingSpace | None) -> str:
    """The model there is no template of, with the numbers it computes in where there are templates in others."""
    return f"{conflict.other} in {space.numbers}" if space and conflict.instead else conflict.other


def _only(conflict: Conflict) -> str:
    return f", only in {' and '.join(conflict.instead)}" if conflict.instead else ""


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size:,} bytes"


def of_written(archive: Written) -> dict[str, Any]:
    """An archive that was written, as JSON."""
    return {
        "archive": str(archive.path),
        "bytes": archive.size,
        "people": archive.people,
        "references": archive.references,
        "crops": archive.crops,
        "templates": dict(archive.templates),
        **_of_decisions(archive.decisions),
    }


def of_imported(result: Imported, dry_run: bool) -> dict[str, Any]:
    """What came of an import, or would come, as JSON."""
    return {
        "imported": result.done,
        "dry_run": dry_run,
        "refused": result.refused,
        "resolution": result.resolution.value,
        "model": result.space.model if result.space else None,
        "people": [_of_planned(person) for person in result.people],
        "numbers": result.space.numbers if result.space else None,
        "lacking": list(result.lacking),
        "remade": asdict(result.remade),
        **_of_decisions(result.decisions),
    }


def _of_planned(person: Planned) -> dict[str, Any]:
    return {
        "name": person.name,
        "fate": person.fate.value,
        "references": person.references,
        "left_out": person.left_out,
        "limits": [
            {
                "model": one.space.model,
                "cosine": one.limits.cosine,
                "euclidean": one.limits.euclidean,
                "looser": one.looser,
            }
            for one in person.brought
        ],
        "conflicts": [
            {
                "kind": conflict.kind.value,
                "other": conflict.other,
                "references": conflict.references,
                "instead": list(conflict.instead),
            }
            for conflict in person.conflicts
        ],
    }


def _of_decisions(decisions: Decisions) -> dict[str, Any]:
    """Manual decisions, where there are any."""
    counts = {"blur": len(decisions.blurs), "left_behind": decisions.left}
    return {"decisions": counts} if any(counts.values()) else {}
