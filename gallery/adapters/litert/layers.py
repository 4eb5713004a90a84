"""The kinds of layers that our networks are made of.

Each takes what the one before gave. Where a network branches, `Keep` gives what there is a name, and `Resume` and
`Plus` take it up again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Convolution:
    """A convolution, or, where each channel goes its own way, a depthwise one.

    Attributes:
        kernel: `(out, height, width, in) float32`; depthwise `(1, height, width, channels)`.
        bias: `(out,) float32`.
        stride: In both directions.
        padding: Zeros on each side of the picture.
        depthwise: Whether each channel is convolved by itself.
        rectified: Whether negative results become zero.
        slopes: `(out,) float32`, by which negative results are multiplied instead (a parametric rectifier); None for
            none.
    """

    kernel: Values
    bias: Values
    stride: int = 1
    padding: int = 0
    depthwise: bool = False
    rectified: bool = False
    slopes: Values | None = None

    def __post_init__(self) -> None:
        out = self.kernel.shape[3 if self.depthwise else 0]
        if self.kernel.ndim != 4 or self.bias.shape != (out,):
            raise ValueError(f"a kernel of {self.kernel.shape} does not go with a bias of {self.bias.shape}")
        if self.slopes is not None and (self.rectified or self.slopes.shape != (out,)):
            raise ValueError("slopes are one for each channel, and instead of a plain rectifier")

    def out(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what comes out, `(height, width, channels)`, for that of what goes in."""
        height, width = (
            (side + 2 * self.padding - size) // self.stride + 1
            for side, size in zip(shape[:2], self.kernel.shape[1:3], strict=True)
        )
        return height, width, len(self.bias)


@dataclass(frozen=True, slots=True)
class MaxPool:
    """Halves the picture: of each 2×2 values the largest."""

    def out(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what comes out for that of what goes in."""
        return shape[0] // 2, shape[1] // 2, shape[2]


@dataclass(frozen=True, eq=False)
class Dense:
    """Every output from all inputs; a picture is flattened first, row by row, channels last.

    Attributes:
        kernel: `(out, in) float32`.
        bias: `(out,) float32`.
        rectified: Whether negative results become zero.
    """

    kernel: Values
    bias: Values
    rectified: bool = False

    def __post_init__(self) -> None:
        if self.kernel.ndim != 2 or self.bias.shape != self.kernel.shape[:1]:
            raise ValueError(f"a kernel of {self.kernel.shape} does not go with a bias of {self.bias.shape}")

    def out(self, shape: tuple[int, ...]) -> tuple[int, ...]:  # noqa: ARG002 - as the others
        """The shape of what comes out for that of what goes in."""
        return self.bias.shape


@dataclass(frozen=True, slots=True)
class Enlarge:
    """Doubles the picture: each value becomes 2×2 of it."""

    def out(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what comes out for that of what goes in."""
        return 2 * shape[0], 2 * shape[1], shape[2]


@dataclass(frozen=True, slots=True)
class Spread:
    """Lays each four values in depth, a quarter of the channels apart, over 2×2: row by row, left before right."""

    def out(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of what comes out for that of what goes in."""
        return 2 * shape[0], 2 * shape[1], shape[2] // 4


@dataclass(frozen=True, slots=True)
class Keep:
    """Gives what there is a name.

    Attributes:
        name: Under which it is kept.
        output: Whether it is one of the network's outputs. Without any, what the last layer gives is the output.
    """

    name: str
    output: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Goes on with what was kept.

    Attributes:
        name: Of what was kept.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Plus:
    """Adds what was kept, which has the same shape.

    Attributes:
        name: Of what was kept.
    """

    name: str


Layer = Convolution | MaxPool | Dense | Enlarge | Spread | Keep | Resume | Plus
