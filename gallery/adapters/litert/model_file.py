"""Writes a network as a LiteRT model (a flatbuffer, schema version 3).

Weights stay float32, or become int8 with one scale for each output channel (symmetric, from -127 to 127), as
TensorFlow Lite's dynamic-range quantisation has it: the activations stay float32 between the layers and are quantised
within each, row by row, as they come. Writing it here takes three seconds for VGG-Face, where TensorFlow's converter
takes 22 seconds and 5 GB, and nobody who only runs a model needs TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.litert.layers import (
    Convolution,
    Dense,
    Enlarge,
    Keep,
    Layer,
    MaxPool,
    Plus,
    Resume,
    Spread,
    Values,
)

_LARGEST = 127
_RELU = 1  # ActivationFunctionType
_VALID, _SAME_IF_ODD = 1, 0  # Padding


def quantised(kernel: Values, axis: int) -> tuple[NDArray[np.int8], Values]:
    """A kernel as int8, with one scale for each output channel.

    Args:
        kernel: Any shape, float32.
        axis: Where the output channels are.

    Returns:
        The kernel divided by its scales and rounded, and the scales, `(out,) float32`.
    """
    others = tuple(place for place in range(kernel.ndim) if place != axis)
    scales = np.maximum(kernel.max(axis=others), -kernel.min(axis=others)) / np.float32(_LARGEST)
    scales[scales == 0] = 1
    shape = [1] * kernel.ndim
    shape[axis] = -1
    whole = np.empty(kernel.shape, np.int8)
    for start in range(0, len(kernel), _ROWS):
        part = slice(start, start + _ROWS)
        divisors = scales.reshape(shape)[part] if axis == 0 else scales.reshape(shape)
        whole[part] = np.rint(kernel[part] / divisors)
    return whole, scales


_ROWS = 256
"""Output channels quantised at once: VGG-Face's largest kernel has 411 MB, and half a copy more would be noticed."""


def model_file(layers: Iterable[Layer], picture: tuple[int, int, int], int8: bool = False) -> NDArray[np.uint8]:
    """A LiteRT model of a network.

    Args:
        layers: Taken one by one.
        picture: Height, width and channels of the input, which is `(1, height, width, channels) float32`. Without a
            dense layer, the network also runs on pictures of other sizes.
        int8: Whether kernels are quantised; depthwise ones stay as they are.

    Returns:
        The file's bytes.

    Raises:
        ValueError: If a layer does not go with the one before.
    """
    writer = _Writer(picture, int8)
    for layer in layers:
        writer.add(layer)
    return writer.packed()


