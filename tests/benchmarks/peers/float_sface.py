"""Makes a float32 file of the block-quantised SFace: the same weights, in the form that its other users load.

    python float_sface.py QUANTISED TARGET

Each weight of the quantised file goes through a DequantizeLinear node (ONNX operator set 21: one scale for each block
along an axis), and is still listed as an input of the graph, which onnxruntime then asks for.
"""

from __future__ import annotations

import sys

import numpy as np
import onnx
from onnx import numpy_helper


def main() -> None:
    model = onnx.load(sys.argv[1])
    graph = model.graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type != "DequantizeLinear" or node.input[0] not in stored:
            kept.append(node)
            continue
        said = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        axis, block = said.get("axis", 1), said.get("block_size", 0)
        values, scale, *zero = (stored[name] for name in node.input)
        parts = [scale, *zero]
        if block:
            parts = [np.repeat(part, block, axis).take(range(values.shape[axis]), axis) for part in parts]
        elif scale.ndim == 1:
            parts = [part.reshape([-1 if place == axis else 1 for place in range(values.ndim)]) for part in parts]
        offset = parts[1].astype(np.float32) if zero else np.float32(0)
        weights = ((values.astype(np.float32) - offset) * parts[0]).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(weights, node.output[0]))
    used = {name for node in kept for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    names = {tensor.name for tensor in weights}
    inputs = [one for one in graph.input if one.name in used - names]
    for field, values in ((graph.node, kept), (graph.initializer, weights), (graph.input, inputs)):
        del field[:]
        field.extend(values)
    onnx.save(model, sys.argv[2])


if __name__ == "__main__":
    main()
