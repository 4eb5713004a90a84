"""A second signal to stop ends the program within two seconds, whatever is at work.

Python hears a signal between two of its own instructions only: not in a long call of a library, and not while it waits
at its end for threads that are in one. The signal's number, however, is written to a pipe at once (`set_wakeup_fd`),
and a thread waits at its other end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Collection
from typing import NoReturn

from gallery.cli.exits import Exit

PATIENCE = 1.0
"""Seconds that are left after the second signal to stop in good order."""
_ENOUGH = 2


class Watch:
    """Waits for a second signal. There is one in a process."""

    def __init__(self) -> None:
        self._signals: frozenset[int] = frozenset()
        self._seen = 0
        self._round = 0
        self._reader: int | None = None

    def begin(self, signals: Collection[signal.Signals]) -> None:
        """Counts signals from now on; called in the main thread."""
        self._signals = frozenset(signals)
        self._seen = 0
        self._round += 1
        if self._reader is None:
            self._reader, writer = os.pipe()
            os.set_blocking(writer, False)
            signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
            threading.Thread(target=self._watch, args=(self._reader,), name="signals", daemon=True).start()

    def end(self) -> None:
        """Lets everything go its way."""
        self._round += 1

    def _watch(self, reader: int) -> None:
        while data := os.read(reader, 64):
            self._seen += sum(number in self._signals for number in data)
            if self._seen >= _ENOUGH:
                now = self._round
                time.sleep(PATIENCE)
                if now == self._round:
                    _end()
                self._seen = 0


def _end() -> NoReturn:
    """Ends the process. What is on record stays there, and what is unfinished is removed."""
    from gallery.domain.unfinished import remove_all

    remove_all()
    with contextlib.suppress(OSError):
        shown = b"\x1b[?25h" if os.isatty(2) else b""  # a progress bar hides the cursor
        os.write(2, shown + b"Interrupted.\n")
    os._exit(Exit.INTERRUPTED)


watch = Watch()
