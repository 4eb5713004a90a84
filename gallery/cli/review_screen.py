"""What a review shows of a face, in as many lines as the terminal has, and the conversation about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.cells import chop_cells
from rich.console import Console, Group
from rich.segment import SegmentLines
from rich.table import Table
from rich.text import Text

from gallery.cli.pictures import picture, shows_pictures
from gallery.cli.tables import box_text, distance, short_path

if TYPE_CHECKING:  # NumPy comes with these
    from rich.console import RenderableType

    from gallery.domain.matching import Candidate
    from gallery.domain.models import Thresholds
    from gallery.domain.reviewing import Doubt
    from gallery.domain.score_limits import ScoreLimits
    from gallery.usecases.looks import Look
    from gallery.usecases.review import Review

KEYS = "k keep   b blur   s skip   u undo   n note   w whose   q quit   ? help"
LAST = "u undo   any other key: go on"
HELP = (
    ("k", "keep the face for the closest person: it stays visible as long as they may"),
    ("b", "blur the face in every later run"),
    ("s", "skip it: it stays blurred and waits for another review"),
    ("u", "undo: take the last decision back and show that face again"),
    ("n", "note: type a line that is stored with the decision on this face; Escape leaves it as it was"),
    ("w", "whose face it is, where it is not the closest person's: type the name, then press k"),
    ("q", "quit: the faces that are left go on waiting"),
    ("?", "this help; any key leads back"),
)
_HELP_BELOW = (
    "Each decision is stored at once, with your name and the time. After the last face, or when you quit, the photos "
    "concerned are written anew and verified."
)

NOTE, WHOM = "note, then Enter: ", "name, then Enter: "
"""What is asked for when a line is typed."""

LEAST_ROWS = 4
"""Rows of a picture below which nobody is recognised in it."""
_LONGEST_WHY = 240
_GAP = 2
_NAME = 28  # characters of a person's name: both distances stand beside it in 80 columns


class Screen:
    """Draws on a terminal.

    Args:
        out: The terminal.
        pictures: Whether pictures are wanted; they are drawn only where the terminal can show them.
    """

    def __init__(self, out: Console, pictures: bool) -> None:
        self._out = out
        self._pictures = pictures and shows_pictures(out)

    def face(self, review: Review, doubt: Doubt, note: str, message: str, whom: str = "") -> None:
        """Shows the face to be decided now.

        Args:
            review: The review.
            doubt: The face.
            note: What has been typed to go with the decision.
            message: What the last key did.
            whom: The name of the person whom it is to be kept for, where somebody typed one.
        """
        above = [*_which(review, doubt, self._out.width), "", _distances(review, doubt), _why(doubt)]
        below: list[RenderableType] = [Text(f"note: {note}", "italic")] if note else []
        if whom:
            below.append(Text(f"to be kept for: {whom}", "italic"))
        if message:
            below.append(Text(message, "bold"))
        rows = self._room([*above, "", "", *below])
        self._show([*above, "", self._looks(review, doubt, rows), *below], KEYS)

    def help(self) -> None:
        """Shows what the keys do."""
        keys = Table.grid(padding=(0, _GAP))
        for key, does in HELP:
            keys.add_row(Text(key, "bold"), Text(does))
        self._show([Text("Keys", "bold"), "", keys, "", Text(_HELP_BELOW)], "any key: back")

    def last(self, review: Review, message: str) -> None:
        """Says that there is no further face."""
        said = Text(f"That was the last face of run {review.run.summary.id} to review.", "bold")
        self._show([said, "", Text(told(review)), "", Text(message)], LAST)

    def prompt(self, typed: str, asked: str = NOTE) -> None:
        """Shows what is typed, its end where it is too long, in the line that the cursor is in."""
        room = max(1, self._out.width - len(asked) - 1)  # the last column stays free: behind it the cursor wraps
        shown = chop_cells(typed[-room:], room)[-1] if typed else ""
        line = f"\r{asked}{shown}"
        # Not by Rich, which leaves out what leads back to the line's beginning.
        self._out.file.write(f"{line}\x1b[K" if self._clears else f"\r{' ' * (self._out.width - 1)}{line}")
        self._out.file.flush()

    @property
    def _clears(self) -> bool:
        return self._out.is_terminal and not self._out.is_dumb_terminal

    def _room(self, parts: list[RenderableType]) -> int:
        """Lines left beside those parts, the line of keys and the one that the cursor is in."""
        return self._out.height - 2 - len(self._out.render_lines(Group(*parts), pad=False))

    def _show(self, parts: list[RenderableType], keys: str) -> None:
        if self._clears:
            self._out.clear()
        else:
            self._out.print()
        lines = self._out.render_lines(Group(*parts), pad=False)[: max(1, self._out.height - 2)]
        self._out.print(SegmentLines(lines, new_lines=True), end="")
        self._out.print(Text(keys, "reverse" if self._out.color_system else ""), no_wrap=True, overflow="crop")

    def _looks(self, review: Review, doubt: Doubt, rows: int) -> RenderableType:
        """The face beside the reference it was compared with, or sentences that say why there is no picture."""
        if not self._pictures:
            return Text("No pictures are shown here: open the photo, and look at the place given above.")
        if rows < LEAST_ROWS + 1:
            return Text("The terminal has too few lines for pictures.")
        looks = review.face(doubt), review.reference(doubt)
        half = (self._out.width - _GAP) // 2
        beside = Table.grid(padding=(0, _GAP, 0, 0))
        for _ in looks:
            beside.add_column(width=half)
        beside.add_row(*(Text(look.said if look.pixels is not None else "", no_wrap=True) for look in looks))
        beside.add_row(*(_drawn(look, rows - 1, half) for look in looks))
        return beside


def _which(review: Review, doubt: Doubt, width: int) -> list[RenderableType]:
    done = f"run {review.run.summary.id}, face {review.position} of {len(review.faces)} to review"
    where = f"face {doubt.number} of {len(doubt.image.faces)}, at {box_text(doubt.box.as_list())}"
    return [Text(done, "bold"), Text(short_path(doubt.image.source, width)), Text(where)]


def _distances(review: Review, doubt: Doubt) -> RenderableType:
    """The closest person and the next one, with both distances and what they may be at most."""
    settings, decision = review.run.settings, doubt.face.decision
    table = Table.grid(padding=(0, _GAP, 0, 0))
    if decision.candidate is None:
        return Text("It was compared with nobody.")
    scores = settings.scores
    table.add_row("", "", Text("cosine"), Text("Euclidean"), *([Text("score")] if scores else []))
    for what, one in (("closest", decision.candidate), ("next", decision.runner_up)):
        if one is not None:
            both = _both(one, settings.personal, settings.thresholds)
            table.add_row(Text(what), _name(one), *both, *([_score(one, scores)] if scores else []))
    return table


def _name(one: Candidate) -> Text:
    name = Text(one.identity, "bold", no_wrap=True)
    name.truncate(_NAME, overflow="ellipsis")
    return name


def _both(one: Candidate, personal: Mapping[str, Thresholds], everybody: Thresholds) -> tuple[Text, Text]:
    limit = personal.get(one.identity, everybody)
    return _compared(one.cosine, limit.cosine), _compared(one.euclidean, limit.euclidean)


def _compared(value: float, limit: float) -> Text:
    sign, colour = ("≤", "green") if value <= limit else (">", "")
    return Text(f"{distance(value)} {sign} {distance(limit)}", colour)


def _score(one: Candidate, scores: ScoreLimits) -> Text:
    if one.normalised is None:
        return Text("–")
    sign, colour = ("≥", "green") if one.normalised >= scores.strict else ("<", "")
    return Text(f"{one.normalised:.2f} {sign} {scores.strict:.2f}", colour)


def _why(doubt: Doubt) -> Text:
    why = doubt.why if len(doubt.why) <= _LONGEST_WHY else f"{doubt.why[: _LONGEST_WHY - 1]}…"
    return Text(why, "yellow")


def _drawn(look: Look, rows: int, most: int) -> RenderableType:
    """A picture of no more rows and characters across than there are; or the sentence that stands for it."""
    if look.pixels is None:
        return Text(look.said[:_LONGEST_WHY])
    height, width = look.pixels.shape[:2]
    return picture(look.pixels, max(1, min(most, int(2 * rows * width / height))))


def told(review: Review) -> str:
    """What was decided so far, in one sentence."""
    words = [word.verdict.value for word in review.decided]
    parts = [f"{words.count('keep')} kept", f"{words.count('blur')} blurred", f"{review.skipped} skipped"]
    return f"{', '.join(parts)}."
