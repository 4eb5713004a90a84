"""Copies of photos for the operator's eyes: every face framed, numbered, and with the reason of its decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.adapters.photos.wording import not_written
from gallery.adapters.private_file import private_file
from gallery.adapters.shown_faces.face_words import FaceWords, Limits
from gallery.adapters.shown_faces.frames import BLURRED, DARK, KEPT, draw_frame, frame_around
from gallery.adapters.shown_faces.label_places import Place, Places
from gallery.adapters.shown_faces.legend import Legend, lay_out
from gallery.adapters.shown_faces.lettering import Lettering, Line
from gallery.adapters.shown_faces.own import marked, require_own
from gallery.domain.faces import RGB, require_rgb
from gallery.domain.geometry import Box
from gallery.domain.models import Thresholds
from gallery.domain.runs import ImageRecord

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

LONG_SIDE = 1000
"""Pixels that a smaller picture is enlarged to, by a whole factor, so that the labels do not cover it."""
LARGEST_FACTOR = 8
LARGEST_SIDE = 20_000
"""Pixels that a longer picture is made smaller to. A JPEG file's sides end at 65,535."""
LONGEST = 65_000
"""Height that the picture has at most with the list under it."""
QUALITY = 88
"""Of the JPEG file: letters and lines stay crisp."""
_NAME = 18
"""Room for a label's text, in widths of the letters' size."""
_STRIP = 512
_FULL, _SHORT, _NUMBER = range(3)
"""The labels that a face can have: all there is to say, number and name, the number alone."""


class AnnotatedCopies:
    """Writes the copies into a folder that mirrors the inputs. They show strangers, so only their owner may read them.

    Args:
        folder: Where they go; made when the first is written.
        thresholds: Everybody's largest distances of a match.
        personal: Those of people who have their own, by name.
    """

    def __init__(self, folder: Path, thresholds: Thresholds, personal: Mapping[str, Thresholds]) -> None:
        self._folder = folder
        self._limits = Limits(thresholds, personal)
        self._lettering = Lettering()

    def add(self, image: RGB, record: ImageRecord, relative: Path) -> None:
        """Writes the copy of one photo, all or nothing.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the photo before anything was blurred.
            record: What was decided.
            relative: The photo's path below the output folder. The copy is called the same with `.jpg` after it, so
                that `x.png` and `x.jpg` do not get the same one.

        Raises:
            NotWritten: If it could not be written, or another file has its place.
        """
        require_rgb(image, f"the picture of {record.source}")
        target = self._folder / relative.with_name(relative.name + ".jpg")
        require_own(target)
        picture = _Annotation(image, record, self._limits, self._lettering).picture()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with private_file(target, force=True) as file:
                picture.save(file, "JPEG", quality=QUALITY, subsampling="4:4:4", **marked("JPEG"))
        except (OSError, ValueError) as error:
            raise not_written(target, error) from error


