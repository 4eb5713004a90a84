"""ONNX files of the form that ArcFace's authors export: a ResNet with seeded weights, of any depth and width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

RESNET_100 = (3, 13, 30, 3)
"""Blocks in each stage, 64, 128, 256 and 512 channels wide (Deng et al. 2019, "ArcFace": 65 million weights)."""


@dataclass
class _Graph:
    seed: int
    nodes: list = field(default_factory=list)
    constants: list = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def constant(self, values: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def add(self, kind: str, *inputs: str, **said) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **said))
        return name

    def convolution(self, x: str, into: int, out: int, side: int = 3, stride: int = 1) -> str:
        weights = self.random.standard_normal((out, into, side, side)) / np.sqrt(into * side * side)
        pads = [side // 2] * 4
        kernel = self.constant(weights)
        return self.add("Conv", x, kernel, kernel_shape=[side, side], strides=[stride, stride], pads=pads)

    def normalisation(self, x: str, channels: int) -> str:
        shift = 0.1 * self.random.standard_normal((2, channels))
        scale = 1 + 0.1 * self.random.random((2, channels))
        values = [self.constant(row) for row in (scale[0], shift[0], shift[1], scale[1])]
        return self.add("BatchNormalization", x, *values, epsilon=1e-5)

    def rectifier(self, x: str, channels: int) -> str:
        return self.add("PRelu", x, self.constant(0.25 + 0.05 * self.random.random((channels, 1, 1))))

    def block(self, x: str, into: int, out: int, stride: int) -> str:
        y = self.convolution(self.normalisation(x, into), into, out)
        y = self.rectifier(self.normalisation(y, out), out)
        y = self.normalisation(self.convolution(y, out, out, stride=stride), out)
        if stride > 1:
            x = self.normalisation(self.convolution(x, into, out, side=1, stride=stride), out)
        return self.add("Add", y, x)


def made(
    blocks: Sequence[int] = (1, 1, 1, 1),
    width: int = 4,
    dimension: int = 512,
    seed: int = 0,
    picture: Sequence[int | str] = ("None", 3, 112, 112),
) -> ModelProto:
    """A model; small, unless said otherwise.

    Args:
        blocks: In each stage; each stage halves the picture and doubles the channels.
        width: Channels of the first stage; ResNet-100 has 64.
        dimension: Of the embedding.
        seed: Of the weights.
        picture: The shape that the input is declared to have.
    """
    graph = _Graph(seed)
    x = graph.rectifier(graph.normalisation(graph.convolution("input.1", 3, width), width), width)
    channels, side = width, 112
    for stage, count in enumerate(blocks):
        out, side = width << stage, -(-side // 2)
        for number in range(count):
            x = graph.block(x, channels, out, stride=1 if number else 2)
            channels = out
    x = graph.add("Flatten", graph.normalisation(x, channels), axis=1)
    length = channels * side * side
    dense = graph.constant(graph.random.standard_normal((dimension, length)) / np.sqrt(length))
    x = graph.add("Gemm", x, dense, graph.constant(np.zeros(dimension)), transB=1)
    graph.normalisation(x, dimension)
    graph.nodes[-1].output[0] = "embedding"
    return model_of(graph.nodes, graph.constants, [value("input.1", picture)], [value("embedding", (1, dimension))])


def value(name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> ValueInfoProto:
    """An input or output as a graph declares it; a text is an axis whose length is free."""
    return helper.make_tensor_value_info(name, kind, list(shape))


def model_of(
    nodes: Sequence, constants: Sequence, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
) -> ModelProto:
    graph = helper.make_graph(list(nodes), "arcface", list(inputs), list(outputs), list(constants))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def write(path: Path, model: ModelProto | None = None) -> Path:
    path.write_bytes((made() if model is None else model).SerializeToString())
    return path
