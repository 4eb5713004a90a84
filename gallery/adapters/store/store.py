"""The gallery file as the use cases know it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gallery.adapters.store import listing
from gallery.adapters.store.connection import connect
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.schema import Schema, open_file

if TYPE_CHECKING:  # NumPy comes with these, and `gallery list` does without it
    from gallery.adapters.store.engine import Database
    from gallery.domain.calibrated import Calibration
    from gallery.domain.geometry import Box
    from gallery.domain.matching import Whitelist
    from gallery.domain.models import EmbeddingSpace, ModelCard
    from gallery.domain.people import Identity, IdentitySummary, NewReference
    from gallery.domain.runs import ImageRecord, Run, RunSettings, RunStatus, RunSummary


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class SqliteStore:
    """A gallery in one SQLite file; implements `gallery.domain.ports.Store`.

    Every method is one transaction. Besides what each says, all raise `StoreUnusable` when the file cannot be used:
    locked for too long, damaged, read-only, or the disk is full. To be closed, or used in a `with` statement.
    """

    def __init__(self, file: GalleryFile, clock: Callable[[], datetime] = now) -> None:
        self._file = file
        self._clock = clock
        self._opened: Database | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        create: bool,
        timeout: float = BUSY_TIMEOUT,
        clock: Callable[[], datetime] = now,
        schema: Schema | None = None,
    ) -> Self:
        """Opens a gallery.

        Args:
            path: The file.
            create: Whether it is going to be written: it is made, with its folder, where it is missing or empty, and
                refused where it is read-only. Without, a read-only gallery can be read.
            timeout: Seconds to wait for another process that holds it.
            clock: Tells the time.
            schema: What the program works with; this program's own by default.

        Raises:
            StoreUnusable: If it is missing, not a gallery, or cannot be made, opened or (to be created) written.
            SchemaTooOld: If an earlier version of the program wrote it.
            SchemaTooNew: If a later version did.
        """
        return cls(open_file(path, create, timeout, schema), clock)

    @property
    def path(self) -> Path:
        """The gallery file."""
        return self._file.path

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
        """Makes a model the gallery's own.

        Nothing is written where it is already, so that a read-only gallery can be used. A model that differs in name
        only gives the gallery its name, where that can be written.

        Raises:
            ModelMismatch: If the gallery holds templates that cannot be compared with that model's.
        """
        from gallery.adapters.store import spaces

        own, wanted = self.space(), card.space
        if own == wanted or (own is not None and own.comparable(wanted) and not self._file.writable):
            return
        with self._database.writing() as session:
            spaces.choose(session, wanted)

    def whitelist(self) -> Whitelist:
        """All templates under the gallery's model, read in one go; names sorted.

        Raises:
            StoreUnusable: If a template is damaged; the message names its reference.
        """
        from gallery.adapters.store import templates

        with self._database.reading() as session:
            return templates.whitelist(session, self.path)

    def identities(self) -> list[IdentitySummary]:
        """Everybody, by name."""
        with explained(self.path), closing(connect(self._file)) as connection:
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

    def add(self, name: str, reference: NewReference, space: EmbeddingSpace) -> int:
        """Adds a reference with its template, and the identity if it is new; all or nothing.

        Returns:
            The reference's id.

        Raises:
            AlreadyEnrolled: If this face of this photo is among the person's references.
            BadArgument: If it cannot be anybody's name.
            ModelMismatch: If `space` is not the gallery's.
            ValueError: If the embedding does not fit the space.
        """
        from gallery.adapters.store import people

        with self._database.writing() as session:
            return people.add(session, name, reference, space, self._clock())

    def remove(self, name: str) -> int:
        """Removes a person with all references and templates.

        What the file held of them is overwritten, as soon as no other process is reading it.

        Returns:
            How many references went with them.

        Raises:
            UnknownName: If there is nobody of that name.
            BadArgument: If it cannot be anybody's name.
        """
        from gallery.adapters.store import people

        with self._database.writing() as session:
            references = people.remove(session, name)
        self._empty_log()
        return references

    def calibration(self) -> Calibration | None:
        """The thresholds derived for the gallery's own model, with how the references have changed since."""
        from gallery.adapters.store import calibration_reading

        with explained(self.path), closing(connect(self._file)) as connection:
            return calibration_reading.calibration(connection)

    def set_calibration(self, calibration: Calibration) -> None:
        """Keeps derived thresholds in place of the former ones, all or nothing.

        Raises:
            ModelMismatch: If they are not of the gallery's own model.
        """
        from gallery.adapters.store import calibration_writing

        with self._database.writing() as session:
            calibration_writing.keep(session, calibration)

    def clear_calibration(self) -> bool:
        """Drops the derived thresholds of the gallery's own model; returns whether there were any."""
        from gallery.adapters.store import calibration_writing

        with self._database.writing() as session:
            return calibration_writing.drop(session)

    def begin_run(self, settings: RunSettings) -> int:
        """Opens a run's record and returns its number."""
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            return runs.begin(session, settings, self._clock())

    def record(self, run: int, image: ImageRecord) -> None:
        """Adds one photo to a run's record.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            runs.record(session, run, image)

    def end_run(self, run: int, status: RunStatus) -> None:
        """Closes a run's record.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import runs

        with self._database.writing() as session:
            runs.end(session, run, status, self._clock())

    def wrote(self, sha256: str) -> bool:
        """Whether a run on record wrote a file with this hash."""
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.wrote(session, sha256)

    def runs(self) -> list[RunSummary]:
        """All runs, the newest first."""
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.summaries(session)

    def run(self, number: int) -> Run:
        """One run in full.

        Raises:
            UnknownName: If there is no run of that number.
        """
        from gallery.adapters.store import runs

        with self._database.reading() as session:
            return runs.run(session, number)

    def _empty_log(self) -> None:
        """Moves the write-ahead log into the file and empties it, so that no old copy of a page stays in either."""
        with explained(self.path), closing(connect(self._file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
