"""Shows the whole way on two public-domain portraits, with a gallery of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gallery.domain.faces import RGB, Photo
from gallery.domain.ports import DemoPictures, PhotoFiles
from gallery.usecases.anonymise import Anonymise, Outcome
from gallery.usecases.enrol import Enrol, EnrolledPhoto

NAME = "Grace Hopper"

COMPOSED = (
    "There is one photo each of Grace Hopper and Eileen Collins here, both in the public domain. The demo makes four "
    "references of Grace Hopper from hers (smaller, mirrored, darker, closer), and a group picture of three portraits: "
    "Eileen Collins, Grace Hopper in another size and light, and Eileen Collins mirrored. So it shows the way a photo "
    "takes, not how well people are told apart."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demo did.

    Attributes:
        enrolled: One result per reference.
        outcome: The run over the group picture.
        files: What was written, with a word on each.
    """

    enrolled: list[EnrolledPhoto]
    outcome: Outcome
    files: list[tuple[str, Path]]


@dataclass(frozen=True, slots=True)
class Demo:
    """The use case.

    Attributes:
        pictures: Makes the pictures.
        photos: Writes and reads them.
        enrol: The use case of that name.
        anonymise: The use case of that name.
    """

    pictures: DemoPictures
    photos: PhotoFiles
    enrol: Enrol
    anonymise: Anonymise

    def __call__(self, output: Path, after_enrolling: Callable[[list[EnrolledPhoto]], None] = lambda _: None) -> Shown:
        """Composes, enrols, anonymises.

        Args:
            output: The folder for all pictures.
            after_enrolling: Called between the two halves.

        Raises:
            NotWritten: If the folder cannot be written.
        """
        references = [
            self._write(output / "references" / f"hopper-{name}.png", pixels)
            for name, pixels in self.pictures.references().items()
        ]
        before = self._write(output / "before" / "group.png", self.pictures.group())
        enrolled = self.enrol(NAME, references)
        after_enrolling(enrolled)
        after = output / "after" / before.name
        self.photos.discard(after)  # an earlier demo's, of which this one's gallery knows nothing
        outcome = self.anonymise([before], output / "after")
        both = self.pictures.before_and_after(self.photos.read(before).pixels, self.photos.read(after).pixels)
        files = [
            ("references", output / "references"),
            ("before", before),
            ("after", after),
            ("both", self._write(output / "before-after.png", both)),
        ]
        return Shown(enrolled, outcome, files)

    def _write(self, path: Path, pixels: RGB) -> Path:
        self.photos.write(pixels, Photo(path.with_suffix(".composed"), "", pixels, "PNG"), path)
        return path
