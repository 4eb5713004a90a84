"""Which schema a gallery file has, and what is done about one that is not this program's.

Alembic is asked only when a schema is made or upgraded; otherwise the revision in the file is compared with the ones
listed here, because importing Alembic takes longer than `gallery list` may.
"""

from __future__ import annotations

import shlex
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gallery.adapters.store import files
from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.failures import explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.domain.errors import SchemaTooNew, SchemaTooOld, StoreUnusable
from gallery.resources import resource

APPLICATION_ID = 0x47414C59
"""`GALY`: says in the file's header that it is a gallery (https://www.sqlite.org/pragma.html#pragma_application_id)."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema this program works with, and its ancestors.

    Attributes:
        revisions: Alembic's revisions, the oldest first; the last is the one worked with.
        migrations: Alembic's folder.
    """

    revisions: tuple[str, ...]
    migrations: Path = field(default_factory=lambda: resource("migrations"))

    @property
    def head(self) -> str:
        """The revision worked with."""
        return self.revisions[-1]


REVISIONS = ("0001", "0002", "0003")
"""All released revisions, the oldest first. A test compares them with the migrations."""


def this_schema() -> Schema:
    """The schema of this version of the program."""
    return Schema(REVISIONS)


def open_file(path: Path, create: bool, timeout: float = BUSY_TIMEOUT, schema: Schema | None = None) -> GalleryFile:
    """Finds a gallery file, makes it if asked to, and checks that this program can work with it.

    Args:
        path: The file.
        create: Whether to make it, with its folder, where it is missing or empty.
        timeout: Seconds to wait for another process that holds it.
        schema: What the program works with.

    Raises:
        StoreUnusable: If it is missing, not a gallery, or cannot be made, opened or (to be created) written.
        SchemaTooOld: If an earlier version of the program wrote it.
        SchemaTooNew: If a later version did.
    """
    schema = schema or this_schema()
    file = files.find_or_make(path, timeout) if create else files.find(path, timeout)
    with explained(path):
        if create and revision_of(file) is None:
            from gallery.adapters.store.migrating import make_schema

            make_schema(file, schema)
        require_current(file, schema)
    return file


def require_current(file: GalleryFile, schema: Schema) -> None:
    """Checks that a file has the schema worked with.

    Raises:
        StoreUnusable: If it is no gallery, or an empty file.
        SchemaTooOld: If an earlier version of the program wrote it.
        SchemaTooNew: If a later version did.
    """
    revision = revision_of(file)
    if revision is None:
        raise files.no_gallery_yet(file.path)
    if revision not in schema.revisions:
        raise too_new(file.path)
    if revision != schema.head:
        raise SchemaTooOld(
            f"The gallery {file.path} was written by an earlier version of this program.",
            f"Run: gallery db upgrade --db {shlex.quote(str(file.path))}",
        )


def revision_of(file: GalleryFile) -> str | None:
    """The schema's revision in a file; None where the file is empty, or SQLite's without a single table.

    Raises:
        StoreUnusable: If it is an SQLite file, but not a gallery.
        sqlite3.DatabaseError: If it is not an SQLite file.
    """
    with closing(connect_bare(file)) as connection:
        return read_revision(connection, file.path)


def read_revision(connection: sqlite3.Connection, path: Path) -> str | None:
    """As `revision_of`, through an open connection."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if not application and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        return None
    if application != APPLICATION_ID:
        raise StoreUnusable(
            f"{path} is an SQLite file, but not a gallery; it was left as it is.",
            "Choose another file with --db PATH.",
        )
    rows = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if len(rows) != 1:
        raise StoreUnusable(f"The gallery {path} is damaged: it does not say its schema.", "Restore it from a copy.")
    return str(rows[0][0])


def too_new(path: Path) -> SchemaTooNew:
    """The error for a gallery that a later version of the program wrote."""
    return SchemaTooNew(
        f"The gallery {path} was written by a later version of this program.",
        "Update the program: pip install --upgrade gallery",
    )


def upgrade(path: Path, timeout: float = BUSY_TIMEOUT, schema: Schema | None = None) -> Path | None:
    """Brings a gallery to the schema of this program, after a backup beside it.

    The backup is as private as the gallery and holds the same biometric data: delete it when it is not needed.

    Args:
        path: The gallery file.
        timeout: Seconds to wait for another process that holds it.
        schema: What the program works with.

    Returns:
        The backup; None where the gallery was up to date and nothing was done.

    Raises:
        StoreUnusable: If it is missing, not a gallery, or cannot be written; it is as it was.
        SchemaTooNew: If a later version of the program wrote it.
    """
    schema = schema or this_schema()
    file = files.find(path, timeout)
    with explained(path):
        revision = revision_of(file)
        if revision is None:
            raise files.no_gallery_yet(path)
        if revision == schema.head:
            return None
        if revision not in schema.revisions:
            raise too_new(path)
        file.require_writable()
        from gallery.adapters.store.migrating import upgrade_schema

        return upgrade_schema(file, schema)
