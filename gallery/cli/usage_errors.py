"""Sentences about words of the command line that make no sense, without what a library puts before them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

_LIBRARYS_OWN = "Value error, "
"""What Pydantic, by which Typer reads values, puts before the sentence for a word that is none of those allowed."""


class PlainUsage(TyperGroup):
    """The program's outermost group of commands: whatever is wrong with the words given to any of them passes here."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command.

        Raises:
            typer.BadParameter: If a value makes no sense.
        """
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_LIBRARYS_OWN)
            raise
