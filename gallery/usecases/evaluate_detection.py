"""How many faces a detector finds in labelled pictures, and how often it sees one where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gallery.domain.detection_scoring import OVERLAP, DetectionScore, score
from gallery.domain.errors import BadPhoto
from gallery.domain.faces import Detection
from gallery.domain.geometry import Box
from gallery.domain.models import ModelCard
from gallery.domain.paths import shown
from gallery.domain.ports import Detector, PhotoFiles
from gallery.domain.progress import Advance, unwatched


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """What an evaluation found out about one detector.

    Attributes:
        detector: Its entry in the registry.
        unreadable: Pictures that could not be read; their faces count as missed.
        score: Recall and false alarms.
    """

    detector: ModelCard
    unreadable: tuple[str, ...]
    score: DetectionScore


@dataclass(frozen=True, slots=True)
class EvaluateDetection:
    """The use case.

    Attributes:
        photos: Reads the files.
    """

    photos: PhotoFiles

    def __call__(
        self,
        detector: Detector,
        default: float,
        truth: Mapping[Path, Sequence[Box]],
        overlap: float = OVERLAP,
        progress: Advance = unwatched,
    ) -> DetectionResult:
        """Evaluates one detector.

        Args:
            detector: Preferably one that reports unsure detections, too.
            default: The score from which it would report them otherwise.
            truth: The faces in each picture.
            overlap: Least intersection over union of a hit, above 0.
            progress: Is told how many pictures are done.

        Raises:
            ModelFailed: If the detector could not do its work.
        """
        unreadable: list[str] = []

        def pictures() -> Iterator[tuple[Sequence[Detection], Sequence[Box]]]:
            for number, (path, boxes) in enumerate(truth.items(), 1):
                yield self._detect(detector, path, unreadable), boxes
                progress(number, len(truth))

        scored = score(pictures(), default, overlap)
        return DetectionResult(detector.card, tuple(unreadable), scored)

    def _detect(self, detector: Detector, path: Path, unreadable: list[str]) -> Sequence[Detection]:
        try:
            photo = self.photos.read(path)
        except BadPhoto:
            unreadable.append(shown(path))
            return ()
        return detector.detect(photo.pixels)
