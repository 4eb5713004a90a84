"""The original notebook's network, built as the notebook builds it and with nothing from this project.

The tests hold the project's own construction and its reading of weights against this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def notebook_network() -> Any:
    """VGG-Face with zero-padding layers, 7×7 and 1×1 convolutions, dropout and a softmax at the end."""
    import keras
    from keras.layers import Activation, Convolution2D, Dropout, Flatten, MaxPooling2D, ZeroPadding2D

    def convolution(filters: int, size: tuple[int, int], **more: Any) -> Any:
        return Convolution2D(filters, size, kernel_initializer="zeros", **more)

    layers = [keras.Input((224, 224, 3))]
    for filters, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            layers += [ZeroPadding2D((1, 1)), convolution(filters, (3, 3), activation="relu")]
        layers.append(MaxPooling2D((2, 2), strides=(2, 2)))
    layers += [convolution(4096, (7, 7), activation="relu"), Dropout(0.5)]
    layers += [convolution(4096, (1, 1), activation="relu"), Dropout(0.5)]
    layers += [convolution(2622, (1, 1)), Flatten(), Activation("softmax")]
    return keras.Sequential(layers)


def fill(network: Any, seed: int) -> None:
    """Random weights under which neither the activations nor their variety die out (He et al. 2015)."""
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        if layer.weights:
            values = rng.standard_normal(layer.kernel.shape, dtype=np.float32)
            values *= np.sqrt(2 / np.prod(layer.kernel.shape[:-1]))
            layer.kernel.assign(values)
            layer.bias.assign(rng.standard_normal(layer.bias.shape, dtype=np.float32) * 0.1)


def describe(network: Any, chips: np.ndarray) -> np.ndarray:
    """The notebook's representation: the output of the layer before the softmax, `(N, 2622)`."""
    import keras
    from keras.applications.vgg16 import preprocess_input

    descriptor = keras.Model(network.layers[0].input, network.layers[-2].output)
    return np.asarray(descriptor(preprocess_input(chips.astype(np.float32)), training=False))


def save_legacy(network: Any, path: Path) -> None:
    """The weights in the layout that `save_weights` of Keras 2 gave a `.h5` file, layer names as there from 1 on."""
    counts: dict[str, int] = {}
    with h5py.File(path, "w") as file:
        names = []
        for layer in network.layers:
            kind = {"Conv2D": "conv2d", "ZeroPadding2D": "zero_padding2d"}.get(
                type(layer).__name__, type(layer).__name__.lower()
            )
            counts[kind] = counts.get(kind, 0) + 1
            name = f"{kind}_{counts[kind]}"
            names.append(name.encode())
            group = file.create_group(name)
            arrays = {f"{name}/kernel:0": layer.kernel, f"{name}/bias:0": layer.bias} if layer.weights else {}
            group.attrs["weight_names"] = [array.encode() for array in arrays]
            for array, variable in arrays.items():
                group.create_dataset(array, data=np.asarray(variable))
        file.attrs["layer_names"] = names
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.2.4"
