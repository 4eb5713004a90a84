"""CenterFace (Xu et al. 2019, "CenterFace: Joint Face Detection and Alignment Using Face as Point"), run by LiteRT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gallery.adapters.detectors.centerface_network import CenterFaceNetwork
from gallery.adapters.detectors.levelled import LevelledDetector, Network
from gallery.adapters.detectors.pyramid import COARSEST, Level
from gallery.domain.models import ModelCard

SCORE = 0.28
"""Least score of a face. In the 120 pictures of the test data with masks, together with YuNet, 0.28 finds 95.5 % of the
faces of 16 pixels and more at 2.3 false alarms a picture, 0.3 finds 94.8 % at 1.9, and 0.24 finds 96.0 % at 3.2
(`tests/benchmarks/bench_detectors.py`)."""
FINEST = 2048
"""Longer side of the finest level in pixels: the network takes four times YuNet's time, and in larger pictures YuNet
alone looks for the smallest faces."""
LARGEST = 320
"""Longer side, in a level's own pixels, of the largest face taken as sure at any level but the coarsest."""


class CenterFace(LevelledDetector):
    """Finds turned, covered and blurred faces that YuNet misses, and misses some of the smallest that it finds.

    Args:
        card: Its entry in the registry.
        weights: Path of the ONNX file.
        score: Least score of a face, from 0 to 1.
        load: Makes the network from the file's bytes and the number of threads.
    """

    def __init__(
        self,
        card: ModelCard,
        weights: Path,
        score: float = SCORE,
        load: Callable[[bytes, int], Network] = CenterFaceNetwork,
    ) -> None:
        super().__init__(card, weights, score, load)

    def levels(self, width: int, height: int) -> list[Level]:
        """The sizes in which a picture of that size is looked at, each half of the one before, the largest first."""
        longer = max(width, height)
        scales = [min(1.0, FINEST / longer)]
        while scales[-1] * longer > COARSEST:
            scales.append(scales[-1] / 2)
        last = len(scales) - 1
        return [
            Level(max(1, round(width * scale)), max(1, round(height * scale)), None if place == last else LARGEST)
            for place, scale in enumerate(scales)
        ]
