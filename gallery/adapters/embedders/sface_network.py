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

INPUT = 112
"""Width and height of a chip in pixels."""
Arrays = dict[str, NDArray[Any]]


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
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
        nodes, arrays = _plain(model.graph)
        return _network(nodes, arrays)
    except (DecodeError, KeyError, IndexError, StopIteration) as error:
        raise ValueError("it does not hold SFace's network") from error


def _plain(graph: Any) -> tuple[list[Any], Arrays]:
    """The nodes that compute something from the picture, and all constants, with quantised ones multiplied out."""
    from onnx import numpy_helper

    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant":
            arrays[node.output[0]] = numpy_helper.to_array(_attributes(node)["value"])
        elif node.op_type == "DequantizeLinear":
            arrays[node.output[0]] = _multiplied_out(node, arrays)
        elif node.op_type == "Reshape" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]].reshape(arrays[node.input[1]])
        elif node.op_type not in ("Dropout", "Flatten"):
            nodes.append(node)
    return nodes, arrays


def _multiplied_out(node: Any, arrays: Arrays) -> NDArray[np.float32]:
    """(q - zero) · scale, with a zero and a scale for each block along one axis."""
    whole, scales, zeros = (arrays[name] for name in node.input)
    said = _attributes(node)
    block, axis = said.get("block_size", 0), said.get("axis", 1)
    if not block or whole.shape[axis] != block * scales.shape[axis]:
        raise ValueError(f"the weights {node.input[0]} are not quantised in whole blocks")
    blocks = (*whole.shape[:axis], scales.shape[axis], block, *whole.shape[axis + 1 :])
    found = whole.reshape(blocks).astype(np.float32)
    found -= np.expand_dims(zeros, axis + 1).astype(np.float32)
    found *= np.expand_dims(scales, axis + 1)
    return found.reshape(whole.shape)


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


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
    factor = gamma / np.sqrt(variance + _attributes(node).get("epsilon", 1e-5))
    return factor, beta - mean * factor


def _convolution(nodes: list[Any], arrays: Arrays) -> Convolution:
    node, normalisation, rectifier = nodes
    if len(node.input) != 2:
        raise ValueError("a convolution has a bias")
    said, kernel = _attributes(node), arrays[node.input[1]]
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
    if not _attributes(node).get("transB"):
        raise ValueError("its last layer is turned round")
    height, width, channels = shape
    factor, summand = _factors(before, arrays)
    wide = kernel.reshape(len(kernel), channels, height * width)
    bias = bias + np.einsum("ocp,c->o", wide, summand)
    last, added = _factors(after, arrays)
    ordered = np.ascontiguousarray(wide.transpose(0, 2, 1))
    ordered *= np.asarray(last[:, None] * factor, np.float32)[:, None]
    return Dense(ordered.reshape(len(kernel), -1), np.asarray(bias * last + added, np.float32))
