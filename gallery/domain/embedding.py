"""From what a network gives to an embedding that is stored and compared."""

from __future__ import annotations

import numpy as np

from gallery.domain.faces import Embeddings
from gallery.domain.models import EmbedderSpec, Normalisation


def finished(raw: Embeddings, spec: EmbedderSpec, mirrored: Embeddings | None = None) -> Embeddings:
    """Averages with the mirror image, scales to length one and centres, as far as the spec says.

    Averaging over a face and its mirror image takes away some of what depends on light and pose. Centring takes away
    what all faces have in common: the directions left are those in which people differ. What each is worth is measured
    by `gallery evaluate verification` (see README, "Figures").

    Args:
        raw: `(N, D) float32`, what the network gave.
        spec: What is to be done.
        mirrored: The same of the mirror images; needed where `spec.mirror` is set.

    Returns:
        `(N, D) float32`; of length one where the spec says `l2`. A vector without length stays one, and never matches.

    Raises:
        ValueError: If the mirror images are needed and missing.
    """
    if spec.normalisation is Normalisation.NONE:
        return raw
    unit = _unit(raw)
    if spec.mirror:
        if mirrored is None or mirrored.shape != raw.shape:
            raise ValueError("the embeddings of the mirror images are missing")
        unit = _unit(unit + _unit(mirrored))
    if spec.centre:
        unit = _unit(unit - np.asarray(spec.centre, np.float32))
    return unit


def _unit(vectors: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0), np.float32)
