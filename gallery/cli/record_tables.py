"""What was found of the record as a whole, as tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from gallery.cli.tables import counted, facts, ranges

if TYPE_CHECKING:
    from gallery.domain.runs import RunSummary
    from gallery.domain.trail import Superseded
    from gallery.usecases.verify_record import VerifiedRecord

MOST_LISTED = 20
"""Outputs that are named at most."""


def print_verified(out: Console, found: VerifiedRecord) -> None:
    """Whether everything fits, and the first thing that does not."""
    out.print(facts(_facts(found)), "")
    record = _misfit(found)
    if record:
        out.print(Text(f"Does not fit: {record}", "red"))
    for one in found.differing[:MOST_LISTED]:
        out.print(Text(one.why, "red"))
    if len(found.differing) > MOST_LISTED:
        out.print(f"and {len(found.differing) - MOST_LISTED} more.")
    if found.differing:
        out.print("Where outputs were moved: gallery audit verify RUN --outputs FOLDER.")
    _print_superseded(out, found.trail.superseded)
    if found.misfit is None and not found.trail.superseded:
        out.print(Text("All is as it was written.", "green"))


def _facts(found: VerifiedRecord) -> list[tuple[str, str]]:
    trail = found.trail
    pruned = f", {trail.pruned} pruned" if trail.pruned else ""
    lines = [
        ("trail", f"{counted(trail.entries, 'entry', 'entries')} over {counted(trail.runs, 'run')}{pruned}"),
        ("photos", f"{trail.photos} with their decisions"),
        ("head", trail.head),
    ]
    if trail.known_head:
        lines.append(("noted head", _noted(found)))
    if trail.unended:
        lines.append(("not ended", f"{_runs(trail.unended)}: still going on, or cut off"))
    if found.outputs is not None:
        lines.append(("outputs", _outputs(found)))
    return lines


def _noted(found: VerifiedRecord) -> str:
    changed = len(found.trail.superseded)
    if found.trail.misfit is not None:
        return "is in the trail"
    if not changed:
        return "is in the trail: everything before it is as it was then"
    return f"is in the trail; {counted(changed, 'record')} of what it vouched for changed since, the rest did not"


def _print_superseded(out: Console, changed: Sequence[Superseded]) -> None:
    """What was recorded before the noted head and changed after it; only a person knows whether that was rightly so."""
    for one in changed[:MOST_LISTED]:
        out.print(Text(f"Changed since the noted head: {_record(one)}, {one.event} {one.at[:19]} UTC.", "yellow"))
    if len(changed) > MOST_LISTED:
        out.print(f"and {len(changed) - MOST_LISTED} more.")
    if changed:
        out.print("Note the head above if you know of these changes; if not, compare them with a backup.")


def _record(one: Superseded) -> str:
    return f"run {one.run}" if one.image is None else f"{one.source} in run {one.run}"


def _misfit(found: VerifiedRecord) -> str:
    """What of the record itself does not fit; empty where only outputs differ, or nothing does."""
    return found.misfit or "" if found.trail.misfit or found.trail.known_head is False else ""


def _outputs(found: VerifiedRecord) -> str:
    missing = len(found.differing)
    looked = f"{found.outputs} looked at" + (f", {missing} missing or changed" if missing else ", all as written")
    if found.unplaced:
        looked += f"; {found.unplaced} out of reach, as their folder was named after somebody forgotten"
    return looked


def _runs(numbers: Sequence[int]) -> str:
    return ("run " if len(numbers) == 1 else "runs ") + ranges(numbers)


def print_pruned(out: Console, runs: Sequence[RunSummary], dry_run: bool) -> None:
    """Which runs were removed, or would be."""
    if not runs:
        out.print("No run is that old.")
        return
    photos, faces = sum(run.images for run in runs), sum(run.kept + run.blurred for run in runs)
    done = "would be removed" if dry_run else "was removed; stubs are left"
    what = f"{counted(photos, 'photo')} and {counted(faces, 'decision')}"
    out.print(Text(f"The record of {_runs([run.id for run in runs])}, with {what}, {done}."))
