"""One page of all faces of a run, sorted by distance, for the operator's eyes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gallery.adapters.photos.wording import not_written
from gallery.adapters.private_file import private_file
from gallery.adapters.shown_faces.face_spool import FaceSpool, SheetFace
from gallery.adapters.shown_faces.face_words import FaceWords, Limits
from gallery.adapters.shown_faces.lettering import Colour, Lettering
from gallery.adapters.shown_faces.own import marked, require_own
from gallery.adapters.shown_faces.sheet_layout import BAND, HEADING, MARGIN, Cell, Layout, lay_out
from gallery.adapters.shown_faces.thumbnails import opened, thumbnail
from gallery.domain.errors import BadArgument, NotWritten
from gallery.domain.faces import RGB, require_rgb
from gallery.domain.models import Thresholds
from gallery.domain.paths import shown
from gallery.domain.runs import ImageRecord

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""What a page can be, by the file's suffix."""
PAPER: Colour = (246, 246, 244)
INK: Colour = (28, 30, 34)
FAINT: Colour = (110, 114, 120)
FRAME: Colour = (0, 140, 60)
"""Around the faces that are kept."""
_SAVE: dict[str, dict[str, Any]] = {"PNG": {"compress_level": 4}, "JPEG": {"quality": 88, "subsampling": "4:4:4"}}
_SMALL = 10
"""Letters of the distances beside the rows, in pixels."""

_Section = list[tuple[int, SheetFace]]


