"""ONNX files of ArcFace's form: one 112×112 picture in, one embedding out, whatever the network between.

What the file declares is checked before anything of it is run, so that a file of another form is refused with the
reason, and never run on pixels prepared in a way that it was not made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.domain.errors import ModelFailed
from gallery.installed import adding

INPUT = 112
"""Width and height of a chip in pixels."""
PICTURE = (1, 3, INPUT, INPUT)
"""What a network takes: one picture, its colours one after another."""

_FLOAT = 1  # onnx.TensorProto.FLOAT
_BUFFER = NDArray[np.float32]
_ARITHMETIC = {"Sub", "Add", "Mul", "Div"}
_PASSING_ON = {"Identity", "Cast", "Dropout"}


@dataclass(frozen=True)
class Network:
    """A network that ONNX Runtime has made ready. Several threads may run it at once.

    Attributes:
        session: ONNX Runtime's, with one thread for each call.
        name: The input's.
    """

    session: Any
    name: str

    def run(self, picture: _BUFFER) -> _BUFFER:
        """The embedding of one picture.

        Args:
            picture: `(1, 3, 112, 112) float32`, prepared.

        Returns:
            `(D,) float32`.

        Raises:
            ValueError: If ONNX Runtime reports an error, or the output is no row of numbers.
        """
        try:
            (found,) = self.session.run(None, {self.name: picture})
        except Exception as error:  # ONNX Runtime's errors have no base class but this one
            raise ValueError(_last_words(error)) from error
        if not isinstance(found, np.ndarray) or found.ndim != 2 or len(found) != 1:
            raise ValueError(f"its output is {_shown(getattr(found, 'shape', ()))} instead of one row of values")
        return np.asarray(found[0], np.float32)


def read_network(data: bytes) -> Network:
    """Makes a network ready from the bytes of an ONNX file.

    Raises:
        ValueError: If it is no ONNX file, or a network of another form.
        ModelFailed: If ONNX Runtime is not installed.
    """
    runtime = _runtime()
    name = checked_input(_parsed(data))
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong comes as an exception
    try:
        return Network(runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"]), name)
    except Exception as error:  # ONNX Runtime's errors have no base class but this one
        raise ValueError(_last_words(error)) from error


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelFailed(
            "Models of the architecture arcface need the package onnxruntime, which is not installed.",
            f"Run: {adding('arcface')}",
        ) from error
    return onnxruntime


def _parsed(data: bytes) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as error:
        raise ValueError("it is no ONNX model, or a damaged one") from error
    if not model.graph.node:  # protobuf reads much as an empty message
        raise ValueError("it is no ONNX model, or a damaged one")
    return model


def checked_input(model: Any) -> str:
    """Checks what a model declares, and returns the name of its input.

    The length of the batch may be free, as in the files of ArcFace's authors; pictures are given one by one.

    Args:
        model: An `onnx.ModelProto`.

    Raises:
        ValueError: If it is of another form.
    """
    graph = model.graph
    if any(_elsewhere(tensor) for tensor in _tensors(model)):
        raise ValueError("its weights are said to lie in other files")
    constants = {one.name for one in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1:
        raise ValueError(f"it has {len(inputs)} inputs instead of one picture")
    if len(graph.output) != 1:
        raise ValueError(f"it has {len(graph.output)} outputs instead of one embedding")
    _require_picture(inputs[0].type.tensor_type)
    _require_bare(graph.node, inputs[0].name)
    return str(inputs[0].name)


def _require_picture(declared: Any) -> None:
    if declared.elem_type != _FLOAT:
        raise ValueError("its input is not of 32-bit floating point numbers")
    shape = [axis.dim_value if axis.HasField("dim_value") else None for axis in declared.shape.dim]
    fits = len(shape) == len(PICTURE)
    if not fits or any(found not in (None, due) for found, due in zip(shape[1:], PICTURE[1:], strict=True)):
        raise ValueError(f"its input is {_shown(shape)} instead of {_shown(PICTURE)}")
    if None in shape[1:]:
        raise ValueError(f"its input is {_shown(shape)}, which leaves open what pictures it is for")
    if shape[0] not in (None, 1):
        raise ValueError(f"it takes {shape[0]} pictures at a time instead of one")


def _require_bare(nodes: Sequence[Any], name: str) -> None:
    """Refuses a network that subtracts and scales by itself: what it is given would be prepared twice."""
    names = {name}
    for node in nodes:  # ONNX has them in the order in which they can be computed
        if names.isdisjoint(node.input):
            continue
        if node.op_type in _ARITHMETIC:
            raise ValueError(
                "it prepares the pixels itself, which this architecture does, too: "
                f"its input goes into {node.op_type} first"
            )
        if node.op_type in _PASSING_ON:
            names.update(node.output)


def _tensors(model: Any) -> Iterator[Any]:
    """All constants of a model, those inside its nodes and functions included."""
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Sequence[Any]) -> Iterator[Any]:
    for said in (attribute for node in nodes for attribute in node.attribute):
        yield from (said.t, *said.tensors)
        for sparse in (said.sparse_tensor, *said.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (said.g, *said.graphs):
            yield from _of_graph(inner) if inner.node or inner.initializer or inner.sparse_initializer else ()


def _elsewhere(tensor: Any) -> bool:
    return bool(tensor.external_data or tensor.data_location)


def _shown(shape: Sequence[int | None]) -> str:
    return "×".join("?" if side is None else str(side) for side in shape) or "nothing"


def _last_words(error: Exception) -> str:
    """ONNX Runtime's own sentence, without the number and name of its kind that it begins with."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rpartition(" : ")[2].rstrip(".")
