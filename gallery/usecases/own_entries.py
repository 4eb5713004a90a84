"""A user's own entries in the list of models: their weights files are the user's, never to be written to or deleted."""

from __future__ import annotations

from pathlib import Path

from gallery.domain.errors import BadArgument
from gallery.domain.ports import Registry, Weights


def require_nobodys(registry: Registry, weights: Weights, path: Path, done: str, sha256: str = "") -> None:
    """Checks that a file which is about to go is not that of a user's own entry, by whatever path or link.

    Args:
        registry: The list of models.
        weights: Their files on this machine.
        path: The file.
        done: What would be done to it, such as "deleted".
        sha256: Entries with this hash do not count: they get the file they want.

    Raises:
        BadArgument: If it is.
    """
    names = [name for name, card in registry.own().items() if card.sha256 != sha256 and weights.is_file_of(card, path)]
    if names:
        raise BadArgument(
            f"{path} would be {done}, and it is the weights file of {' and '.join(names)}, which you added.",
            "Move it out of there first, and add it anew from where it is then. To take the entry off the list, which "
            f"leaves the file: gallery models remove {names[0]}",
        )
