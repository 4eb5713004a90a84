"""Finds the files that travel with the program: `migrations/`, `models/registry.toml` and `models/cohorts/`.

In a checkout and an editable install they lie at the top of the repository, beside the package; an installed wheel
carries them inside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """The path of a file or folder that travels with the program.

    Args:
        parts: Its path from the top of the repository, such as `"models", "registry.toml"`.

    Raises:
        FileNotFoundError: If this installation is incomplete.
    """
    for root in (_PACKAGE / "_data", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"this installation of gallery lacks {'/'.join(parts)}; install it again")
