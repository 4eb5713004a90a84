"""What embedders of aligned faces have in common: chips are checked, mirrored, and their embeddings finished."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gallery.domain.embedding import finished
from gallery.domain.faces import Embeddings, require_chips
from gallery.domain.models import EmbedderSpec


def embedded(
    chips: NDArray[np.uint8], spec: EmbedderSpec, run: Callable[[NDArray[np.uint8]], Embeddings]
) -> Embeddings:
    """Embeds chips and, where the spec says so, their mirror images.

    Args:
        chips: `(N, height, width, 3) uint8` RGB, of the spec's input size.
        spec: The embedder's.
        run: Gives `(N, D) float32`, what the network itself makes of chips, in their order; never called without any.

    Returns:
        `(N, D) float32`, finished as the spec says (see `gallery.domain.embedding`).

    Raises:
        WrongType: If the chips are no array.
        ValueError: If the chips have another shape or type.
    """
    require_chips(chips, spec.input_size)
    if not len(chips):
        return np.zeros((0, spec.dimension), np.float32)
    if not spec.mirror:
        return finished(run(chips), spec)
    raw = run(np.concatenate([chips, chips[:, :, ::-1]]))
    return finished(raw[: len(chips)], spec, raw[len(chips) :])
