"""Asking before something is done that somebody may not have meant."""

from __future__ import annotations

import sys

import typer


def confirm(question: str, unasked: str, remedy: str) -> None:
    """Asks, and leaves the command if the answer is no.

    Args:
        question: To be answered with yes or no.
        unasked: A sentence for where nobody is at a terminal to answer.
        remedy: What to do then.

    Raises:
        BadArgument: If nobody is at a terminal.
        typer.Abort: If the answer is no.
    """
    from gallery.domain.errors import BadArgument

    if not sys.stdin.isatty():
        raise BadArgument(unasked, remedy)
    typer.confirm(question, abort=True)
