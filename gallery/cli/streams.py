"""Standard streams that are closed, full, or read by nobody: what cannot be printed never stops the work."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from gallery.cli.exits import Exit

_NAMES = ("stdin", "stdout", "stderr")


class _Forgiving(io.FileIO):
    """Takes everything, whether it can be written or not."""

    lost = False

    def write(self, data: Any) -> int:
        """Writes all there is, or notes that something was lost."""
        left = memoryview(data).cast("B")
        whole = len(left)
        while left and not self.lost:
            try:
                done = super().write(left)
                if done is None:  # whoever made the stream lets nobody wait for it
                    select.select([], [self], [])
                    continue
                left = left[done:]
            except OSError:
                self.lost = True
        return whole


class Streams:
    """The process's own output, as far as it can be written."""

    def __init__(self) -> None:
        self._raw: list[_Forgiving] = []

    @property
    def lost(self) -> bool:
        """Whether something could not be printed."""
        return any(raw.lost for raw in self._raw)

    def code(self, code: int) -> int:
        """The exit code, which tells if all went well but for the printing."""
        return Exit.FAILED if self.lost and code == Exit.OK else code

    def forgiving(self, stream: TextIO) -> TextIO:
        """Another stream to the same place."""
        raw = _Forgiving(stream.fileno(), "w", closefd=False)
        self._raw.append(raw)
        buffered = io.BufferedWriter(raw)
        at_once = stream.isatty() or stream is sys.__stderr__
        # a terminal that cannot show a character shows its number instead
        return io.TextIOWrapper(buffered, stream.encoding, "backslashreplace", line_buffering=at_once)


@contextlib.contextmanager
def forgiving_streams() -> Iterator[Streams]:
    """Standard output and error, where they are the process's own, take everything while it lasts."""
    _reopen_closed()
    streams = Streams()
    before = sys.stdout, sys.stderr
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, streams.forgiving(stream))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield streams
    finally:
        for stream in {sys.stdout, sys.stderr} - set(before):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = before


def _reopen_closed() -> None:
    """Puts something in the place of streams that were closed by whoever started the program.

    The next file that is opened, the gallery perhaps, would have the number of a standard stream otherwise, and what
    is printed would be written into it (https://www.sqlite.org/howtocorrupt.html, section 2.1). Nothing can be written
    to what is put there, so that the exit code says so.
    """
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            stream = open(number, "r" if name == "stdin" else "w", closefd=False, encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
