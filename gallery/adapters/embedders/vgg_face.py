"""VGG-Face (Parkhi et al. 2015), the project's first embedder, run by TensorFlow. See `models/vgg-face.md`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.embedders.vgg_face_network import INPUT, OUTPUTS, Forward, load_network
from gallery.domain.errors import BadArgument, GalleryError, ModelFailed
from gallery.domain.faces import Embeddings, require_chips
from gallery.domain.models import ModelCard, Normalisation

BATCH = 16
"""Faces that go through the network together. 32 would be 1 to 2 % faster and take 440 MB more."""


class VggFace:
    """The embedder with 2622 values per face, those of the layer `fc8` before the softmax.

    Args:
        card: Its entry in the registry.
        weights: Path of the weights, as `gallery.adapters.embedders.keras_weights` reads them.
        load: Makes the network from the weights; tests give a small one.

    Raises:
        BadArgument: If the card describes another network.
        ModelMissing: If there is no such file.
        ModelFailed: If the file does not hold this network's weights, or TensorFlow cannot be loaded.
    """

    def __init__(self, card: ModelCard, weights: Path, load: Callable[[Path], Forward] = load_network) -> None:
        if card.spec.input_size != (INPUT, INPUT) or card.spec.dimension != OUTPUTS:
            raise BadArgument(
                f"The model {card.name} is described with chips of {card.spec.input_size} and {card.spec.dimension} "
                f"values; the architecture vgg-face has ({INPUT}, {INPUT}) and {OUTPUTS}.",
                "Correct its entry in the registry.",
            )
        self.card = card
        try:
            self._forward = load(weights)
        except GalleryError:
            raise
        except Exception as error:  # TensorFlow's errors have no base class but this one
            raise self._failed(error) from error

    def embed(self, chips: NDArray[np.uint8]) -> Embeddings:
        """Embeds faces.

        Args:
            chips: `(N, 224, 224, 3) uint8` RGB.

        Returns:
            `(N, 2622) float32`; as they are, or of length one where the card says `l2`.

        Raises:
            ValueError: If the chips have another shape or type.
            ModelFailed: If TensorFlow reports an error, or gives values that are not finite numbers.
        """
        require_chips(chips, (INPUT, INPUT))
        embeddings = np.empty((len(chips), OUTPUTS), np.float32)
        for start in range(0, len(chips), BATCH):
            embeddings[start : start + BATCH] = self._run(chips[start : start + BATCH])
        if self.card.spec.normalisation is Normalisation.L2:
            with np.errstate(invalid="ignore"):  # a vector of length zero is found out below
                embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        if not np.isfinite(embeddings).all():
            raise self._failed("it gave values that are not finite numbers")
        return embeddings

    def _run(self, chips: NDArray[np.uint8]) -> Embeddings:
        try:
            return self._forward(chips)
        except GalleryError:
            raise
        except Exception as error:  # TensorFlow's errors have no base class but this one
            raise self._failed(error) from error

    def _failed(self, why: object) -> ModelFailed:
        first = (str(why).strip().splitlines() or [type(why).__name__])[0]
        return ModelFailed(
            f"The embedder {self.card.name} cannot do its work: {first.rstrip('.')}.",
            "Check its file with 'gallery models verify', and that 3 GB of memory are free.",
        )
