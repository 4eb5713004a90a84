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
        KeyboardInterrupt: If it is Ctrl-C.
    """
    from gallery.cli.boundary import heed
    from gallery.domain.errors import BadArgument

    if not sys.stdin.isatty():
        raise BadArgument(unasked, remedy)
    try:
        said = typer.confirm(question)
    except typer.Abort:
        heed()  # Ctrl-C, which is taken for a no
        raise
    except OSError:  # the terminal has gone
        raise BadArgument(unasked, remedy) from None
    if not said:
        raise typer.Abort


def agree(said: str, question: str, yes: bool, remedy: str) -> None:
    """Says what is doubtful, and asks whether it is to be done all the same; says it only, with `--yes`.

    Args:
        said: What is doubtful, in sentences; nothing is asked where it is empty.
        question: To be answered with yes or no.
        yes: Whether not to ask.
        remedy: What to do where nobody is at a terminal to answer.

    Raises:
        BadArgument: If nobody is at a terminal.
        typer.Abort: If the answer is no.
    """
    from gallery.cli.output import remark

    if said and not yes:
        confirm(f"{said} {question}", said, remedy)
    else:
        remark(said)
