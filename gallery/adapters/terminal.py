"""Somebody who sits at a terminal: asks for what nobody else may read, and takes single keys."""

from __future__ import annotations

import getpass
import os
import select
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gallery.domain.errors import BadArgument


def asker() -> Callable[[str], str] | None:
    """What asks for a secret; None where there is no terminal."""
    return ask_secret if sys.stdin is not None and sys.stdin.isatty() else None


def ask_secret(prompt: str) -> str:
    """Asks for a line, which the terminal does not show.

    Raises:
        BadArgument: If the terminal cannot hide it, or the input has ended.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except (getpass.GetPassWarning, EOFError) as error:
            raise BadArgument(
                "No key was given: this terminal cannot hide what is typed, or its input has ended.",
                "Put the key into the environment variable GALLERY_KEY.",
            ) from error


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Keys as they are pressed, not shown by the terminal, which is as it was before when this ends, however it does.

    Ctrl-C still interrupts.

    Raises:
        BadArgument: If there is no terminal.
    """
    if not (sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()):
        raise _no_terminal()
    try:
        import termios
    except ImportError:  # not a Unix
        raise _no_terminal() from None
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    incoming, outgoing, control, local, *speeds, characters = before
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    single = [incoming, outgoing, control, local & ~(termios.ECHO | termios.ICANON), *speeds, characters]
    try:
        termios.tcsetattr(handle, termios.TCSADRAIN, single)
        yield Keys(handle)
    finally:
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(handle, termios.TCSADRAIN, before)


class Keys:
    """Reads keys from a terminal in that state; implements `gallery.domain.review_ports.Keyboard`.

    Args:
        handle: The terminal's.
    """

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def key(self) -> str:
        """Waits for one key, and returns its character; empty for a key that has none.

        Raises:
            EOFError: If the terminal has gone.
        """
        first = self._byte()
        if first == _ESCAPE:
            return "" if self._rest_of_sequence() else "\x1b"
        character = first
        for _ in range(_FOLLOWING.get(first[0] >> 4, 0)):
            character += self._byte()
        return character.decode(errors="replace")

    def forget(self) -> None:
        """Forgets the keys that were pressed so far, and those that follow at once.

        Nobody decides on a face that they have not looked at: a key that comes sooner than that was pressed twice, held
        down or pasted.
        """
        while select.select([self._handle], [], [], _TOO_SOON)[0]:
            self._byte()

    def _byte(self) -> bytes:
        try:
            found = os.read(self._handle, 1)
        except OSError as error:
            raise EOFError from error
        if not found:
            raise EOFError
        return found

    def _rest_of_sequence(self) -> bool:
        """Reads what an arrow or a function key sends after the escape; it comes at once, unlike the next key."""
        found = False
        while select.select([self._handle], [], [], _AT_ONCE)[0]:
            found = True
            if self._byte() not in _GOES_ON:
                break
        return found


_ESCAPE = b"\x1b"
_TOO_SOON = 0.25
"""Seconds in which nobody has looked at a face and decided; a held key repeats about every 0.03 s."""
_AT_ONCE = 0.05  # seconds, over a slow line, too
_GOES_ON = [bytes([code]) for code in b"[O0123456789;?"]
_FOLLOWING = {0b1100: 1, 0b1101: 1, 0b1110: 2, 0b1111: 3}
"""Bytes that follow in UTF-8 (RFC 3629), by the upper half of the first."""


def _no_terminal() -> BadArgument:
    return BadArgument(
        "A review needs a terminal, to show faces and to press keys in.",
        "Without one, decide on single faces: gallery override IMAGE --face N keep|blur",
    )
