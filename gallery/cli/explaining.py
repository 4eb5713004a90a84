"""Shows the faces of a photo with everybody they were compared with: of a run, or of a photo that is in none."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gallery.cli.bars import bar
from gallery.cli.tables import box_text, distance, plain_table, score

if TYPE_CHECKING:
    from rich.console import RenderableType

    from gallery.bootstrap import Bootstrap
    from gallery.domain.explaining import Comparison, Explained, ExplainedFace
    from gallery.domain.ports import Store
    from gallery.domain.runs import ImageRecord
    from gallery.usecases.explain import Seen
    from gallery.usecases.looks import Look

_LEAST_BAR, _REST, _SCORE = 11, 56, 7
"""Characters of a bar at least, of the other columns with a short name, and of the normalised score."""
FIELDS = (
    *("source", "face", "decision", "rule", "rank", "person", "reference", "cosine", "euclidean"),
    *("cosine_threshold", "euclidean_threshold", "passes", "margin", "normalised", "least_normalised"),
)
"""Of the CSV file."""


@dataclass(frozen=True, slots=True)
class Way:
    """How it is shown.

    Attributes:
        face: Only this face, from 1; None for all.
        top: How many people are shown of each face; 0 for all.
        no_pictures: Whether none are drawn.
        as_json: Whether it is a document.
        as_csv: Whether it is a table for spreadsheets.
    """

    face: int | None
    top: int
    no_pictures: bool
    as_json: bool
    as_csv: bool


def show_record(boot: Bootstrap, store: Store, run: int, image: str, way: Way) -> None:
    """Shows one photo of a run.

    Raises:
        UnknownName: If there is no such run, or no such photo in it.
        BadArgument: If several photos of it are called so.
        NoFace: If it has no such face.
    """
    from gallery.cli import tables
    from gallery.cli.output import console

    with store.open_run(run) as (found, images):
        record = _only(run, image, images, found.summary.pruned is not None)
    seen = boot.explain_record(store, found.settings, record.sha256)(found.settings, record, way.face)
    out = console()
    if not (way.as_json or way.as_csv):
        out.print(tables.facts(_facts(run, seen.explained)), "", sep="\n")
    show(boot, store, out, seen, way)


def _only(run: int, image: str, images: Iterable[ImageRecord], pruned: bool) -> ImageRecord:
    from gallery.domain.auditing import named
    from gallery.domain.errors import BadArgument, UnknownName

    found = named(images, image)
    if not found:
        why = "its photos are no longer on record" if pruned else f"there is no photo {image!r} in it"
        raise UnknownName(f"Run {run} cannot show that: {why}.", f"'gallery audit {run}' lists what it has.")
    if len(found) > 1:
        some = ", ".join(one.source for one in found[:3]) + (" …" if len(found) > 3 else "")
        raise BadArgument(
            f"{len(found)} photos of run {run} are called like {image!r}: {some}.", "Give more of the path."
        )
    return found[0]


def _facts(run: int, explained: Explained) -> list[tuple[str, str]]:
    record = explained.record
    size = f", {record.width}×{record.height} pixels" if record.width else ""
    written = f"{record.output}, SHA-256 {record.output_sha256}" if record.output else "nothing written"
    return [
        ("run", f"{run}" + (f", done before, in run {record.earlier}" if record.earlier else "")),
        ("photo", f"{record.source}{size}, SHA-256 {record.sha256 or 'not known'}"),
        ("output", written + (f", verified {record.verified.value}" if record.verified else "")),
        *([("failed", record.error)] if record.error else []),
    ]


def show(boot: Bootstrap, store: Store, out: Console, seen: Seen, way: Way) -> None:
    """Shows a photo's faces with everybody they compare with.

    Args:
        boot: Makes the pictures.
        store: Has the references' pictures.
        out: For tables.
        seen: The explanation.
        way: How to show it.
    """
    from gallery.cli import documents
    from gallery.cli.output import print_json, remark
    from gallery.cli.pictures import shows_pictures
    from gallery.usecases.explain import looks

    if way.as_json:
        print_json(documents.of_explained(seen.explained))
        return
    if way.as_csv:
        _write_csv(seen.explained)
        return
    crops = None if way.no_pictures or not shows_pictures(out) else boot.face_pictures()
    out.print(Text(seen.explained.record.source, "bold"))
    for face in seen.explained.faces:
        beside = looks(store, crops, seen, face) if crops else ()
        out.print(_face(face, seen.explained, beside, way.top, out), "", sep="\n")
    if not seen.explained.faces:
        out.print("no face found" if seen.explained.record.error is None else "no face on record")
    for text in (*seen.explained.record.remarks, *seen.explained.remarks):
        remark(text)


def _face(face: ExplainedFace, explained: Explained, beside: Sequence[Look], top: int, out: Console) -> RenderableType:
    decision, quality = face.face.decision, face.face.quality
    verdict = Text("keep", "bold green") if decision.kept else Text("blur", "yellow" if decision.waits else "bold")
    box = box_text(face.face.detection.box.as_list())
    parts: list[RenderableType] = [
        Text.assemble(f"face {face.number} at {box}: ", verdict, f", {decision.rule.value}"),
        Text(f"  {decision.reason}"),
        Text(
            f"  {quality.size} px across, sharpness {quality.sharpness:.1f}, score {face.face.detection.score:.2f}"
            + (f", left {face.face.residual:.3f}" if face.face.residual is not None else "")
        ),
    ]
    if beside:
        parts.append(_side_by_side(beside))
    shown = face.comparisons[: top or None]
    if shown:
        parts.append(_comparisons(shown, explained, out))
    if len(shown) < len(face.comparisons):
        parts.append(f"  and {len(face.comparisons) - len(shown)} farther; all with --top 0")
    return Group(*parts)


def _side_by_side(beside: Sequence[Look]) -> Table:
    from gallery.cli.pictures import picture

    grid = Table.grid(padding=(0, 2))
    grid.add_row(*("" if look.pixels is None else picture(look.pixels) for look in beside))
    grid.add_row(*(Text(look.said) for look in beside))
    return grid


def _comparisons(shown: Sequence[Comparison], explained: Explained, out: Console) -> Table:
    thresholds, personal, scores = explained.thresholds, explained.personal, explained.scores
    table = plain_table()
    table.add_column("person", overflow="fold", min_width=8)
    table.add_column("ref.", justify="right", no_wrap=True)
    table.add_column(f"cosine\n≤ {thresholds.cosine:.3f}", justify="right", no_wrap=True)
    table.add_column("0     │ threshold", no_wrap=True)
    table.add_column(f"euclid.\n≤ {distance(thresholds.euclidean)}", justify="right", no_wrap=True)
    if scores:
        table.add_column(f"score\n≥ {scores.strict:.2f}", justify="right", no_wrap=True)
    table.add_column("margin", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    names = max(len(one.candidate.identity) for one in shown)
    width = max(_LEAST_BAR, min(41, out.width - _REST - (_SCORE if scores else 0) - min(names, 16))) | 1
    table.columns[3].header = "0".ljust(width // 2) + "│"
    for one in shown:
        near, own = one.candidate, one.candidate.identity in personal
        table.add_row(
            escape(near.identity),
            str(near.reference),
            f"{near.cosine:.3f}" + (f"\n≤ {one.limit.cosine:.3f}" if own else ""),
            bar(near.cosine, one.limit.cosine, width, out.options.ascii_only),
            distance(near.euclidean) + (f"\n≤ {distance(one.limit.euclidean)}" if own else ""),
            *([score(near)] if scores else []),
            "–" if one.margin is None else f"{one.margin:.3f}",
            Text("passes", "green") if one.passes else "too low" if one.near else "too far",
        )
    return table


def _write_csv(explained: Explained) -> None:
    from gallery.cli.decision_lists import harmless

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(FIELDS)
    for face in explained.faces:
        decided = (
            explained.record.source,
            face.number,
            face.face.decision.verdict.value,
            face.face.decision.rule.value,
        )
        for rank, one in enumerate(face.comparisons, 1):
            near = one.candidate
            values = (*decided, rank, near.identity, near.reference, near.cosine, near.euclidean)
            writer.writerow(
                [
                    *map(harmless, values),
                    *(one.limit.cosine, one.limit.euclidean, one.passes),
                    *("" if value is None else value for value in (one.margin, near.normalised, one.least)),
                ]
            )
