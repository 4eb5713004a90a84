"""SQLAlchemy's engine over a gallery file, and its two kinds of transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool, QueuePool

from gallery.adapters.store import drivers
from gallery.adapters.store.connection import connect
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import GalleryFile

_BEGIN = "gallery_begin"


class Database:
    """Transactions on a gallery file.

    The driver begins none by itself. Reading begins a deferred one, which sees one state of the file throughout.
    Writing takes the write lock at once: a transaction that reads first and then wants to write is refused without
    waiting when another process has written in between (https://www.sqlite.org/lang_transaction.html).
    """

    def __init__(self, file: GalleryFile) -> None:
        self._file = file
        self._engine = _engine(file)
        self._writing = self._engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view of the gallery.

        Raises:
            StoreUnusable: If the file cannot be used.
        """
        with explained(self._file), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """All or nothing: committed at the end, rolled back when anything is raised.

        Raises:
            StoreUnusable: If the file cannot be used or written.
        """
        self._file.require_writable()
        with explained(self._file), Session(self._writing) as session, session.begin():
            yield session

    def close(self) -> None:
        """Closes all connections.

        The listener goes, too: SQLAlchemy finds it by the engine's address, which another engine may have next, and
        then stumbles over it when this one's memory is freed.
        """
        if event.contains(self._engine, "begin", _begin):
            event.remove(self._engine, "begin", _begin)
        self._engine.dispose()


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