class ContactSheet:
    """Collects the faces of a run and makes the page of them; to be used in a `with` statement, or closed.

    The page shows strangers, so only its owner may read it. While the run goes on the faces wait in a file without a
    name in the page's folder.

    Args:
        file: The page, `.png`, `.jpg` or `.jpeg`; its folder is made if it is missing.
        thresholds: Everybody's largest distances of a match.
        personal: Those of people who have their own, by name.

    Raises:
        BadArgument: If the file's suffix is another.
        NotWritten: If nothing can be written there, or another file has that name.
    """

    def __init__(self, file: Path, thresholds: Thresholds, personal: Mapping[str, Thresholds]) -> None:
        self._kind = FORMATS.get(file.suffix.lower(), "")
        if not self._kind:
            raise BadArgument(
                f"A contact sheet is a PNG or JPEG file, and {shown(file)} is called like neither.",
                "Give it a name that ends in .png or .jpg.",
            )
        require_own(file)
        self._target, self._limits, self._photos = file, Limits(thresholds, personal), 0
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._spool = FaceSpool(file.parent)
        except (OSError, ValueError) as error:
            raise not_written(file, error) from error

    def add(self, image: RGB, record: ImageRecord, relative: Path = Path()) -> None:  # noqa: ARG002
        """Takes the faces of one photo; the order of the photos makes no difference to the page.

        Args:
            image: `(height, width, 3) uint8` RGB, upright: the photo before anything was blurred.
            record: What was decided.
            relative: Makes no difference here.

        Raises:
            NotWritten: If there is no room for them on disk; none of them is on the page then.
        """
        require_rgb(image, f"the picture of {record.source}")
        faces = []
        for number, face in enumerate(record.faces, start=1):
            decision = face.decision
            entry = SheetFace(
                record.source,
                number,
                decision.kept,
                self._limits.within(decision),
                None if decision.candidate is None else decision.candidate.cosine,
                FaceWords.of(number, decision, self._limits).name,
            )
            faces.append((entry, thumbnail(image, face.detection.box)))
        try:
            self._spool.add(faces)
        except OSError as error:
            raise not_written(self._target, error) from error
        self._photos += 1

    @property
    def photos(self) -> int:
        """How many photos were added."""
        return self._photos

    def write(self) -> None:
        """Makes the page of what was added so far, all or nothing.

        Raises:
            NotWritten: If it could not be written, or the faces are too many for a page.
        """
        page = _Page(self._spool, self._limits, self._photos)
        if page.layout is None:
            raise NotWritten(
                f"{shown(self._target)} was not written: {len(self._spool):,} faces are too many for one page.",
                "Make contact sheets of fewer photos at a time.",
            )
        try:
            picture = page.picture(page.layout)
            with private_file(self._target, force=True) as file:
                picture.save(file, self._kind, **_SAVE[self._kind], **marked(self._kind))
        except (OSError, ValueError) as error:
            raise not_written(self._target, error) from error

    def close(self) -> None:
        """Gives up what is kept on disk for the page."""
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Page:
    """A page in the making: the faces within the threshold, those above it, and those compared with nobody."""

    def __init__(self, spool: FaceSpool, limits: Limits, photos: int) -> None:
        self._spool, self._limits, self._photos = spool, limits, photos
        self._lettering = Lettering()
        ordered = sorted(enumerate(spool.faces()), key=_order)
        self._sections = [[entry for entry in ordered if entry[1].within is within] for within in (True, False, None)]
        if not self._sections[-1]:
            del self._sections[-1]
        self.layout = lay_out([len(section) for section in self._sections])

    def picture(self, layout: Layout) -> Image:
        from PIL import Image, ImageDraw

        page = Image.new("RGB", (layout.width, layout.height), PAPER)
        on, cell = ImageDraw.Draw(page), layout.cell
        self._heading(on, layout, 0, self._summary())
        for index, (section, title) in enumerate(zip(self._sections, self._titles(), strict=False)):
            top = layout.top(index)
            on.rectangle((0, top + 3, layout.width - 1, top + 5), fill=INK)
            self._heading(on, layout, top, f"{title}: {_counted(section)}")
            for place, (stored, face) in enumerate(section):
                x, y = layout.place(index, place)
                if place % layout.columns == 0:
                    self._beside(on, layout, y, face)
                page.paste(opened(self._spool.picture(stored), cell.side), (x + cell.pad, y + cell.pad))
                if face.kept:
                    _frame(on, cell, x, y)
                self._write_under(on, cell, x, y, face)
        return page

    def _summary(self) -> str:
        faces = [face for section in self._sections for _, face in section]
        return f"{_many(self._photos, 'photo')}: {_counted_faces(faces)}"

    def _titles(self) -> Iterator[str]:
        limit = f"the threshold of {self._limits.everybody.cosine:.3f}"
        if self._limits.personal:
            limit += f" ({_people(len(self._limits.personal))} their own)"
        yield f"Within {limit}"
        yield f"Above {limit}"
        yield "Compared with nobody"

    def _heading(self, on: ImageDraw, layout: Layout, top: int, text: str) -> None:
        line = self._lettering.line(text, HEADING, layout.width - 2 * HEADING)
        line.draw(on, HEADING // 2, top + (BAND - line.height) // 2 + 4, INK)

    def _beside(self, on: ImageDraw, layout: Layout, y: int, face: SheetFace) -> None:
        """The distance that a row begins with, where the row is high enough for it."""
        line = self._lettering.line(_distance(face.cosine), _SMALL if layout.cell.side < 64 else _SMALL + 3)
        if line.height <= layout.cell.height:
            line.draw(on, MARGIN - line.width - 6, y + (layout.cell.width - line.height) // 2, FAINT)

    def _write_under(self, on: ImageDraw, cell: Cell, x: int, y: int, face: SheetFace) -> None:
        for index, (text, colour) in enumerate(_caption(face)[: cell.lines]):
            line = self._lettering.line(text, cell.letters, cell.side)
            line.draw(on, x + cell.pad, y + cell.width + index * cell.line - cell.pad // 2, colour)


def _frame(on: ImageDraw, cell: Cell, x: int, y: int) -> None:
    start, end = cell.pad - cell.frame, cell.pad + cell.side + cell.frame - 1
    on.rectangle((x + start, y + start, x + end, y + end), outline=FRAME, width=cell.frame)


def _order(entry: tuple[int, SheetFace]) -> tuple[bool, float, str, int]:
    """By distance, and what is no distance last; equal ones by photo and number."""
    face = entry[1]
    known = face.cosine is not None and not math.isnan(face.cosine)
    return not known, face.cosine if known and face.cosine is not None else 0.0, face.source, face.number


def _caption(face: SheetFace) -> list[tuple[str, Colour]]:
    """What is said of a face, the most important first."""
    lines = [
        (" · ".join(part for part in (f"#{face.number}", _distance(face.cosine)) if part), INK),
        (face.name, INK),
        (PurePath(face.source).name, FAINT),
    ]
    return [line for line in lines if line[0]]


def _distance(cosine: float | None) -> str:
    return "" if cosine is None else f"{cosine:.3f}"


def _counted(section: _Section) -> str:
    return _counted_faces([face for _, face in section])


def _counted_faces(faces: Sequence[SheetFace]) -> str:
    kept = sum(face.kept for face in faces)
    if not faces:
        return "no faces"
    return f"{_many(len(faces), 'face')}, {kept:,} kept (framed), {len(faces) - kept:,} blurred"


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _people(number: int) -> str:
    return "one person has" if number == 1 else f"{number} people have"
