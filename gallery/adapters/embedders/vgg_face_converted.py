"""VGG-Face in eight bits, run by LiteRT: 45 ms per face on two cores and 360 MB, from the first face on.

The weights are quantised once, from the file with the hash on record, and kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.cores import usable_cores
from gallery.adapters.embedders.keras_weights import read_weights
from gallery.adapters.embedders.vgg_face_network import INPUT, LAYERS, MEAN_BGR, POOLED, Forward
from gallery.adapters.litert.interpreters import Interpreters
from gallery.adapters.litert.layers import Convolution, Dense, Layer, MaxPool
from gallery.adapters.litert.model_file import model_file
from gallery.domain.faces import Embeddings


def convert(weights: Path) -> NDArray[np.uint8]:
    """The bytes of the LiteRT model of a weights file.

    Args:
        weights: As `gallery.adapters.embedders.keras_weights` reads it.

    Raises:
        ModelMissing: If there is no such file.
        ModelFailed: If it does not hold this network's weights.
    """
    with closing(read_weights(weights, LAYERS)) as arrays:
        return model_file(layers(arrays), (INPUT, INPUT, 3), int8=True)


def layers(arrays: Iterable[NDArray[np.float32]]) -> Iterator[Layer]:
    """The network as LiteRT has it: output channels first.

    Args:
        arrays: For each of `LAYERS` its kernel and its bias, as Keras has them; taken one by one.
    """
    given = iter(arrays)
    for layer in LAYERS:
        kernel, bias, rectified = next(given), next(given), layer is not LAYERS[-1]
        if layer.dense:
            yield Dense(kernel.T, bias, rectified)
        else:
            yield Convolution(kernel.transpose(3, 0, 1, 2), bias, padding=1, rectified=rectified)
        if layer.name in POOLED:
            yield MaxPool()


def load_converted(model: Path) -> Forward:
    """The converted network, ready to run.

    Args:
        model: What `convert` made. It is mapped into memory and must stay where it is.

    Raises:
        ValueError: If LiteRT cannot read it.
    """
    interpreters, mean = Interpreters(model, 1, usable_cores()), np.array(MEAN_BGR, np.float32)

    def forward(chips: NDArray[np.uint8]) -> Embeddings:
        return interpreters.run(chips[..., ::-1] - mean)

    return forward
