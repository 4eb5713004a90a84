"""Takes a person's word on the faces of a run that wait for it, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from gallery.domain.by_hand import SAME_PLACE, Override
from gallery.domain.deciding import Verdict
from gallery.domain.errors import BadArgument, BadPhoto, RunGoingOn, UnknownName
from gallery.domain.paths import places
from gallery.domain.people import clean_notes
from gallery.domain.ports import Store
from gallery.domain.review_ports import ReviewCrops
from gallery.domain.reviewing import Doubt, Touched, doubts, touched
from gallery.domain.runs import Run, RunStatus
from gallery.usecases.looks import Look, reference_look


@dataclass(frozen=True, slots=True)
class _Step:
    """What one key did.

    Attributes:
        at: Which face it was about.
        word: The word that was stored; None where the face was skipped.
        replaced: The words it took the place of.
        picture: The kept picture that went with the decision.
    """

    at: int
    word: Override | None = None
    replaced: tuple[Override, ...] = ()
    picture: bytes | None = None


def reviewable(store: Store, number: int) -> Run:
    """A run whose faces can be reviewed.

    Raises:
        UnknownName: If there is no run of that number, or its photos are no longer on record.
        RunGoingOn: If it has not ended.
    """
    run = store.run(number)
    if run.summary.pruned is not None:
        raise UnknownName(
            f"Run {number} was pruned on {run.summary.pruned:%Y-%m-%d}; nothing of its photos is on record.",
            "'gallery audit' lists the other runs.",
        )
    if run.summary.status is RunStatus.RUNNING:
        raise RunGoingOn(
            f"Run {number} is still going on.",
            "Wait for its end. If it was cut off, go on with 'gallery anonymise --resume' and review that run.",
        )
    return run


@dataclass(slots=True)
class Review:
    """A review while it lasts. Every word is stored at once, so that a lost connection loses nothing.

    Attributes:
        run: The run with its photos.
        store: The gallery.
        crops: Pictures of faces.
        by: Who decides; empty where that is not known.
        clock: Tells the time, in UTC.
        faces: Those to be decided, in order.
        dropped: Whether kept pictures were removed.
    """

    run: Run
    store: Store
    crops: ReviewCrops
    by: str
    clock: Callable[[], datetime]
    faces: list[Doubt] = field(default_factory=list)
    dropped: bool = False
    _at: int = 0
    _steps: list[_Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.faces = doubts(self.run, self.store.overrides())

    @property
    def position(self) -> int:
        """Which face it is at, from 1."""
        return self._at + 1

    @property
    def decided(self) -> tuple[Override, ...]:
        """The words of this review, in the order in which they were said."""
        return tuple(step.word for step in self._steps if step.word is not None)

    @property
    def skipped(self) -> int:
        """How many faces were passed over."""
        return sum(step.word is None for step in self._steps)

    @property
    def current(self) -> Doubt | None:
        """The face to be decided now; None after the last. Faces that got a word meanwhile are passed over."""
        words = self.store.overrides() if self._at < len(self.faces) else []
        while self._at < len(self.faces):
            face = self.faces[self._at]
            if not any(face.is_meant(word) for word in words):
                return face
            self._at += 1
        return None

    @property
    def waiting(self) -> list[Doubt]:
        """The faces that still wait."""
        return doubts(self.run, self.store.overrides())

    @property
    def touched(self) -> list[Touched]:
        """The photos to be written anew, those of an earlier review that was cut off included."""
        return touched(self.run, self.store.overrides(), self.store.with_overrides())

    def decide(self, face: Doubt, verdict: Verdict, note: str = "", keeps: str | None = None) -> Override | None:
        """Stores a word on the face that is to be decided now, and goes on to the next.

        Args:
            face: The face that was shown.
            verdict: Keep or blur.
            note: Why.
            keeps: Whom it is kept for; None for the person whom it is closest to.

        Returns:
            The word; None where somebody else decided on that face meanwhile, and it is no longer to be decided.

        Raises:
            BadArgument: If the note is too long, or cannot be shown, or it is to be kept for nobody who is known.
            UnknownName: If the person whom it is to be kept for is not in the gallery.
        """
        note = clean_notes(note)
        if self.current is not face:
            return None
        who = None if verdict is Verdict.BLUR else keeps or self._closest(face)
        made = Override(0, face.sha256, face.box, verdict, face.image.source, self.by, self.clock(), note, who)
        replaced = tuple(word for word in self.store.overrides() if _is_replaced(word, made))
        picture = self._without_picture(face)
        word = self.store.add_override(made)
        self._steps.append(_Step(self._at, word, replaced, picture))
        self._at += 1
        return word

    def _closest(self, face: Doubt) -> str:
        """Whom the run found a face closest to, by their present name."""
        found = self.store.closest_on_record(face.sha256, face.box, self.run.summary.id)
        if found is None:
            raise BadArgument("The person whom this face is closest to is not in the gallery.", "Press w to name one.")
        return found

    def skip(self, face: Doubt) -> None:
        """Goes on to the next face without a word; this one still waits."""
        if self.current is face:
            self._steps.append(_Step(self._at))
            self._at += 1

    def undo(self) -> bool:
        """Takes the last word back, or goes back to the last face that was skipped; returns whether there was any."""
        if not self._steps:
            return False
        step = self._steps.pop()
        self._at = step.at
        if step.word is not None:
            self._take_back(step.word, step.replaced)
        if step.picture is not None:
            face = self.faces[step.at]
            self.store.put_review_crop(self.run.summary.id, face.place, face.number, step.picture)
        return True

    def discard_pictures(self) -> int:
        """Removes all pictures kept for the review of this run; returns how many there were."""
        found = self.store.drop_review_crops(self.run.summary.id)
        self.dropped = self.dropped or found > 0
        return found

    def face(self, doubt: Doubt) -> Look:
        """The picture of a face: cut out of the photo, or else the one that was kept."""
        why = ""
        for place in places(doubt.image.source, self.run.settings.base):
            try:
                return Look(self.crops.cut(str(place), doubt.sha256, doubt.box), "this face")
            except BadPhoto as error:
                why = why or error.message
        kept = self.store.review_crop(self.run.summary.id, doubt.place, doubt.number)
        if kept is None:
            return Look(None, f"{why} No picture was kept.")
        try:
            return Look(self.crops.opened(kept), "this face, as kept for the review")
        except BadPhoto as error:
            return Look(None, f"{why} {error.message}")

    def reference(self, doubt: Doubt) -> Look:
        """The picture of the reference that a face was compared with."""
        return reference_look(self.store, self.crops, doubt.face.decision.candidate)

    def _without_picture(self, face: Doubt) -> bytes | None:
        place = self.run.summary.id, face.place, face.number
        picture = self.store.review_crop(*place)
        if picture is not None:
            self.store.drop_review_crop(*place)
            self.dropped = True
        return picture

    def _take_back(self, word: Override, replaced: tuple[Override, ...]) -> None:
        try:
            self.store.remove_override(word.number)
        except UnknownName:  # somebody replaced it meanwhile; their word holds
            return
        for former in replaced:
            self.store.add_override(replace(former, number=0))


def _is_replaced(word: Override, by: Override) -> bool:
    return word.sha256 == by.sha256 and word.box.overlap(by.box) >= SAME_PLACE
