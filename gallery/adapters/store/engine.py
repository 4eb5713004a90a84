"""SQLAlchemy's engine over a gallery file, and its two kinds of transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool, QueuePool

from gallery.adapters.forking import ForkAware, keep
from gallery.adapters.store import drivers
from gallery.adapters.store.connection import connect
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile
from gallery.adapters.store.same_file import Beside, Written, drop_stray_log, require_same, require_same_log, written_at

_BEGIN = "gallery_begin"


class Database(ForkAware):
    """Transactions on a gallery file.

    The driver begins none by itself. Reading begins a deferred one, which sees one state of the file throughout.
    Writing takes the write lock at once: a transaction that reads first and then wants to write is refused without
    waiting when another process has written in between (https://www.sqlite.org/lang_transaction.html).

    Each transaction makes sure that the file is still the one that was opened: a writing one before it changes
    anything, before it commits, and after.

    Attributes:
        outside: How often the file was written by somebody else: by another process that merged the log into it, or by
            whoever copied another gallery over it. What was read before may not be what is there now.
    """

    def __init__(self, file: GalleryFile) -> None:
        self._file = file
        self._written: Written | None = None
        self._beside: Beside = {}
        self.outside = 0
        super().__init__()

    def before_fork(self) -> None:
        """Closes the connections that nobody uses: SQLite's locks are not inherited, but its record of them is."""
        self._engine.dispose()
        self._beside = {}
        self._written = None if self._written is None else written_at(self._file.path)

    def begin(self) -> None:
        """Makes the engine. A forked child opens the file anew: two processes must not use one connection."""
        keep(self.__dict__.get("_engine"))
        self._engine = _engine(self._file)
        self._writing = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._beside = {}

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view of the gallery.

        Raises:
            StoreUnusable: If the file cannot be used.
            GalleryReplaced: If it is another than the one that was opened.
        """
        self._look_outside()
        with explained(self._file), Session(self._engine) as session:
            self._require_same(session)
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """All or nothing: committed at the end, rolled back when anything is raised.

        Raises:
            StoreUnusable: If the file cannot be used or written.
            GalleryReplaced: If it is another than the one that was opened, or was replaced before all was committed.
        """
        self._file.require_writable()
        self._look_outside()
        with explained(self._file), Session(self._writing) as session, session.begin():
            self._require_same(session)
            yield session
            self._require_same(session)
        require_same(self._file)
        self._written = written_at(self._file.path)

    def _require_same(self, session: Session) -> None:
        require_same(self._file)
        self._beside = require_same_log(self._file, session.connection().info)

    def _look_outside(self) -> None:
        """Drops what connections remember of the file, if somebody else has written it."""
        require_same(self._file)
        now = written_at(self._file.path)
        if self._written not in {None, now}:
            self.outside += 1
            self._engine.dispose()
            self._beside = {}
        self._written = now

    def close(self) -> None:
        """Closes all connections.

        The listener goes, too: SQLAlchemy finds it by the engine's address, which another engine may have next, and
        then stumbles over it when this one's memory is freed.
        """
        if event.contains(self._engine, "begin", _begin):
            event.remove(self._engine, "begin", _begin)
        self._engine.dispose()
        drop_stray_log(self._file, self._beside)


def driver(session: Session) -> sqlite3.Connection:
    """The driver's own connection under a transaction."""
    return cast("sqlite3.Connection", session.connection().connection.driver_connection)


def make_engine(file: GalleryFile, opener: Callable[[GalleryFile], sqlite3.Connection], pool: type[Pool]) -> Engine:
    """An engine whose connections are opened here, and whose errors never show what is in a row.

    Args:
        file: The gallery.
        opener: Opens a connection to it.
        pool: What becomes of connections that are not used.
    """
    driver = sqlite3 if file.key is None else drivers.cipher()
    return create_engine("sqlite://", module=driver, creator=lambda: opener(file), poolclass=pool, hide_parameters=True)


def _engine(file: GalleryFile) -> Engine:
    engine = make_engine(file, connect, QueuePool)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))
