"""The conversation of a review: a face is shown, a key is pressed, a word is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gallery.cli.review_screen import NOTE, WHOM, Screen
from gallery.domain.deciding import Verdict
from gallery.domain.errors import BadArgument, UnknownName

if TYPE_CHECKING:
    from gallery.domain.review_ports import Keyboard
    from gallery.domain.reviewing import Doubt
    from gallery.usecases.review import Review

_ENTER, _BACK, _ESCAPE, _CLEAR = ("\r", "\n"), ("\x7f", "\b"), "\x1b", "\x15"
_VERDICTS = {"k": Verdict.KEEP, "b": Verdict.BLUR}


class Talk:
    """Steps through the faces of a review.

    Args:
        review: The review.
        keyboard: What keys come from.
        screen: What shows the faces.
        note: What goes with every decision that has no note of its own.
    """

    def __init__(self, review: Review, keyboard: Keyboard, screen: Screen, note: str = "") -> None:
        self._review, self._keyboard, self._screen = review, keyboard, screen
        self._usual, self._notes = note, dict[tuple[int, int], str]()
        self._whom = dict[tuple[int, int], str]()
        self._message, self._said_what_keeping_means = "", False

    def hold(self) -> None:
        """Until the last face is decided, or somebody quits.

        Raises:
            EOFError: If the terminal has gone.
        """
        while True:
            face = self._review.current
            if face is None:
                if not self._goes_back():
                    return
                continue
            self._screen.face(self._review, face, self._note(face), self._message, self._whom.get(_place(face), ""))
            self._message = ""
            key = self._pressed()
            if key == "q":
                return
            self._obey(key, face)

    def _pressed(self) -> str:
        """A key that was pressed after what is shown now was there to be seen: none that was typed ahead."""
        self._keyboard.forget()
        return self._keyboard.key().lower()

    def _obey(self, key: str, face: Doubt) -> None:
        """Does what a key says.

        Args:
            key: Its character.
            face: The face that was shown; what is decided is decided on no other.
        """
        if key in _VERDICTS:
            self._decide(_VERDICTS[key], face)
        elif key == "s":
            self._review.skip(face)
        elif key == "u":
            self._undo()
        elif key == "n":
            self._notes[_place(face)] = self._typed(self._note(face))
        elif key == "w":
            self._whom[_place(face)] = self._typed(self._whom.get(_place(face), ""), WHOM)
        elif key == "?":
            self._screen.help()
            self._keyboard.key()
        elif key:
            self._message = "That key does nothing; ? shows those that do."

    def _goes_back(self) -> bool:
        """After the last face: whether somebody takes the last word back."""
        if not (self._review.decided or self._review.skipped):
            return False
        self._screen.last(self._review, self._message)
        self._message = ""
        return self._pressed() == "u" and self._undo()

    def _decide(self, verdict: Verdict, face: Doubt) -> None:
        from gallery.usecases.overrides import Overridden

        try:
            word = self._review.decide(face, verdict, self._note(face), self._whom.get(_place(face)) or None)
        except (BadArgument, UnknownName) as error:
            self._message = error.text
            return
        if word is None:
            self._message = "Somebody decided on that face meanwhile; this is the next."
            return
        done = f"Kept for {word.keeps}" if verdict is Verdict.KEEP else "Blurred"
        self._message = f"{done}: face {face.number} of the photo before."
        remark = Overridden(word, face.number, len(face.image.faces)).remark
        if remark and not self._said_what_keeping_means:
            self._said_what_keeping_means = True
            self._message = f"Kept. {remark}"

    def _undo(self) -> bool:
        done = self._review.undo()
        self._message = "Taken back." if done else "There is nothing to take back."
        return done

    def _note(self, face: Doubt) -> str:
        """What was typed for that face, even before its decision was taken back; else what goes with every decision."""
        return self._notes.get(_place(face), self._usual)

    def _typed(self, so_far: str, prompt: str = NOTE) -> str:
        """A line that begins with what was typed so far; that itself where it is given up with Escape."""
        typed = so_far
        while True:
            self._screen.prompt(typed, prompt)
            key = self._keyboard.key()
            if key in _ENTER:
                return typed.strip()  # what was pasted behind it is forgotten before the next key
            if key == _ESCAPE:
                return so_far
            if key in _BACK:
                typed = typed[:-1]
            elif key == _CLEAR:
                typed = ""
            elif key.isprintable():
                typed += key


def _place(face: Doubt) -> tuple[int, int]:
    return face.place, face.number
