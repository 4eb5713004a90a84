"""Which entry may follow which: what the program does in one order, and whoever adds an entry by hand may not."""

from __future__ import annotations

from dataclasses import dataclass, field

from gallery.domain.trail import Event


@dataclass(slots=True)
class Order:
    """The order of a trail's entries, read from the first to the last.

    What was recorded before there was a trail is adopted at its very beginning. A run begins, its photos are recorded
    once each, and amended at most, and it ends, once.
    """

    _known: set[tuple[int, int | None]] = field(default_factory=set)
    _open: set[int] = field(default_factory=set)
    _adopting: bool = True

    def misfit(self, event: str, run: int, image: int | None) -> str:
        """Why an entry cannot be one that the program made at this place; empty where it can.

        Args:
            event: A value of `Event`.
            run: The run's number.
            image: The photo's row; None where it is about the run itself.
        """
        self._adopting &= event == Event.ADOPTED
        wrong = self._wrong(event, run, image)
        self._known.add((run, image))
        if event == Event.BEGUN:
            self._open.add(run)
        elif event == Event.ENDED:
            self._open.discard(run)
        return wrong

    def _wrong(self, event: str, run: int, image: int | None) -> str:
        if event == Event.ADOPTED and not self._adopting:
            return "adopts what was recorded while there was a trail"
        is_new = (run, image) not in self._known
        if is_new is not (event in {Event.ADOPTED, Event.BEGUN, Event.RECORDED}):
            return "is about what was never recorded" if is_new else "records what was recorded before"
        if event in {Event.RECORDED, Event.AMENDED, Event.ENDED} and run not in self._open:
            return "was made when its run had ended"
        return ""
