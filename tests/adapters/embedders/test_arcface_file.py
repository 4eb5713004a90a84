"""ONNX files of ArcFace's form: what is refused, each with a reason of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

import arcface_files
from gallery.adapters.embedders.arcface_file import read_network
from gallery.domain.errors import ModelFailed


def refusal(model: ModelProto | bytes) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        read_network(model if isinstance(model, bytes) else model.SerializeToString())
    said = str(caught.value)
    assert "\n" not in said
    assert not said.endswith(".")
    return said


@pytest.fixture
def model() -> ModelProto:
    return arcface_files.made(blocks=(1,), width=2, dimension=5)


@pytest.mark.parametrize("batch", [1, "None", "batch"])
def test_one_picture_at_a_time_whether_the_file_takes_more_or_not(batch):
    found = read_network(arcface_files.made((1,), 2, 5, picture=(batch, 3, 112, 112)).SerializeToString())
    assert found.run(np.zeros((1, 3, 112, 112), np.float32)).shape == (5,)


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ((1, 112, 112, 3), "its input is 1×112×112×3 instead of 1×3×112×112"),
        ((1, 1, 112, 112), "its input is 1×1×112×112 instead of 1×3×112×112"),
        ((1, 3, 224, 224), "its input is 1×3×224×224 instead of 1×3×112×112"),
        (("None", 3, 160, 160), "its input is ?×3×160×160 instead of 1×3×112×112"),
        ((3, 112, 112), "its input is 3×112×112 instead of 1×3×112×112"),
        ((), "its input is nothing instead of 1×3×112×112"),
        (("n", 3, "height", "width"), "its input is ?×3×?×?, which leaves open"),
        (("n", "c", 112, 112), "its input is ?×?×112×112, which leaves open"),
        ((0, 3, 112, 112), "it takes 0 pictures at a time instead of one"),
        ((8, 3, 112, 112), "it takes 8 pictures at a time instead of one"),
    ],
)
def test_another_input(picture, said):
    assert refusal(arcface_files.made((1,), 2, 5, picture=picture)).startswith(said)


def test_an_input_of_whole_numbers(model):
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    assert refusal(model) == "its input is not of 32-bit floating point numbers"


def test_two_inputs(model):
    model.graph.input.append(arcface_files.value("margin", (1,)))
    assert refusal(model) == "it has 2 inputs instead of one picture"


def test_constants_may_be_listed_as_inputs_as_old_files_do(model):
    for constant in model.graph.initializer:
        model.graph.input.append(arcface_files.value(constant.name, constant.dims))
    assert read_network(model.SerializeToString()).name == "input.1"


@pytest.mark.parametrize("count", [0, 2, 3])
def test_other_than_one_output(model, count):
    del model.graph.output[:]
    model.graph.output.extend(arcface_files.value(f"n{number}", ()) for number in range(count))
    assert refusal(model) == f"it has {count} outputs instead of one embedding"


def in_another_file(tensor: TensorProto) -> None:
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def as_initializer(model: ModelProto) -> None:
    in_another_file(model.graph.initializer[0])


def as_sparse(model: ModelProto) -> None:
    in_another_file(model.graph.sparse_initializer.add().values)


def as_constant(model: ModelProto) -> None:
    node = helper.make_node("Constant", [], ["aside"], value=numpy_helper.from_array(np.zeros(1, np.float32)))
    in_another_file(node.attribute[0].t)
    model.graph.node.append(node)


def within_a_branch(model: ModelProto) -> None:
    branch = helper.make_graph([], "branch", [], [arcface_files.value("aside", (1,))])
    in_another_file(branch.initializer.add(name="aside"))
    model.graph.node.append(helper.make_node("If", ["c0"], ["chosen"], then_branch=branch, else_branch=branch))


def within_a_function(model: ModelProto) -> None:
    node = helper.make_node("Constant", [], ["aside"], value=numpy_helper.from_array(np.zeros(1, np.float32)))
    in_another_file(node.attribute[0].t)
    model.functions.add(name="f", domain="own").node.append(node)


@pytest.mark.parametrize("hide", [as_initializer, as_sparse, as_constant, within_a_branch, within_a_function])
def test_weights_that_lie_elsewhere(model, hide: Callable[[ModelProto], None]):
    hide(model)
    assert refusal(model) == "its weights are said to lie in other files"


@pytest.mark.parametrize("kind", ["Sub", "Mul", "Div", "Add"])
@pytest.mark.parametrize("after", [None, "Identity"])
def test_a_network_that_prepares_the_pixels_itself(model, kind, after):
    first, name = model.graph.node[0], "input.1"
    if after:
        model.graph.node.insert(0, helper.make_node(after, [name], ["same"]))
        name = "same"
    model.graph.initializer.append(numpy_helper.from_array(np.float32(127.5), "middle"))
    model.graph.node.insert(len(model.graph.node[: 1 if after else 0]), helper.make_node(kind, [name, "middle"], ["p"]))
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    first.input[0] = "p"
    assert refusal(model) == (
        f"it prepares the pixels itself, which this architecture does, too: its input goes into {kind} first"
    )


@pytest.mark.parametrize("data", [b"", b"some text, or a page of a site", bytes(5000), b"\x08\x07"])
def test_no_onnx(data):
    assert refusal(data) == "it is no ONNX model, or a damaged one"


def test_a_file_cut_short(model):
    data = model.SerializeToString()
    for length in (10, len(data) // 2, len(data) - 3):
        assert refusal(data[:length])


def test_an_operator_nobody_knows(model):
    model.graph.node[3].op_type = "Surprise"
    assert "Surprise" in refusal(model)


@pytest.mark.parametrize("shape", [(1, 5, 1, 1), (5,)])
def test_an_output_that_is_no_row(model, shape):
    model.graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), "shape"))
    model.graph.node.append(helper.make_node("Reshape", ["embedding", "shape"], ["reshaped"]))
    del model.graph.output[:]
    model.graph.output.append(arcface_files.value("reshaped", ("a",)))
    with pytest.raises(ValueError, match="instead of one row of values"):
        read_network(model.SerializeToString()).run(np.zeros((1, 3, 112, 112), np.float32))


def test_without_the_extra_it_is_named(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelFailed) as caught:
        read_network(model.SerializeToString())
    assert "onnxruntime" in caught.value.message
    assert "pip install" in caught.value.hint
    assert "onnxruntime" in caught.value.hint


def test_what_is_made_for_tests_is_valid(model):
    onnx.checker.check_model(model)
