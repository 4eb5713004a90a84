"""SFace's network read from ONNX files."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from gallery.adapters.embedders.sface_network import read_network
from gallery.bootstrap import Bootstrap

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def data():
    boot = Bootstrap.of()
    return boot.weights().verified(boot.registry().card("sface")).path.read_bytes()


def test_it_is_27_convolutions_and_a_dense_layer_of_128(data):
    network = read_network(data)
    assert len(network.layers) == 28
    assert network.layers[-1].kernel.shape == (128, 7 * 7 * 1024)
    assert (network.shift, network.scale) == (127.5, 0.0078125)


def test_weights_that_are_not_quantised_are_read_alike(data):
    """The file that the quantised one was made from has its weights as they are."""
    model = onnx.load_model_from_string(data)
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    plain, kept = [], []
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear":
            whole, scales, zeros = (arrays[name].astype(np.float32) for name in node.input)
            axis, block = (next(a.i for a in node.attribute if a.name == name) for name in ("axis", "block_size"))
            wide = (np.repeat(part, block, axis) for part in (zeros, scales))
            arrays[node.output[0]] = (whole - next(wide)) * next(wide)
        elif node.op_type == "Reshape" and node.input[0] in arrays:
            shaped = arrays[node.input[0]].reshape(arrays[node.input[1]])
            plain.append(numpy_helper.from_array(shaped, node.output[0]))
        else:
            kept.append(node)
    names = {name for node in kept for name in node.input}
    plain += [
        numpy_helper.from_array(arrays[name], name) for name in names & arrays.keys() - {one.name for one in plain}
    ]
    graph = helper.make_graph(kept, "plain", model.graph.input, model.graph.output, plain)
    found = read_network(helper.make_model(graph).SerializeToString())
    for one, other in zip(found.layers, read_network(data).layers, strict=True):
        assert np.array_equal(one.kernel, other.kernel)
        assert np.array_equal(one.bias, other.bias)


@pytest.mark.parametrize("damage", ["another network", "cut", "nothing", "no blocks", "elsewhere"])
def test_another_file_is_refused(data, damage):
    model = onnx.load_model_from_string(data)
    if damage == "another network":
        del model.graph.node[-1]
        bad = model.SerializeToString()
    elif damage == "elsewhere":
        model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
        bad = model.SerializeToString()
    elif damage == "no blocks":
        for node in model.graph.node:
            for attribute in list(node.attribute):
                if attribute.name == "block_size":
                    attribute.i = 7
        bad = model.SerializeToString()
    else:
        bad = data[:100_000] if damage == "cut" else b""
    with pytest.raises(ValueError, match=r"\S"):
        read_network(bad)
