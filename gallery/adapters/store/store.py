"""The gallery file as the use cases know it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gallery.adapters.store import listing
from gallery.adapters.store.connection import connect
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.schema import Schema, open_file

if TYPE_CHECKING:  # NumPy comes with these, and `gallery list` does without it
    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from gallery.adapters.store.engine import Database
    from gallery.adapters.store.exchange import StoredContents, StoredPresent, StoredReceiving
    from gallery.domain.by_hand import Override
    from gallery.domain.calibrated import Calibration
    from gallery.domain.cohorts import Cohort
    from gallery.domain.forgetting import Forgotten, KeptOutput
    from gallery.domain.geometry import Box
    from gallery.domain.matching import Whitelist
    from gallery.domain.models import EmbeddingSpace, ModelCard, Thresholds
    from gallery.domain.people import (
        Change,
        Details,
        FaceCrop,
        Identity,
        IdentitySummary,
        LackingTemplate,
        NewReference,
        SharedPhoto,
        SpaceUse,
    )
    from gallery.domain.reviewing import Recorded
    from gallery.domain.runs import DoneBefore, ImageRecord, Run, RunSettings, RunStatus, RunSummary
    from gallery.domain.score_statistics import Scores
    from gallery.domain.trail import OutputOnRecord, TrailCheck


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Change:
    """A change that is being made.

    Attributes:
        what: In words.
        number: In the file, once something was written.
    """

    what: str
    number: int | None = None


class SqliteStore:
    """A gallery in one SQLite file; implements `gallery.domain.ports.Store`.

    Every method is one transaction. Besides what each says, all raise `StoreUnusable` when the file cannot be used:
    locked for too long, damaged, read-only, or the disk is full. To be closed, or used in a `with` statement.
    """

    def __init__(self, file: GalleryFile, clock: Callable[[], datetime] = now, keys: Keys | None = None) -> None:
        self._file = file
        self._keys = keys or Keys()
        self._clock = clock
        self._opened: Database | None = None
        self._change: _Change | None = None
        self._made: int | None = None

    @classmethod
    def open(  # noqa: PLR0913, PLR0917 - all but the first two have defaults
        cls,
        path: Path,
        create: bool,
        timeout: float = BUSY_TIMEOUT,
        clock: Callable[[], datetime] = now,
        schema: Schema | None = None,
        keys: Keys | None = None,
    ) -> Self:
        """Opens a gallery.

        Args:
            path: The file.
            create: Whether it is going to be written: it is made, with its folder, where it is missing or empty, and
                refused where it is read-only. Without, a read-only gallery can be read.
            timeout: Seconds to wait for another process that holds it.
            clock: Tells the time.
            schema: What the program works with; this program's own by default.
            keys: Where the key of an encrypted gallery is found; by default in the environment and the keyring.

        Raises:
            StoreUnusable: If it is missing, not a gallery, or cannot be made, opened or (to be created) written; or if
                it is encrypted and the key is wrong or missing.
            SchemaTooOld: If an earlier version of the program wrote it.
            SchemaTooNew: If a later version did.
        """
        keys = keys or Keys()
        return cls(open_file(path, create, timeout, schema, keys), clock, keys)

    @property
    def path(self) -> Path:
        """The gallery file."""
        return self._file.path

    def require_writable(self) -> None:
        """Checks that the file can be written.

        Raises:
            StoreUnusable: If it cannot.
        """
        self._file.require_writable()

    @property
    def _database(self) -> Database:
        if self._opened is None:
            from gallery.adapters.store.engine import Database

            self._opened = Database(self._file)
        return self._opened

    def close(self) -> None:
        """Closes the file; a closed store opens it again when it is used."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def space(self) -> EmbeddingSpace | None:
        """Where the gallery's templates live; None while it has none and none was chosen."""
        from gallery.adapters.store import spaces

        with self._database.reading() as session:
            row = spaces.current_row(session)
            return None if row is None else spaces.space_of(row)

    def choose(self, card: ModelCard) -> None:
        """Makes a model the gallery's own; can be undone.

        Nothing is written where it is already, so that a read-only gallery can be used. A model that differs in name
        only gives the gallery its name, where that can be written.

        Raises:
            ModelMismatch: If the gallery holds templates that cannot be compared with that model's.
        """
        from gallery.adapters.store import spaces

        own, wanted = self.space(), card.space
        if own == wanted or (own is not None and own.comparable(wanted) and not self._file.writable):
            return
        with self._changing(f"choose {card.name}") as session:
            spaces.choose(session, wanted)

    def whitelist(self, cohort: Cohort | None = None) -> Whitelist:
        """All templates under the gallery's model, read in one go; names sorted.

        Args:
            cohort: What normalised scores are measured against; None for none.

        Raises:
            StoreUnusable: If a template is damaged; the message names its reference.
        """
        from gallery.adapters.store import templates

        with self._database.reading() as session:
            return templates.whitelist(session, self.path, self._today(), cohort)

    def measure(self, cohort: Cohort) -> int:
        """Keeps how the gallery's templates stand to a cohort, where it does not say yet.

        Nothing is written where it does, or where the gallery is read-only.

        Returns:
            Of how many templates it was computed.
        """
        from gallery.adapters.store import templates

        if not self._file.writable:
            return 0
        with self._database.reading() as session:
            if not templates.lacking(session, cohort):
                return 0
        with self._database.writing() as session:
            return templates.complete(session, cohort)

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""
        with self._plainly() as connection:
            return listing.identities(connection)

    def identity(self, name: str) -> Identity:
        """One person.

        Raises:
            UnknownName: If there is nobody of that name; the hint names the nearest.
            BadArgument: If it cannot be anybody's name.
        """
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.identity(session, name)

    def enrolled(self, sha256: str) -> list[tuple[str, Box]]:
        """Who is enrolled from the photo with this hash, and from which face of it."""
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.enrolled(session, sha256)

    def add(
        self,
        name: str,
        reference: NewReference,
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> int:
        """Adds a reference with its template, and the identity if it is new; all or nothing.

        Args:
            name: The person's.
            reference: What to add.
            space: Where its template lives.
            settle: What is settled about the person with it, made of the present details.

        Returns:
            The reference's id.

        Raises:
            AlreadyEnrolled: If this face of this photo is among the person's references.
            BadArgument: If it cannot be anybody's name.
            ModelMismatch: If `space` is not the gallery's.
            ValueError: If the embedding does not fit the space.
        """
        return self._add(f"enrol {name}", [(name, reference)], space, settle)[0]

    def add_all(
        self,
        references: Sequence[tuple[str, NewReference]],
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None = None,
    ) -> list[int]:
        """Adds references as `add` does, all of them or none: one transaction, many times as fast.

        Args:
            references: Each with its person's name.
            space: Where their templates live.
            settle: What is settled about each of these people with it, made of the present details.

        Returns:
            The references' ids.

        Raises:
            AlreadyEnrolled: If a face of a photo is among its person's references, or comes twice.
            BadArgument: If a name cannot be anybody's.
            ModelMismatch: If `space` is not the gallery's.
            ValueError: If an embedding does not fit the space.
        """
        return self._add(f"enrol {len(references)} references", references, space, settle)

    def _add(
        self,
        what: str,
        references: Sequence[tuple[str, NewReference]],
        space: EmbeddingSpace,
        settle: Callable[[Details], Details] | None,
    ) -> list[int]:
        from gallery.adapters.store import editing, people
        from gallery.domain.people import name_key

        if not references:
            return []
        with self._changing(what) as session:
            numbers = people.add(session, references, space, self._clock())
            if settle is not None:
                for name in {name_key(name): name for name, _ in references}.values():
                    editing.edit(session, name, settle)
            return numbers

    @contextmanager
    def change(self, what: str) -> Iterator[None]:
        """Makes everything that is changed inside one change, which can be undone as a whole.

        What changes nothing is no change, and leaves the last one to be undone. Each method inside is still a
        transaction of its own: what one has done stays when a later one fails.

        Args:
            what: The change in words, such as `enrol Anna`; inside another change, that one's words hold.
        """
        outer = self._change
        self._change = outer or _Change(what)
        try:
            yield
        finally:
            self._change = outer

    @contextmanager
    def _changing(self, what: str, expected: Hashable = None) -> Iterator[Session]:
        """A writing transaction that can be undone: by itself, or with the change it is a part of.

        Args:
            what: The change in words.
            expected: The generation that it was prepared for; None for whatever it is.

        Raises:
            GalleryChanged: If the gallery's people were changed since.
        """
        from gallery.adapters.store import generation, undo

        part = self._change or _Change(what)
        with self._database.writing() as session:
            generation.require(session, expected, self._today(), self._database.outside)
            with undo.recorded(session, part.what, self._clock(), part.number) as number:
                yield session
        part.number = self._made = number  # now that it is in the file, and no other process can be given it

    def remove(self, name: str) -> int:
        """Removes a person with all references and templates; can be undone.

        Until the next change the file holds what undoing needs; `forget` leaves nothing.

        Returns:
            How many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If it cannot be anybody's name.
        """
        from gallery.adapters.store import editing

        with self._changing(f"remove {name}") as session:
            return editing.remove(session, name)

    def remove_reference(self, reference: int) -> str:
        """Removes one reference; its person stays, with the others.

        Returns:
            The person's name.

        Raises:
            UnknownName: If there is no reference of that number.
        """
        from gallery.adapters.store import editing

        with self._changing(f"remove reference {reference}") as session:
            return editing.remove_reference(session, reference)

    def rename(self, name: str, new: str) -> str:
        """Gives a person another name.

        Returns:
            The former name, as it was written.

        Raises:
            UnknownName: If there is nobody of that name.
            NameTaken: If somebody else has the new one.
            BadArgument: If it cannot be anybody's name.
        """
        from gallery.adapters.store import editing

        with self._changing(f"rename {name} to {new}") as session:
            return editing.rename(session, name, new)

    def merge(self, name: str, into: str) -> int:
        """Gives one person's references to another, and removes the first. Doubles of the same face go.

        Returns:
            How many references came.

        Raises:
            UnknownName: If there is nobody of one of the names.
            BadArgument: If both are the same person.
        """
        from gallery.adapters.store import editing

        with self._changing(f"merge {name} into {into}") as session:
            return editing.merge(session, name, into)

    def move(self, reference: int, to: str) -> str:
        """Gives one reference to another person.

        Returns:
            Whose it was.

        Raises:
            UnknownName: If there is no reference of that number, or nobody of that name.
            BadArgument: If it is that person's already.
            AlreadyEnrolled: If that person has the same face of the same photo.
        """
        from gallery.adapters.store import editing

        with self._changing(f"move reference {reference} to {to}") as session:
            return editing.move(session, reference, to)

    def edit(self, name: str, change: Callable[[Details], Details], expected: Hashable = None) -> Details:
        """Changes what is settled about a person, so that no other process's change between is lost.

        Where crops may no longer be kept, those that were are removed.

        Args:
            name: The person's.
            change: Makes the new details of the present ones.
            expected: The generation that the change was made for; None for whatever it is.

        Returns:
            The new details.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If notes or a tag cannot be shown, or thresholds are set while the gallery has no model.
            GalleryChanged: If the gallery's people were changed since.
        """
        from gallery.adapters.store import editing

        with self._changing(f"change what is settled about {name}", expected) as session:
            return editing.edit(session, name, change)

    def by_hand(self) -> dict[str, Thresholds]:
        """The thresholds that somebody set for single people under the gallery's model, by name."""
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.by_hand(session)

    def last_change(self) -> Change | None:
        """What `undo` would take back; None where there is nothing."""
        from gallery.adapters.store import undo

        with self._database.reading() as session:
            return undo.last(session)

    def own_change(self) -> Change | None:
        """The last change, if it was made through this very object; what undoing would take back of it."""
        last = self.last_change()
        return last if last is not None and last.number == self._made else None

    def pass_by(self) -> None:
        """Notes that a command changed nothing that could be undone, so that `undo` does not take it for its change."""
        from gallery.adapters.store import undo

        with self._database.writing() as session:
            undo.pass_by(session)

    def undo(self, number: int | None = None) -> Change:
        """Takes the last change back, whole; once.

        Args:
            number: Of the change that is meant; None for whichever is the last.

        Raises:
            NothingToUndo: If there was none, or it was undone already.
            GalleryChanged: If another one is the last by now.
            StoreUnusable: If what the file says of it was tampered with; nothing is changed.
        """
        from sqlalchemy.exc import IntegrityError

        from gallery.adapters.store import undo

        try:
            with self._database.writing() as session:
                return undo.undo(session, self.path, number)
        except IntegrityError as error:  # references between tables are checked at the end
            raise undo.unusable(self.path) from error

    def forget(self, name: str) -> Forgotten:
        """Deletes a person for good, in the gallery and in the backups it knows, and proves it; cannot be undone.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
            StoreUnusable: If another process is using the file, traces are left, or a backup cannot be written.
        """
        from gallery.adapters.store import erasing

        self.close()
        return erasing.forget(self._file, name, self._open_copy, self._clock())

    def outputs_showing(self, name: str) -> tuple[KeptOutput, ...]:
        """The outputs in which a person is visible and which no later run replaced.

        Raises:
            UnknownName: If nobody of that name is in the gallery or its record.
        """
        from gallery.adapters.store import erasing

        self.close()
        return erasing.showing(self._file, name)

    def _open_copy(self, path: Path) -> GalleryFile:
        from gallery.adapters.store.schema import upgrade

        copy = upgrade(path, self._file.timeout, keys=self._keys)
        if copy is not None:  # of the backup, with all that is to be forgotten
            copy.unlink()
        return open_file(path, create=False, timeout=self._file.timeout, keys=self._keys)

    def compact(self) -> None:
        """Writes the whole file anew, so that nothing is left of what was deleted, and no room is wasted.

        Raises:
            StoreUnusable: If another process is using the file.
        """
        from gallery.adapters.store import erasing

        self.close()
        self._file.require_writable()
        erasing.write_anew(self._file)

    def crop(self, reference: int) -> FaceCrop | None:
        """The picture kept of a reference; None where it was not."""
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.crop(session, reference)

    def crops(self, name: str) -> dict[int, FaceCrop]:
        """The pictures kept of a person's references, by the references' numbers.

        Raises:
            UnknownName: If there is nobody of that name.
        """
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.crops(session, name)

    def spaces(self) -> list[SpaceUse]:
        """All models that the gallery holds templates of, the current one first."""
        from gallery.adapters.store import spaces

        with self._database.reading() as session:
            return spaces.overview(session)

    def lacking(self, space: EmbeddingSpace) -> Iterator[LackingTemplate]:
        """The references that have no template there, one after the other; the gallery may be written meanwhile."""
        from gallery.adapters.store import reembedding

        with self._database.reading() as session:
            numbers = reembedding.lacking(session, space)
        for number in numbers:
            with self._database.reading() as session:
                found = reembedding.with_crop(session, number)
            if found is not None:
                yield found

    def add_template(self, reference: int, embedding: NDArray[np.float32], space: EmbeddingSpace) -> None:
        """Gives one reference a template, as `add_templates` does."""
        self.add_templates({reference: embedding}, space)

    def add_templates(self, templates: Mapping[int, NDArray[np.float32]], space: EmbeddingSpace) -> None:
        """Gives references templates under another model, or anew; all of them or none.

        Args:
            templates: By the references' numbers.
            space: Where they live.

        Raises:
            UnknownName: If there is no reference of a number.
            ValueError: If an embedding does not fit the space.
        """
        from gallery.adapters.store import reembedding

        with self._changing(f"make templates under {space.model}") as session:
            reembedding.add_templates(session, templates, space)

    def use(self, space: EmbeddingSpace) -> None:
        """Makes a model that the gallery holds templates of its own.

        Raises:
            ModelMismatch: If it holds none.
        """
        from gallery.adapters.store import spaces

        with self._changing(f"use {space.model}") as session:
            spaces.switch(session, space)

    def shared_photos(self) -> list[SharedPhoto]:
        """Faces that are enrolled under more than one name."""
        from gallery.adapters.store import people

        with self._database.reading() as session:
            return people.shared_photos(session)

    def calibration(self) -> Calibration | None:
        """The thresholds derived for the gallery's own model, with how the references have changed since."""
        from gallery.adapters.store import calibration_reading

        with self._plainly() as connection:
            return calibration_reading.calibration(connection)

    def set_calibration(self, calibration: Calibration, expected: Hashable = None) -> None:
        """Keeps derived thresholds in place of the former ones, all or nothing.

        Args:
            calibration: The thresholds.
            expected: The generation that they were derived from; None for whatever it is.

        Raises:
            ModelMismatch: If they are not of the gallery's own model.
            GalleryChanged: If the gallery's people were changed since.
        """
        from gallery.adapters.store import calibration_writing

        with self._changing("calibrate", expected) as session:
            calibration_writing.keep(session, calibration)

    def clear_calibration(self) -> bool:
        """Drops the derived thresholds of the gallery's own model; returns whether there were any."""
        from gallery.adapters.store import calibration_writing

        with self._changing("calibrate --reset") as session:
            return calibration_writing.drop(session)

    @contextmanager
    def contents(self, names: Sequence[str] = ()) -> Iterator[StoredContents]:
        """One state of the gallery, to be exported.

        Args:
            names: Whom to export; everybody, if there is none.

        Raises:
            UnknownName: If there is nobody of a name; the hint names the nearest.
            BadArgument: If it cannot be anybody's name.
        """
        from gallery.adapters.store.exchange import StoredContents

        with self._database.reading() as session:
            yield StoredContents(session, self.path, names)

    def note_archive(self, target: Path) -> None:
        """Notes where an archive is about to be written, so that `forget` finds what a killed export leaves there.

        Where the gallery cannot be written, nothing is noted.
        """
        from gallery.adapters.store.tables import ArchiveRow
        from gallery.domain.errors import StoreUnusable

        with suppress(StoreUnusable), self._database.writing() as session:
            session.merge(ArchiveRow(path=str(target.absolute()), made=self._clock()))

    @contextmanager
    def present(self) -> Iterator[StoredPresent]:
        """One state of the gallery, to be compared with what is to be imported."""
        from gallery.adapters.store.exchange import StoredPresent

        with self._database.reading() as session:
            yield StoredPresent(session)

    @contextmanager
    def receiving(self, what: str) -> Iterator[StoredReceiving]:
        """Takes people in: one transaction, all or nothing, that can be undone.

        Args:
            what: The change in words.
        """
        from gallery.adapters.store.exchange import StoredReceiving

        with self._changing(what) as session:
            yield StoredReceiving(session, self._today())

    def begin_run(self, settings: RunSettings, by: str = "") -> int:
        """Opens a run's record and returns its number.

        Args:
            settings: All that shapes it.
            by: Who runs it.
        """
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            return runs.begin(session, settings, by, self._clock())

    def _today(self) -> date:
        return self._clock().astimezone().date()

    def generation(self) -> Hashable:
        """What is another after every change to the people, or to what was decided by hand."""
        from gallery.adapters.store import generation

        with self._database.reading() as session:
            return generation.of(session, self._today(), self._database.outside)

    def record(
        self, run: int, image: ImageRecord, expected: Hashable = None, crops: Mapping[int, bytes] | None = None
    ) -> None:
        """Adds one photo to a run's record.

        Args:
            run: The run's number.
            image: What was done with the photo.
            expected: The generation that was decided by; None for whatever it is.
            crops: Pictures of faces that wait for a person's word, by their positions from 0, for the review only.

        Raises:
            UnknownName: If there is no run of that number.
            GalleryChanged: If the gallery's people were changed since.
            ValueError: If there is a picture of a face that does not wait.
        """
        from gallery.adapters.store import generation, review_crops, runs

        with self._database.writing() as session:
            generation.require(session, expected, self._today(), self._database.outside)
            row = runs.record(session, run, image, self._clock())
            review_crops.add(session, row, crops or {})

    def amend(self, run: int, image: ImageRecord, instead_of: ImageRecord) -> None:
        """Puts another record in the place of a photo's last one, which did not come out after all.

        Raises:
            UnknownName: If there is no run of that number, or that one is not on its record.
        """
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            runs.amend(session, run, image, instead_of, self._clock())

    def done_before(self, settings: str, photo: str, state: str, output: str) -> DoneBefore | None:
        """The last run that did a photo and verified it, if there is one.

        Args:
            settings: `RunSettings.fingerprint`.
            photo: SHA-256 of the photo.
            state: `ImageRecord.state`.
            output: SHA-256 of the output.
        """
        from gallery.adapters.store import run_reading
        from gallery.adapters.store.engine import driver

        with self._database.reading() as session:
            return run_reading.done_before(driver(session), settings, photo, state, output)

    def add_override(self, override: Override) -> Override:
        """Remembers a person's word on a face, in place of an earlier one on the same face; returns it numbered.

        It is no change to the people, so it is not what `undo` takes back. Pictures kept for a review of that face go.

        Raises:
            UnknownName: If nobody is named like the person whom it is to keep.
        """
        from gallery.adapters.store import overriding, review_crops, undo

        with self._database.writing() as session:
            undo.pass_by(session)
            review_crops.drop_of(session, override.sha256, override.box)
            return overriding.add(session, override, self._today())

    def overrides(self) -> list[Override]:
        """All that was decided by hand, in the order it was."""
        from gallery.adapters.store import overriding

        with self._database.reading() as session:
            return overriding.every(session, self._today())

    def remove_override(self, number: int) -> Override:
        """Takes a person's word back.

        Raises:
            UnknownName: If there is none of that number.
        """
        from gallery.adapters.store import overriding, undo

        with self._database.writing() as session:
            undo.pass_by(session)
            return overriding.remove(session, number, self._today())

    def closest_on_record(self, sha256: str, box: Box, run: int | None = None) -> str | None:
        """The present name of the person whom a face was closest to when it was compared last, if that is known.

        Args:
            sha256: Of the photo.
            box: The face.
            run: The run whose record counts; None for the last that has the face.
        """
        from gallery.adapters.store import overriding

        with self._database.reading() as session:
            return overriding.closest_on_record(session, sha256, box, run)

    def review_crop(self, run: int, image: int, face: int) -> bytes | None:
        """The picture kept of a face for the review; None where there is none.

        Args:
            run: The run's number.
            image: Which of its photos, from 0.
            face: Which of the photo's faces, from 1.
        """
        from gallery.adapters.store import review_crops

        with self._database.reading() as session:
            return review_crops.get(session, run, image, face)

    def put_review_crop(self, run: int, image: int, face: int, picture: bytes) -> None:
        """Puts a picture back that `drop_review_crop` removed, with the same words for its place."""
        from gallery.adapters.store import review_crops

        with self._database.writing() as session:
            review_crops.put(session, run, image, face, picture)

    def drop_review_crop(self, run: int, image: int, face: int) -> bool:
        """Removes the picture kept of a face; returns whether there was one. `compact` removes its last bytes."""
        from gallery.adapters.store import review_crops

        with self._database.writing() as session:
            return review_crops.drop(session, run, image, face)

    def drop_review_crops(self, run: int) -> int:
        """Removes all such pictures of a run; returns how many there were."""
        from gallery.adapters.store import review_crops

        with self._database.writing() as session:
            return review_crops.drop_all(session, run)

    def with_overrides(self) -> list[Recorded]:
        """What runs did with the photos that somebody decided on by hand, or once had, in their order."""
        from gallery.adapters.store import review_crops

        with self._plainly() as connection:
            return review_crops.overridden(connection)

    def end_run(self, run: int, status: RunStatus) -> None:
        """Closes a run's record.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            runs.end(session, run, status, self._clock())

    def written(self, run: int) -> frozenset[str]:
        """SHA-256 of the outputs that a run has on record in the gallery that is there now; none where there is none.

        It is opened anew: the file that was open may have been removed or replaced.
        """
        from gallery.adapters.store import runs
        from gallery.adapters.store.files import is_missing

        self.close()
        if is_missing(self.path):
            return frozenset()
        file = open_file(self.path, create=False, keys=self._keys)
        with explained(file), closing(connect(file)) as connection:
            return runs.written(connection, run)

    def outputs(self, sha256: str) -> list[str]:
        """The paths, as recorded, at which runs wrote a file with this hash."""
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.outputs(session, sha256)

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first."""
        from gallery.adapters.store import run_reading

        with self._plainly() as connection:
            return run_reading.summaries(connection)

    def scores(self, run: int | None = None) -> Scores:
        """What statistics need of all decisions of one run, or of all runs, in one pass.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import scores

        with self._plainly() as connection:
            return scores.scores(connection, run)

    def run(self, number: int) -> Run:
        """One run in full.

        Raises:
            UnknownName: If there is no run of that number.
        """
        with self.open_run(number) as (run, images):
            return replace(run, images=tuple(images))

    @contextmanager
    def open_run(self, number: int) -> Iterator[tuple[Run, Iterator[ImageRecord]]]:
        """One run without its photos, and these one after the other; one state of the gallery throughout.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import run_reading

        with self._plainly() as connection:
            connection.execute("BEGIN")
            yield run_reading.run(connection, number), run_reading.images(connection, number)

    def check_trail(self, head: str | None = None) -> TrailCheck:
        """Recomputes the chain of hashes over all that was recorded, and compares it with the record.

        Args:
            head: The hash of an entry that somebody noted, to be looked for; None for none.
        """
        from gallery.adapters.store import trail_check

        with self._plainly() as connection:
            return trail_check.check(connection, head)

    def photos_of(self, sha256: str) -> list[OutputOnRecord]:
        """Whose outputs runs wrote as a file with this hash."""
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.photos_of(session, sha256)

    def output_folders(self) -> list[tuple[str, str]]:
        """The folders that runs wrote to, as recorded; each with the folder that it starts at, empty where unknown."""
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.output_folders(session)

    def outputs_on_record(self) -> list[OutputOnRecord]:
        """The files that runs wrote and no later run replaced or withdrew, in the order in which they were."""
        from gallery.adapters.store import trail_check

        with self._plainly() as connection:
            return trail_check.outputs(connection)

    def prune(self, numbers: Sequence[int], by: str = "") -> None:
        """Removes the photos and decisions of runs and leaves a stub of each, all or nothing.

        Args:
            numbers: The runs'.
            by: Who does it.

        Raises:
            TrailBroken: If the record does not fit the trail; then pruning would hide it.
        """
        from gallery.adapters.store import pruning, trail_check
        from gallery.adapters.store.engine import driver
        from gallery.domain.errors import TrailBroken

        with self._database.writing() as session:
            found = trail_check.check(driver(session), one_state=True)
            if found.misfit is not None:
                raise TrailBroken(found.misfit, "Nothing was removed. Restore a backup of the gallery.")
            pruning.prune(session, list(numbers), by, self._clock())

    @contextmanager
    def _plainly(self) -> Iterator[sqlite3.Connection]:
        """A connection without SQLAlchemy."""
        with explained(self._file), closing(connect(self._file)) as connection:
            yield connection
