"""Measures how long each stage of the work on photos takes, and a run of all of them. Nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gallery.domain.benching import STAGES, Benched, Machine, Spent
from gallery.domain.errors import BadPhoto, GalleryError
from gallery.domain.faces import Photo
from gallery.domain.ports import DemoPictures, PhotoFiles
from gallery.domain.progress import Advance, unwatched
from gallery.domain.runs import Verification, usual_verification
from gallery.usecases.anonymise import Anonymise
from gallery.usecases.faces import found_in
from gallery.usecases.people_in_force import PeopleInForce
from gallery.usecases.running import Options

COPIES = 8
"""How many copies of the demo's picture are made where no photos are named."""


def spread(files: Sequence[Path], most: int) -> list[Path]:
    """At most so many of the files, evenly spread over all of them."""
    if len(files) <= most:
        return list(files)
    return [files[number * len(files) // most] for number in range(most)]


def compose(pictures: DemoPictures, photos: PhotoFiles, folder: Path, copies: int) -> list[Path]:
    """Writes the demo's group picture as so many JPEG files.

    Raises:
        NotWritten: If the folder cannot be written.
    """
    pixels = pictures.group()
    files = [folder / f"group-{number}.jpg" for number in range(1, copies + 1)]
    for file in files:
        photos.write(pixels, Photo(file.with_suffix(".composed"), "", pixels, "JPEG"), file)
    return files


@dataclass(slots=True)
class _Stopwatch:
    machine: Machine
    spent: dict[str, Spent] = field(default_factory=lambda: dict.fromkeys(STAGES, Spent()))
    faces: int = 0
    pixels: int = 0

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        begun = self.machine.now()
        yield
        self.spent[stage] += self.machine.now() - begun

    def __iadd__(self, other: _Stopwatch) -> _Stopwatch:
        self.faces += other.faces
        self.pixels += other.pixels
        for stage, spent in other.spent.items():
            self.spent[stage] += spent
        return self


@dataclass(frozen=True, slots=True)
class Bench:
    """The use case.

    Attributes:
        anonymise: The use case of that name, with a store for the run's record that nobody needs afterwards.
        people: Those who may stay visible.
        machine: What it runs on.
    """

    anonymise: Anonymise
    people: PeopleInForce
    machine: Machine

    def __call__(self, files: Sequence[Path], output: Path, jobs: int, advance: Advance = unwatched) -> Benched:
        """Measures.

        The first photo is done once before, so that what is loaded or made ready only once is not counted.

        Args:
            files: Photo files.
            output: A folder for outputs that nobody needs.
            jobs: Photos of the run at work at once.
            advance: Is told how many photos are done; each is done twice, by stages and in the run.

        Raises:
            BadPhoto: If no photo could be done.
        """
        verification = usual_verification(len(files))
        watch, failed, done = _Stopwatch(self.machine), dict[Path, str](), list[Path]()
        for number, file in enumerate(files):
            try:
                if not done:
                    self._by_stages(file, output, verification)
                watch += self._by_stages(file, output, verification)
                done.append(file)
            except GalleryError as error:
                failed[file] = error.text
            advance(number + 1, 2 * len(files))
        if not done:
            raise BadPhoto(f"None of the photos could be done. The first one: {failed[files[0]]}")
        run = self._run(done, output, jobs, verification, lambda n, _: advance(len(files) + n, len(files) + len(done)))
        memory = self.machine.peak_memory()  # before the limits, which take memory of their own
        return Benched(
            len(done),
            watch.faces,
            watch.pixels,
            watch.spent,
            run,
            jobs,
            self.machine.cores,
            memory,
            self.machine.limits(done),
            failed,
        )

    def _by_stages(self, file: Path, output: Path, verification: Verification) -> _Stopwatch:
        watch, work, whitelist = _Stopwatch(self.machine), self.anonymise.work, self.people.whitelist
        recogniser = work.recogniser
        with watch.timing("decode"):
            as_read = work.photos.read(file)
            photo = as_read.opaque()
        with watch.timing("detect"):
            detections = found_in(as_read, recogniser.detector)
        with watch.timing("crop"):
            chips = recogniser.cropper.crop(photo.pixels, detections) if detections else None
        with watch.timing("embed"):
            faces = recogniser.embedded(detections, chips) if chips else ()
        with watch.timing("match"):
            decided = work.settle(faces, photo.size, whitelist, self.people.words(photo.sha256))
        with watch.timing("redact"):
            pixels = work.redact(photo.pixels, decided)
        with watch.timing("encode"):
            staged = work.photos.stage(pixels, photo, output / file.name)
        try:
            with watch.timing("verify"):
                back = work.photos.verify(staged, pixels, photo, decided.covered)
                work.look_again(work.beside(photo.pixels, back, pixels, decided), whitelist, verification)
        finally:
            work.photos.discard(staged.path)
        watch.faces, watch.pixels = len(faces), photo.size[0] * photo.size[1]
        return watch

    def _run(
        self, files: Sequence[Path], output: Path, jobs: int, verification: Verification, advance: Advance
    ) -> Spent:
        people = replace(self.people, generation=self.anonymise.store.generation())
        pairs = tuple((file, Path(f"{number}-{file.name}")) for number, file in enumerate(files))
        options = Options(verification=verification, threads=jobs, pairs=pairs, people=people)
        begun = self.machine.now()
        self.anonymise([], output, options, advance=advance)
        return self.machine.now() - begun
