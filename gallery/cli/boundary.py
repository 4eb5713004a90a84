"""The one place where errors become a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from gallery.cli.exits import Exit
from gallery.domain.errors import GalleryError

DEBUG = "GALLERY_DEBUG"
"""Environment variable that `--debug` sets: errors then show their traceback."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        arguments: The words of the command line after the program's name; those of this process if None.

    Returns:
        The exit code.
    """
    from gallery.cli.app import app

    try:
        app(sys.argv[1:] if arguments is None else list(arguments), prog_name="gallery")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else Exit.OK
    except KeyboardInterrupt:
        return _say(Exit.INTERRUPTED, "Interrupted.")
    except BrokenPipeError:
        # Whoever read the output has had enough; Python would try to write the rest at shutdown, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except Exception as error:  # the boundary: whatever comes, one sentence and an exit code
        if os.environ.get(DEBUG):
            raise
        if isinstance(error, GalleryError):
            return _say(error.exit_code, f"Error: {error.message}", error.hint)
        return _say(
            Exit.FAILED,
            f"Error: unexpected {type(error).__name__}: {error}",
            "This is a defect of the program; 'gallery --debug …' shows where.",
        )
    return Exit.OK


def _say(code: int, *lines: str) -> int:
    for line in filter(None, lines):
        print(line, file=sys.stderr)  # noqa: T201
    return code
