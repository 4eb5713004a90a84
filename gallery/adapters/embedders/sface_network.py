"""SFace's network, read from the ONNX file of OpenCV's model zoo, plain or block-quantised.

A chain of 27 convolutions (those of MobileNet, Howard et al. 2017), each with a batch normalisation and a parametric
rectifier, and a dense layer between two further normalisations. Normalisations multiply and add; that is folded into
the weights beside them, in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.litert.layers import Convolution, Dense, Layer
from gallery.adapters.onnx_file import Arrays, attributes, read_graph

INPUT = 112
"""Width and height of a chip in pixels."""


@dataclass(frozen=True)
class Network:
    """What is in the file.

    Attributes:
        shift: Is subtracted from each pixel, 0 to 255, RGB.
        scale: Is what the difference is multiplied by.
        layers: The chain.
    """

    shift: float
    scale: float
    layers: tuple[Layer, ...]


def read_network(data: bytes) -> Network:
    """Reads the network from the bytes of an ONNX file.

    Raises:
        ValueError: If it is another network, or none.
    """
    nodes, arrays = read_graph(data)
    try:
        return _network([node for node in nodes if node.op_type not in ("Dropout", "Flatten")], arrays)
    except (KeyError, IndexError) as error:
        raise ValueError("it does not hold SFace's network") from error


def _network(nodes: list[Any], arrays: Arrays) -> Network:
    kinds = [node.op_type for node in nodes]
    blocks = (len(nodes) - 5) // 3
    expected = ["Sub", "Mul", *["Conv", "BatchNormalization", "PRelu"] * blocks]
    if kinds != [*expected, "BatchNormalization", "Gemm", "BatchNormalization"]:
        raise ValueError("it does not hold SFace's network")
    convolutions = [_convolution(nodes[at : at + 3], arrays) for at in range(2, len(nodes) - 3, 3)]
    shape: tuple[int, ...] = (INPUT, INPUT, 3)
    for one in convolutions:
        shape = one.out(shape)
    dense = _dense(nodes[-3:], arrays, shape)
    shift, scale = (float(arrays[node.input[1]].ravel()[0]) for node in nodes[:2])
    return Network(shift, scale, (*convolutions, dense))


def _factors(node: Any, arrays: Arrays) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a batch normalisation multiplies each channel by, and then adds."""
    gamma, beta, mean, variance = (arrays[name].astype(np.float64) for name in node.input[1:5])
    factor = gamma / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
    return factor, beta - mean * factor


def _convolution(nodes: list[Any], arrays: Arrays) -> Convolution:
    node, normalisation, rectifier = nodes
    if len(node.input) != 2:
        raise ValueError("a convolution has a bias")
    said, kernel = attributes(node), arrays[node.input[1]]
    factor, bias = _factors(normalisation, arrays)
    scaled = np.asarray(kernel * factor[:, None, None, None], np.float32)
    depthwise = said.get("group", 1) > 1
    if depthwise and said["group"] != len(kernel):
        raise ValueError("a convolution has groups of several channels")
    return Convolution(
        np.ascontiguousarray(scaled.transpose(1, 2, 3, 0) if depthwise else scaled.transpose(0, 2, 3, 1)),
        bias.astype(np.float32),
        stride=said["strides"][0],
        padding=said["pads"][0],
        depthwise=depthwise,
        slopes=arrays[rectifier.input[1]].ravel().astype(np.float32),
    )


def _dense(nodes: list[Any], arrays: Arrays, shape: tuple[int, ...]) -> Dense:
    """The dense layer with the normalisations before and after it; the file has its inputs channels first."""
    before, node, after = nodes
    kernel, bias = (arrays[name] for name in node.input[1:3])
    if not attributes(node).get("transB"):
        raise ValueError("its last layer is turned round")
    height, width, channels = shape
    factor, summand = _factors(before, arrays)
    wide = kernel.reshape(len(kernel), channels, height * width)
    bias = bias + wide.sum(axis=2) @ summand
    last, added = _factors(after, arrays)
    ordered = np.ascontiguousarray(wide.transpose(0, 2, 1))
    ordered *= np.asarray(last[:, None] * factor, np.float32)[:, None]
    return Dense(ordered.reshape(len(kernel), -1), np.asarray(bias * last + added, np.float32))
