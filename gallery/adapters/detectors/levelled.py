"""Detectors whose network looks at a picture level by level and tile by tile (see `pyramid`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gallery.adapters.cores import usable_cores
from gallery.adapters.detectors.pyramid import Level
from gallery.adapters.detectors.yunet_network import LEAST, Rows
from gallery.domain.errors import ModelFailed
from gallery.domain.faces import RGB, Detection, require_rgb
from gallery.domain.geometry import Box, Landmarks
from gallery.domain.merging import merge, same_face
from gallery.domain.models import ModelCard


class Network(Protocol):
    """What finds faces in pieces of a picture; see `YuNetNetwork`."""

    def run(self, pictures: list[NDArray[np.uint8]], score: float) -> list[Rows]: ...  # noqa: D102


class LevelledDetector:
    """Boxes, scores and five landmarks.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        score: Least score of a face, from 0 to 1.
        load: Makes the network from the file's bytes and the number of threads.

    Raises:
        ModelFailed: If the file does not hold the network.
    """

    def __init__(self, card: ModelCard, weights: Path, score: float, load: Callable[[bytes, int], Network]) -> None:
        self.card = card
        self._score = score
        try:
            self._network = load(weights.read_bytes(), usable_cores())
        except Exception as error:  # whatever parsing a damaged or strange file comes to
            raise _failed(card, f"cannot load {weights}", error) from error

    @property
    def settings(self) -> dict[str, Any]:
        """What was set, for the record."""
        return {"score": self._score}

    def levels(self, width: int, height: int) -> list[Level]:
        """The sizes in which a picture of that size is looked at, the largest first."""
        raise NotImplementedError

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Args:
            image: `(height, width, 3) uint8` RGB, upright.

        Raises:
            ModelFailed: If LiteRT reports an error, or the network gives nonsense.
        """
        require_rgb(image)
        height, width = image.shape[:2]
        found: dict[bool, list[Detection]] = {True: [], False: []}
        for level in self.levels(width, height):
            sx, sy = width / level.width, height / level.height
            for tile, rows in self._in_tiles(level, image):
                for row in suppressed(rows):
                    if one := _detection(row, sx, sy, width, height):
                        found[level.believes(_box(row, 1, 1), tile)].append(one)
        return merge(found[True], found[False])

    def _in_tiles(self, level: Level, image: RGB) -> Iterator[tuple[Box, Rows]]:
        """What is found in each tile of a level, in the level's coordinates."""
        import cv2

        height, width = image.shape[:2]
        scaled = (
            image
            if (level.width, level.height) == (width, height)
            else cv2.resize(image, (level.width, level.height), interpolation=cv2.INTER_AREA)
        )
        tiles = list(level.tiles())
        for start in range(0, len(tiles), _AT_ONCE):
            some = tiles[start : start + _AT_ONCE]
            pieces = [scaled[tile.y : tile.bottom, tile.x : tile.right, ::-1] for tile in some]
            for tile, rows in zip(some, self._run(pieces), strict=True):
                yield tile, rows + np.array([tile.x, tile.y, 0, 0, *[tile.x, tile.y] * 5, 0], np.float32)

    def _run(self, pieces: list[NDArray[np.uint8]]) -> list[Rows]:
        try:
            given = self._network.run(pieces, self._score)
        except (ValueError, RuntimeError) as error:
            raise _failed(self.card, "cannot run", error) from error
        for piece, rows in zip(pieces, given, strict=True):
            if not (np.abs(rows) < 100 * max(LEAST, *piece.shape)).all():  # also where a value is not a number
                raise _failed(self.card, "cannot run", "it gave values that make no sense")
        return given


_AT_ONCE = 8
"""Tiles that are worked on before what was found in them is taken: memory stays flat."""


def suppressed(rows: Rows) -> Rows:
    """One row per face, the surest (greedy non-maximum suppression), from the surest on.

    Args:
        rows: `(N, 15)`, as `YuNetNetwork` gives them.
    """
    ordered = rows[np.argsort(-rows[:, 14], kind="stable")]
    return ordered[[first for first, _ in same_face(ordered[:, :4])]]


def _box(row: NDArray[np.float32], sx: float, sy: float) -> Box:
    x, y, width, height = (float(v) for v in row[:4])
    return Box(round(x * sx), round(y * sy), max(1, round(width * sx)), max(1, round(height * sy)))


def _detection(row: NDArray[np.float32], sx: float, sy: float, width: int, height: int) -> Detection | None:
    box = _box(row, sx, sy).clip(width, height)
    if box is None:
        return None
    points = [(float(x) * sx, float(y) * sy) for x, y in row[4:14].reshape(5, 2)]
    return Detection(box, float(row[14]), Landmarks(*points))


def _failed(card: ModelCard, what: str, why: Any) -> ModelFailed:
    return ModelFailed(
        f"The detector {card.name} {what}: {str(why).strip().splitlines()[-1]}.",
        "Check its file with 'gallery models verify', or choose another with --detector.",
    )
