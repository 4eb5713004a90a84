"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the program says to the shell."""

    OK = 0
    """All went well."""
    FAILED = 1
    """Nothing came of it."""
    USAGE = 2
    """The command was not understood, or a value makes no sense."""
    PARTLY = 3
    """Finished, but some inputs failed, were rejected or wait for review."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C (128 + SIGINT, as shells have it)."""
