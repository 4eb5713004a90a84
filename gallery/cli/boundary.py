"""The one place where errors become a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from gallery.cli.exits import Exit
from gallery.cli.second_signal import watch
from gallery.cli.streams import forgiving_streams
from gallery.domain.errors import BadArgument, GalleryError

DEBUG = "GALLERY_DEBUG"
"""Environment variable that `--debug` sets: errors then show their traceback."""


PHOTOS_IN_HAND = "Finishing the photos in hand; interrupt again to stop at once."
"""What is said at the first signal while photos are being written."""

_stopping = threading.Event()
"""Set once a signal asked the program to stop."""


_patient = threading.Event()
"""Set while what is in hand is finished first."""


@contextmanager
def finishing_first(said: str) -> Iterator[Callable[[], bool]]:
    """While it lasts, the first signal to stop only says so, and the second stops at once.

    Args:
        said: What is said at the first.

    Yields:
        Whether the program is to stop.
    """
    _said[0] = said.encode() + b"\n"
    _patient.set()
    try:
        yield _stopping.is_set
    finally:
        _patient.clear()


_said = [b""]


def heed() -> None:
    """Stops here if a signal asked for it.

    The exception that a signal raises is lost when it comes while Python runs a finaliser or a callback that may not
    raise; so what goes on for long asks now and then.

    Raises:
        KeyboardInterrupt: If the program is to stop.
    """
    if _stopping.is_set():
        raise KeyboardInterrupt


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        arguments: The words of the command line after the program's name; those of this process if None.

    Returns:
        The exit code.
    """
    with forgiving_streams() as streams:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        if arguments is not None:
            watch.end()  # the process goes on; otherwise it may have to wait for threads at its end
    return streams.code(code)


def _run(words: list[str]) -> int:
    try:
        _stopping.clear()
        _stop_on(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if "" in words:
            # An empty path would mean the current folder, and is most often a variable that was never set.
            raise BadArgument("One of the arguments is empty.", "A name or a path needs at least one character.")
        from gallery.cli.app import app_for
        from gallery.cli.output import showing_warnings

        with showing_warnings():
            app_for(words)(words, prog_name="gallery")
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


def _stop_on(*signals: signal.Signals) -> None:
    """Makes those signals end a run as Ctrl-C does: the photo in hand is taken back, and the run is marked."""
    if threading.current_thread() is not threading.main_thread():
        return

    def stop(_number: int, _frame: object) -> None:
        if _patient.is_set() and not _stopping.is_set():
            _stopping.set()
            with suppress(OSError):
                os.write(2, _said[0])  # printing from a signal's handler is not safe
            return
        _stopping.set()
        raise KeyboardInterrupt

    for number in signals:
        signal.signal(number, stop)
    watch.begin(signals)


def _say(code: int, *lines: str) -> int:
    for line in filter(None, lines):
        print(line, file=sys.stderr)  # noqa: T201
    return code
