"""YuNet's network, read from the ONNX file of OpenCV's model zoo, plain or block-quantised, and run by LiteRT.

A pyramid of small depthwise convolutions; at every 8th, 16th and 32nd pixel it tells of a face there: two logits, of
the class and of the place, whose sigmoids' geometric mean is the score; the box's centre, from the place, and the
logarithms of its size, in units of the stride; and five landmarks, from the place, in the same units. (From
`FaceDetectorYN` in OpenCV, modules/objdetect/src/face_detect.cpp, which runs the same file.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.litert.interpreters import Sized
from gallery.adapters.litert.layers import Convolution, Enlarge, Keep, Layer, MaxPool, Plus, Resume
from gallery.adapters.litert.model_file import model_file
from gallery.adapters.onnx_file import Arrays, attributes, read_graph

STRIDES = (8, 16, 32)
PARTS = ("cls", "obj", "bbox", "kps")
LEAST = 64
"""Width and height of the smallest picture, in pixels."""
MULTIPLE = 32
"""What width and height must be multiples of."""
STEP = 128
"""And what those of large pictures are made multiples of, so that fewer sizes are met: half as many over 50 photos of
all shapes, for a tenth more pixels. Making an interpreter ready for a new size takes as long as running it."""
_KEPT = tuple(f"{part}_{stride}" for stride in STRIDES for part in PARTS)
Rows = NDArray[np.float32]
"""`(N, 15)`: x, y, width and height of a box, x and y of five landmarks, and the score."""


class YuNetNetwork:
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
            layers = list(_layers(nodes, arrays))
            self._outputs = [layer.name for layer in layers if isinstance(layer, Keep) and layer.output]
            if sorted(self._outputs) != sorted(_KEPT):
                raise ValueError("it does not hold YuNet's network")
            self._sized = Sized(model_file(layers, (LEAST, LEAST, 3)), threads)
        except (KeyError, IndexError) as error:
            raise ValueError("it does not hold YuNet's network") from error

    def run(self, pictures: list[NDArray[np.uint8]], score: float) -> list[Rows]:
        """The faces in each picture, those that lie on each other, too.

        Args:
            pictures: `(height, width, 3) uint8` BGR, each of its own size.
            score: The least score of a face that is given.

        Raises:
            RuntimeError: If LiteRT reports an error.
        """
        given = self._sized.run([padded(picture) for picture in pictures])
        return [self._decoded(dict(zip(self._outputs, outputs, strict=True)), score) for outputs in given]

    def _decoded(self, outputs: dict[str, Rows], score: float) -> Rows:
        return np.concatenate(
            [decoded({part: outputs[f"{part}_{stride}"] for part in PARTS}, stride, score) for stride in STRIDES]
        )


def decoded(told: Mapping[str, Rows], stride: int, score: float) -> Rows:
    """What the network tells at every so many pixels, as faces.

    Args:
        told: By part: `cls` and `obj`, `(rows, columns, 1)` logits; `bbox`, `(rows, columns, 4)`, the centre, from
            here, and the logarithms of width and height, in strides; `kps`, `(rows, columns, 10)`, from here, in
            strides.
        stride: Pixels from one place to the next.
        score: The least score of a face that is given.
    """
    scores = np.sqrt(_sigmoid(told["cls"][..., 0]) * _sigmoid(told["obj"][..., 0]))
    if not np.isfinite(scores).all():
        raise ValueError("it gave values that are not finite numbers")
    rows, columns = np.nonzero(scores >= score)
    found = np.empty((len(rows), 15), np.float32)
    at, box = np.stack([columns, rows], axis=1).astype(np.float32), told["bbox"][rows, columns]
    with np.errstate(over="ignore"):  # whoever takes them refuses what makes no sense
        sizes = np.exp(box[:, 2:]) * stride
        found[:, 0:2] = (at + box[:, :2]) * stride - sizes / 2
    found[:, 2:4] = sizes
    found[:, 4:14] = (told["kps"][rows, columns] + np.tile(at, 5)) * stride
    found[:, 14] = scores[rows, columns]
    return found


def _sigmoid(values: Rows) -> Rows:
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-values)), np.float32)


def padded(picture: NDArray[np.uint8]) -> Rows:
    """With black on the right and below, up to the next multiple."""
    step = STEP if min(picture.shape[:2]) > 4 * STEP else MULTIPLE
    height, width = (-(-side // step) * step for side in picture.shape[:2])
    found = np.zeros((height, width, 3), np.float32)
    found[: picture.shape[0], : picture.shape[1]] = picture
    return found


def _layers(nodes: list[Any], arrays: Arrays) -> Iterator[Layer]:
    """The graph as a walk through it, in the file's order."""
    computing = [node for node in nodes if node.op_type in ("Conv", "Relu", "MaxPool", "Resize", "Add")]
    outputs = dict(_outputs(nodes))
    rectified = {node.input[0]: node.output[0] for node in computing if node.op_type == "Relu"}
    at = computing[0].input[0]
    taken_up = _taken_up(computing, rectified)
    for node in computing:
        if node.op_type == "Relu":
            continue
        source = node.input[1] if node.op_type == "Add" else node.input[0]
        if source != at:
            yield Resume(source)
        yield _layer(node, arrays, node.output[0] in rectified)
        at = rectified.get(node.output[0], node.output[0])
        if at in outputs:
            yield Keep(outputs[at], output=True)
        elif at in taken_up:
            yield Keep(at)


def _taken_up(computing: list[Any], rectified: dict[str, str]) -> set[str]:
    """What is needed again after something else has been computed."""
    found, at = set(), computing[0].input[0]
    for node in computing:
        if node.op_type == "Relu":
            continue
        found |= {name for name in node.input if name != at}
        at = rectified.get(node.output[0], node.output[0])
    return found


def _outputs(nodes: list[Any]) -> Iterator[tuple[str, str]]:
    """What the last computations give, and under which name, past transposing, reshaping and sigmoids."""
    after = {node.input[0]: node for node in nodes if node.op_type in ("Reshape", "Sigmoid")}
    for node in nodes:
        if node.op_type == "Transpose":
            name = node.output[0]
            while name in after:
                name = after[name].output[0]
            yield node.input[0], name


def _layer(node: Any, arrays: Arrays, rectified: bool) -> Layer:
    said = attributes(node)
    if node.op_type == "Add":
        return Plus(node.input[0])
    if node.op_type == "Resize":
        if said["mode"] != b"nearest" or list(arrays[node.input[2]][-2:]) != [2, 2]:
            raise ValueError("it enlarges in another way")
        return Enlarge()
    if node.op_type == "MaxPool":
        if list(said["kernel_shape"]) != [2, 2] or list(said["strides"]) != [2, 2]:
            raise ValueError("it pools in another way")
        return MaxPool()
    kernel, bias = (arrays[name].astype(np.float32) for name in node.input[1:3])
    depthwise = said["group"] > 1
    return Convolution(
        np.ascontiguousarray(kernel.transpose(1, 2, 3, 0) if depthwise else kernel.transpose(0, 2, 3, 1)),
        bias,
        stride=said["strides"][0],
        padding=said["pads"][0],
        depthwise=depthwise,
        rectified=rectified,
    )
