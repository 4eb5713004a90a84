"""Two detectors that miss different faces."""

from __future__ import annotations

from typing import Any

from gallery.domain.faces import RGB, Detection
from gallery.domain.merging import unite
from gallery.domain.models import ModelCard
from gallery.domain.ports import Detector


class Both:
    """Finds what either of two detectors finds.

    Where both find a face, box and landmarks are the first one's, whose recognition thresholds were measured with it,
    and the score is higher than either's.

    Args:
        first: By whose name the two are recorded.
        second: Named in the settings. The scores of both must be from 0 to 1.
    """

    def __init__(self, first: Detector, second: Detector) -> None:
        self._first, self._second = first, second

    @property
    def card(self) -> ModelCard:
        """The first detector's entry in the registry."""
        return self._first.card

    @property
    def settings(self) -> dict[str, Any]:
        """What was set of both, for the record."""
        other = self._second.card
        second = {"name": other.name, "sha256": other.sha256, **self._second.settings}
        return {**self._first.settings, "second": second}

    def detect(self, image: RGB) -> tuple[Detection, ...]:
        """All faces of a picture, from left to right.

        Raises:
            ModelFailed: If either detector fails.
        """
        return unite(self._first.detect(image), self._second.detect(image))
