"""Reads ONNX files of networks whose weights may be block-quantised, as those of OpenCV's model zoo are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def read_graph(data: bytes) -> tuple[list[Any], Arrays]:
    """The nodes that compute something from the input, and all constants, with quantised ones multiplied out.

    Args:
        data: The file's bytes.

    Raises:
        ValueError: If they are no ONNX model, or its weights are quantised otherwise.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return _plain(onnx.load_model_from_string(data).graph)
    except (DecodeError, KeyError, IndexError) as error:
        raise ValueError("it is no ONNX model, or a damaged one") from error


def attributes(node: Any) -> dict[str, Any]:
    """What is said of a node, by name."""
    from onnx import helper

    return {one.name: helper.get_attribute_value(one) for one in node.attribute}


def _plain(graph: Any) -> tuple[list[Any], Arrays]:
    from onnx import numpy_helper

    if any(one.external_data or one.data_location for one in graph.initializer):
        raise ValueError("its weights are said to lie in other files")
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Constant":
            arrays[node.output[0]] = numpy_helper.to_array(attributes(node)["value"])
        elif node.op_type == "DequantizeLinear":
            arrays[node.output[0]] = _multiplied_out(node, arrays)
        elif node.op_type == "Reshape" and node.input[0] in arrays:
            arrays[node.output[0]] = arrays[node.input[0]].reshape(arrays[node.input[1]])
        else:
            nodes.append(node)
    return nodes, arrays


def _multiplied_out(node: Any, arrays: Arrays) -> NDArray[np.float32]:
    """(q - zero) · scale, with a zero and a scale for each block along one axis."""
    whole, scales, zeros = (arrays[name] for name in node.input)
    said = attributes(node)
    block, axis = said.get("block_size", 0), said.get("axis", 1)
    if not block or -(-whole.shape[axis] // block) != scales.shape[axis]:
        raise ValueError(f"the weights {node.input[0]} are not quantised in blocks")
    found = whole.astype(np.float32)
    if whole.shape[axis] % block:
        places = np.arange(whole.shape[axis]) // block
        found -= zeros.astype(np.float32).take(places, axis)
        found *= scales.take(places, axis)
        return found
    blocks = found.reshape(*whole.shape[:axis], scales.shape[axis], block, *whole.shape[axis + 1 :])
    blocks -= np.expand_dims(zeros.astype(np.float32), axis + 1)
    blocks *= np.expand_dims(scales, axis + 1)
    return found
