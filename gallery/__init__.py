"""Blurs every face in a photo but those of the people you enrolled, and records why each one stayed visible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gallery.api import AnonymisedImage, ByHand, Gallery, Options, Selection, load_detector, load_embedder

__version__ = "0.1.0"
__all__ = [
    "AnonymisedImage",
    "ByHand",
    "Gallery",
    "Options",
    "Selection",
    "__version__",
    "load_detector",
    "load_embedder",
]


def __getattr__(name: str) -> Any:
    """Brings the Python interface when it is first asked for, so that the command line starts without it."""
    if name in __all__:
        from gallery import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
