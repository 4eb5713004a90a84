"""Asks somebody who sits at a terminal for what nobody else may read."""

from __future__ import annotations

import getpass
import sys
import warnings
from collections.abc import Callable

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