class _Writer:
    def __init__(self, picture: tuple[int, int, int], int8: bool) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema, self._int8 = schema, int8
        self._buffers = [schema.BufferT()]
        self._tensors: list[Any] = []
        self._operators: list[Any] = []
        self._codes: dict[int, int] = {}
        self._shape: tuple[int, ...] = picture
        self._input = self._at = self._activation(picture)
        self._kept: dict[str, tuple[int, tuple[int, ...]]] = {}
        self._outputs: list[int] = []

    def add(self, layer: Layer) -> None:
        add = {
            Convolution: self._convolution,
            MaxPool: self._pool,
            Dense: self._dense,
            Enlarge: lambda _: self._enlarge(),
            Spread: self._spread,
            Keep: self._keep,
            Resume: self._resume,
            Plus: self._plus,
        }
        add[type(layer)](layer)  # type: ignore[operator]

    def packed(self) -> NDArray[np.uint8]:
        import flatbuffers

        schema = self._schema
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = [self._input], self._outputs or [self._at]
        model = schema.ModelT()
        model.version, model.description = 3, b"gallery"
        model.operatorCodes = [self._code(code, version) for code, version in self._codes.items()]
        model.subgraphs, model.buffers = [graph], self._buffers
        size = sum(buffer.data.nbytes for buffer in self._buffers if buffer.data is not None)
        builder = flatbuffers.Builder(size + size // 64 + 2**16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return np.frombuffer(builder.Bytes, np.uint8)[builder.Head() :]

    def _convolution(self, layer: Convolution) -> None:
        schema, kernel = self._schema, layer.kernel
        if len(self._shape) != 3 or kernel.shape[3] != self._shape[2]:
            raise ValueError(f"a kernel of {kernel.shape} cannot follow {self._shape}")
        out = layer.out(self._shape)
        same = layer.stride == 1 and layer.padding and kernel.shape[1:3] == (2 * layer.padding + 1,) * 2
        if layer.padding and not same:
            self._pad(layer.padding)
        options: Any = schema.DepthwiseConv2DOptionsT() if layer.depthwise else schema.Conv2DOptionsT()
        options.padding = _SAME_IF_ODD if same else _VALID
        options.strideH = options.strideW = layer.stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = _RELU if layer.rectified else 0
        weights = self._constant(kernel) if layer.depthwise else self._weights(kernel)
        inputs = [self._at, weights, self._constant(layer.bias)]
        if layer.depthwise:
            options.depthMultiplier = 1
            self._operator(schema.BuiltinOperator.DEPTHWISE_CONV_2D, 1, inputs, "DepthwiseConv2DOptions", options)
        else:
            self._operator(schema.BuiltinOperator.CONV_2D, 5 if self._int8 else 1, inputs, "Conv2DOptions", options)
        self._result(out)
        if layer.slopes is not None:
            slopes = self._constant(layer.slopes.reshape(1, 1, -1))
            self._operator(schema.BuiltinOperator.PRELU, 1, [self._at, slopes])
            self._result(self._shape)

    def _pad(self, by: int) -> None:
        margins = self._constant(np.array([[0, 0], [by, by], [by, by], [0, 0]], np.int32))
        self._operator(
            self._schema.BuiltinOperator.PAD, 1, [self._at, margins], "PadOptions", self._schema.PadOptionsT()
        )
        height, width, channels = self._shape
        self._result((height + 2 * by, width + 2 * by, channels))

    def _pool(self, layer: MaxPool) -> None:
        options = self._schema.Pool2DOptionsT()
        options.padding = _VALID
        options.strideH = options.strideW = options.filterHeight = options.filterWidth = 2
        self._operator(self._schema.BuiltinOperator.MAX_POOL_2D, 1, [self._at], "Pool2DOptions", options)
        self._result(layer.out(self._shape))

    def _enlarge(self) -> None:
        """Four copies side by side in depth, spread over 2×2; unlike a resize, that fits pictures of any size."""
        together = self._schema.ConcatenationOptionsT()
        together.axis = 3
        self._operator(self._schema.BuiltinOperator.CONCATENATION, 1, [self._at] * 4, "ConcatenationOptions", together)
        height, width, channels = self._shape
        self._result((height, width, 4 * channels))
        self._spread(Spread())

    def _spread(self, layer: Spread) -> None:
        if self._shape[2] % 4:
            raise ValueError(f"{self._shape} cannot be spread over 2×2")
        spread = self._schema.DepthToSpaceOptionsT()
        spread.blockSize = 2
        self._operator(self._schema.BuiltinOperator.DEPTH_TO_SPACE, 1, [self._at], "DepthToSpaceOptions", spread)
        self._result(layer.out(self._shape))

    def _keep(self, layer: Keep) -> None:
        self._kept[layer.name] = self._at, self._shape
        if layer.output:
            self._outputs.append(self._at)

    def _resume(self, layer: Resume) -> None:
        self._at, self._shape = self._kept[layer.name]

    def _plus(self, layer: Plus) -> None:
        other, shape = self._kept[layer.name]
        if shape != self._shape:
            raise ValueError(f"{shape} cannot be added to {self._shape}")
        self._operator(self._schema.BuiltinOperator.ADD, 1, [self._at, other], "AddOptions", self._schema.AddOptionsT())
        self._result(shape)

    def _dense(self, layer: Dense) -> None:
        schema, values = self._schema, math.prod(self._shape)
        if layer.kernel.shape[1] != values:
            raise ValueError(f"a kernel of {layer.kernel.shape} cannot follow {self._shape}")
        if len(self._shape) > 1:
            flat = self._constant(np.array([-1, values], np.int32))
            self._operator(schema.BuiltinOperator.RESHAPE, 1, [self._at, flat])
            self._result((values,))
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = _RELU if layer.rectified else 0
        options.asymmetricQuantizeInputs = self._int8
        inputs = [self._at, self._weights(layer.kernel), self._constant(layer.bias)]
        version = 12 if self._int8 else 1
        self._operator(schema.BuiltinOperator.FULLY_CONNECTED, version, inputs, "FullyConnectedOptions", options)
        self._result(layer.out(self._shape))

    def _operator(self, code: int, version: int, inputs: list[int], kind: str = "", options: Any = None) -> None:
        self._codes.setdefault(code, version)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = list(self._codes).index(code)
        operator.inputs = inputs
        if kind:
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, kind)
            operator.builtinOptions = options
        self._operators.append(operator)

    def _code(self, code: int, version: int) -> Any:
        found = self._schema.OperatorCodeT()
        found.builtinCode, found.version = code, version
        found.deprecatedBuiltinCode = min(code, 127)
        return found

    def _result(self, shape: tuple[int, ...]) -> None:
        """What the operator added last gives."""
        self._at, self._shape = self._activation(shape), shape
        self._operators[-1].outputs = [self._at]

    def _activation(self, shape: tuple[int, ...]) -> int:
        return self._tensor((1, *shape), self._schema.TensorType.FLOAT32, 0)

    def _weights(self, kernel: Values) -> int:
        """A kernel whose first axis is the output channels."""
        if not self._int8:
            return self._constant(kernel)
        whole, scales = quantised(kernel, 0)
        place = self._constant(whole)
        found = self._schema.QuantizationParametersT()
        found.scale, found.zeroPoint, found.quantizedDimension = scales, np.zeros(len(scales), np.int64), 0
        self._tensors[place].quantization = found
        return place

    def _constant(self, values: NDArray[Any]) -> int:
        kinds = self._schema.TensorType
        kind = {"float32": kinds.FLOAT32, "int8": kinds.INT8, "int32": kinds.INT32}[values.dtype.name]
        buffer = self._schema.BufferT()
        buffer.data = np.ascontiguousarray(values).reshape(-1).view(np.uint8)
        self._buffers.append(buffer)
        return self._tensor(values.shape, kind, len(self._buffers) - 1)

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int) -> int:
        tensor = self._schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, buffer
        tensor.name = f"t{len(self._tensors)}".encode()
        self._tensors.append(tensor)
        return len(self._tensors) - 1