@dataclass(frozen=True, slots=True)
class _Label:
    lines: tuple[Line, ...]
    whole: bool
    """Whether it says all that there is to say."""
    pad: int

    @property
    def width(self) -> int:
        return max(line.width for line in self.lines) + 2 * self.pad

    @property
    def height(self) -> int:
        return sum(line.height for line in self.lines) + self.pad

    def draw(self, on: ImageDraw, box: Box, kept: bool) -> None:
        colour = KEPT if kept else BLURRED
        edge = (box.x, box.y, box.right - 1, box.bottom - 1)
        on.rectangle(edge, fill=DARK, outline=colour, width=max(1, self.pad // 4))
        y = box.y + self.pad // 2
        for line in self.lines:
            line.draw(on, box.x + self.pad, y, colour)
            y += line.height


class _Annotation:
    """One picture in the making."""

    def __init__(self, image: RGB, record: ImageRecord, limits: Limits, lettering: Lettering) -> None:
        self._image, self._lettering = image, lettering
        height, width = int(image.shape[0]), int(image.shape[1])
        self._scale = _scale(max(width, height))
        self._width, self._height = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        self._size = max(14, max(self._width, self._height) // 85)
        self._faces = record.faces
        self._words = [FaceWords.of(number, face.decision, limits) for number, face in enumerate(record.faces, start=1)]

    def picture(self) -> Image:
        from PIL import ImageDraw

        boxes = [self._scaled(face.detection.box) for face in self._faces]
        thick = [self._thickness(box) for box in boxes]
        frames = [frame_around(b, t, self._width, self._height) for b, t in zip(boxes, thick, strict=True)]
        labels = self._labels(frames)
        complete = all(place is not None and label.whole for label, place in labels)
        legend = None if complete else self._legend()
        page = self._page(legend)
        on = ImageDraw.Draw(page)
        for face, frame, thickness in zip(self._faces, frames, thick, strict=True):
            draw_frame(on, frame, thickness, face.decision.kept)
        for face, (label, place) in zip(self._faces, labels, strict=True):
            if place is not None:
                label.draw(on, place.box, face.decision.kept)
        if legend is not None:
            legend.draw(on, self._height, page.width)
        return page

    def _scaled(self, box: Box) -> Box:
        x, y = round(box.x * self._scale), round(box.y * self._scale)
        width, height = round(box.width * self._scale), round(box.height * self._scale)
        return Box(x, y, max(1, width), max(1, height))

    def _thickness(self, box: Box) -> int:
        """Of a face's frame: in proportion to the picture, but not coarse around a small face."""
        return max(2, min(self._size // 4, min(box.width, box.height) // 10))

    def _labels(self, frames: Sequence[Box]) -> list[tuple[_Label, Place | None]]:
        """For each face the fullest label that has a clear place; in a crowd only the numbers, which the list explains.

        A few full labels among many numbers would only be clutter.
        """
        labels = self._placed(frames, (_FULL, _SHORT))
        if sum(label.whole for label, _ in labels) * 2 < len(labels):
            return self._placed(frames, ())
        return labels

    def _placed(self, frames: Sequence[Box], wanted: Sequence[int]) -> list[tuple[_Label, Place | None]]:
        places = Places(self._width, self._height, frames)
        chosen: list[tuple[_Label, Place | None]] = []
        for index in range(len(frames)):
            label, place = self._fullest(places, index, wanted)
            if place is not None:
                places.take(place.box)
            chosen.append((label, place))
        return chosen

    def _fullest(self, places: Places, index: int, wanted: Sequence[int]) -> tuple[_Label, Place | None]:
        variants = self._variants(self._words[index])
        for label in (variants[which] for which in wanted):
            place = places.best(index, label.width, label.height)
            if place is not None and place.clear:
                return label, place
        number = variants[_NUMBER]
        return number, places.best(index, number.width, number.height)

    def _variants(self, words: FaceWords) -> tuple[_Label, _Label, _Label]:
        size, pad, room = self._size, self._size // 3, _NAME * self._size
        headline = self._lettering.line(words.headline, size, room)
        evidence = self._lettering.line(words.evidence, size, room)
        name = self._lettering.line(f"{words.number} {words.name}", size, room // 2)
        number = self._lettering.line(str(words.number), size)
        return (
            _Label((headline, evidence), headline.whole and evidence.whole, pad),
            _Label((name,), False, pad),
            _Label((number,), False, pad),
        )

    def _legend(self) -> Legend:
        return lay_out(self._lettering, self._words, self._size, self._page_width(), LONGEST - self._height)

    def _page_width(self) -> int:
        """At least what a line of the list takes, be the picture ever so narrow."""
        return max(self._width, 34 * self._size)

    def _page(self, legend: Legend | None) -> Image:
        """The picture at its scale, with room for the list under it."""
        from PIL import Image

        if self._scale != 1:
            size = (self._width, self._height)
            scaled = Image.fromarray(self._image).resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
            if legend is None:
                return scaled
        width = self._width if legend is None else self._page_width()
        page = Image.new("RGB", (width, self._height + (legend.height if legend else 0)), DARK)
        if self._scale != 1:
            page.paste(scaled, (0, 0))
            return page
        for top in range(0, self._height, _STRIP):  # in strips, so that there is only one copy of a large picture
            page.paste(Image.fromarray(self._image[top : top + _STRIP]), (0, top))
        return page


def _scale(longest: int) -> float:
    if longest > LARGEST_SIDE:
        return LARGEST_SIDE / longest
    return float(max(1, min(LARGEST_FACTOR, round(LONG_SIDE / longest))))
