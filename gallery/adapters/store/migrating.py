"""Alembic, run from within the program: no `alembic.ini`, one transaction for everything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event
from sqlalchemy.pool import NullPool

from gallery.adapters.store import backup
from gallery.adapters.store.connection import connect, connect_to_migrate
from gallery.adapters.store.engine import make_engine
from gallery.adapters.store.files import OWNER_ONLY, GalleryFile
from gallery.adapters.store.schema import Schema, read_revision, stamp
from gallery.adapters.store.shape import require_as_made
from gallery.domain.errors import StoreUnusable


def alembic_config(migrations: Path, connection: Connection | None = None) -> Config:
    """What Alembic needs to know; its commands (`alembic.command`) take it.

    Args:
        migrations: The folder of the migrations.
        connection: Where they are to be run; None to only look at them.
    """
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def make_schema(file: GalleryFile, schema: Schema) -> None:
    """Makes the tables in an empty file; does nothing where another process has just done so.

    Raises:
        StoreUnusable: If the file is an SQLite file, but not a gallery.
    """
    file.path.chmod(OWNER_ONLY)
    with _migration(file) as connection:
        if _revision(connection, file.path) is None:
            _upgrade(connection, schema)
    with closing(connect(file)):  # switches to the write-ahead log, which the file remembers
        pass


def upgrade_schema(file: GalleryFile, schema: Schema) -> Path | None:
    """Backs a gallery up and upgrades it, while nobody else can write it.

    Returns:
        The backup; None where another process has just upgraded the gallery.

    Raises:
        StoreUnusable: If a migration breaks a reference between tables, or the tables had been changed and are not as
            the program makes them; the gallery is as it was.
    """
    with _migration(file) as connection:
        revision = _revision(connection, file.path)
        if revision is None or revision == schema.head:
            return None
        copy = backup.back_up(file, backup.beside(file.path, revision))
        _upgrade(connection, schema)
        require_as_made(_driver(connection), file.path, schema)
        backup.record(_driver(connection), copy)
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise StoreUnusable(
                f"The gallery {file.path} cannot be upgraded: its tables do not fit together; it is as it was.",
                f"Restore it from a copy; there is a fresh one at {copy}.",
            )
    return copy


@contextmanager
def _migration(file: GalleryFile) -> Iterator[Connection]:
    """One transaction that holds the write lock from its start."""
    engine = make_engine(file, connect_to_migrate, NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _revision(connection: Connection, path: Path) -> str | None:
    return read_revision(_driver(connection), path)


def _upgrade(connection: Connection, schema: Schema) -> None:
    command.upgrade(alembic_config(schema.migrations, connection), schema.head)
    stamp(_driver(connection))


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)
