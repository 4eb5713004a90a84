"""The network of Parkhi, Vedaldi and Zisserman 2015, "Deep Face Recognition" (BMVC), in Keras.

VGG-16 (configuration D of Simonyan and Zisserman 2014) with 2622 outputs, one for each person it was trained on. The
names of the layers are the paper's. Each convolution is 3×3, padded with one pixel of zeros, and followed by a
rectifier; so are `fc6` and `fc7`. Dropout, which the paper has after these two, does nothing outside training and is
left out, and so is the softmax after `fc8`.

The three last layers are dense. The paper and the original notebook write them as convolutions of 7×7 and 1×1, which
on an input of 224×224 is the same arithmetic in the same order, but 7 % slower here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.embedders.keras_weights import LayerShape, read_weights
from gallery.adapters.embedders.quiet_tensorflow import import_tensorflow
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import Embeddings

INPUT = 224
"""Width and height of a chip in pixels."""
OUTPUTS = 2622
"""Values of an embedding: people of the training set."""
MEAN_BGR = (103.939, 116.779, 123.68)
"""Subtracted from blue, green and red: the means over ImageNet, as `keras.applications.vgg16.preprocess_input` does.

The paper subtracts the mean of its own training set; the original notebook, whose thresholds are used, does this.
"""

LAYERS = (
    LayerShape("conv1_1", (3, 3, 3, 64)),
    LayerShape("conv1_2", (3, 3, 64, 64)),
    LayerShape("conv2_1", (3, 3, 64, 128)),
    LayerShape("conv2_2", (3, 3, 128, 128)),
    LayerShape("conv3_1", (3, 3, 128, 256)),
    LayerShape("conv3_2", (3, 3, 256, 256)),
    LayerShape("conv3_3", (3, 3, 256, 256)),
    LayerShape("conv4_1", (3, 3, 256, 512)),
    LayerShape("conv4_2", (3, 3, 512, 512)),
    LayerShape("conv4_3", (3, 3, 512, 512)),
    LayerShape("conv5_1", (3, 3, 512, 512)),
    LayerShape("conv5_2", (3, 3, 512, 512)),
    LayerShape("conv5_3", (3, 3, 512, 512)),
    LayerShape("fc6", (7, 7, 512, 4096), dense=True),
    LayerShape("fc7", (1, 1, 4096, 4096), dense=True),
    LayerShape("fc8", (1, 1, 4096, OUTPUTS), dense=True),
)
"""The layers with weights, in order."""
POOLED = ("conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3")
"""The layers whose outputs are halved by 2×2 maxima."""

Forward = Callable[[NDArray[np.uint8]], Embeddings]
"""From `(N, 224, 224, 3) uint8` RGB to `(N, 2622) float32`."""


def load_network(weights: Path, numbers: str = "float32") -> Forward:
    """The network with the weights of a file, ready to run.

    Args:
        weights: A file as `gallery.adapters.embedders.keras_weights` reads it.
        numbers: In which it computes: `float32` or `bfloat16`.

    Raises:
        ModelMissing: If there is no such file.
        ModelFailed: If it does not hold this network's weights, or TensorFlow cannot be loaded.
    """
    with closing(read_weights(weights, LAYERS)) as arrays:
        first = next(arrays)  # a wrong file is found out before TensorFlow is imported
        return _in_this_process(compiled(build_network(chain([first], arrays), numbers)))


def _in_this_process(forward: Forward) -> Forward:
    """Refuses in a forked child what would wait there for ever: TensorFlow's threads stay behind in the parent."""
    owner = os.getpid()

    def run(chips: NDArray[np.uint8]) -> Embeddings:
        if os.getpid() != owner:
            raise ModelFailed(
                "TensorFlow cannot be used in a process that was forked after it was loaded.",
                "Start processes by multiprocessing's method 'spawn', or load the model in them only.",
            )
        return forward(chips)

    return run


def build_network(arrays: Iterable[NDArray[np.float32]], numbers: str = "float32") -> Any:
    """The network as a `keras.Model`, from preprocessed `(N, 224, 224, 3) float32` to `(N, 2622)`.

    Args:
        arrays: For each of `LAYERS` its kernel and its bias. They are taken one by one while the layers are made, so
            that no weights are drawn only to be overwritten, and a second copy is in memory of one array at most.
        numbers: In which it computes: `float32` or `bfloat16`.
    """
    _, keras = import_tensorflow()
    given = _Given(arrays)
    chips = outputs = keras.Input((INPUT, INPUT, 3), dtype="float32")
    for layer in LAYERS:
        if layer.name == "fc6":
            outputs = keras.layers.Flatten(data_format="channels_last")(outputs)
        outputs = _layer(keras, layer, given, numbers)(outputs)
        if layer.name in POOLED:
            outputs = keras.layers.MaxPooling2D(2, strides=2, data_format="channels_last")(outputs)
    return keras.Model(chips, outputs, name="vgg_face")


def _layer(keras: Any, layer: LayerShape, given: _Given, numbers: str) -> Any:
    size, channels = layer.kernel[0], layer.kernel[-1]
    common = {
        "name": layer.name,
        "activation": None if layer is LAYERS[-1] else "relu",
        "kernel_initializer": given,
        "bias_initializer": given,
        "dtype": numbers,
    }
    if layer.dense:
        return keras.layers.Dense(channels, **common)
    return keras.layers.Conv2D(channels, size, padding="same", data_format="channels_last", **common)


class _Given:
    """An initialiser, as Keras calls it for each layer's kernel and then its bias, that hands out given arrays."""

    def __init__(self, arrays: Iterable[NDArray[np.float32]]) -> None:
        self._arrays = iter(arrays)

    def __call__(self, shape: Sequence[int], dtype: str = "float32") -> NDArray[np.float32]:
        array = next(self._arrays).astype(dtype, copy=False)
        if array.shape != tuple(shape):
            raise ValueError(f"Keras asked for weights of {tuple(shape)} where {array.shape} come next")
        return array


def compiled(network: Any) -> Forward:
    """A network made by `build_network` with its preprocessing, as one graph for batches of any size."""
    tf, _ = import_tensorflow()

    def prepared(rgb: Any) -> Any:
        bgr = tf.cast(rgb[..., ::-1], tf.float32) - tf.constant(MEAN_BGR, tf.float32)
        return network(bgr, training=False)

    chips_of_any_number = tf.TensorSpec((None, INPUT, INPUT, 3), tf.uint8)
    graph = tf.function(prepared, input_signature=[chips_of_any_number]).get_concrete_function()

    def forward(chips: NDArray[np.uint8]) -> Embeddings:
        return np.asarray(tf.cast(graph(tf.constant(chips)), tf.float32).numpy())

    return forward
