"""Groups of commands of which one may be left out."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


def group_with(default: str, bare: bool = False) -> type[TyperGroup]:
    """A group that takes what is not the name of one of its commands for the beginning of the default command's.

    Args:
        default: That command's name.
        bare: Whether no words at all mean that command, too; else they mean help.
    """

    class WithDefault(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            known = {*self.commands, *ctx.help_option_names}
            left_out = args[0] not in known if args else bare
            return super().parse_args(ctx, [default, *args] if left_out else args)

    return WithDefault
