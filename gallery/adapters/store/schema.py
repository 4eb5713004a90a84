"""Which schema a gallery file has, and what is done about one that is not this program's.

Alembic is asked only when a schema is made or upgraded; otherwise the revision in the file is compared with the ones
listed here, because importing Alembic takes longer than `gallery list` may.
"""

from __future__ import annotations

import re
import shlex
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from gallery import __version__
from gallery.adapters.store import encryption, files
from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.failures import damaged, explained
from gallery.adapters.store.files import BUSY_TIMEOUT, GalleryFile
from gallery.adapters.store.keys import Keys
from gallery.adapters.store.shape import require_as_made
from gallery.domain.errors import SchemaTooNew, SchemaTooOld, StoreUnusable
from gallery.installed import updating
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


REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
"""All released revisions, the oldest first. A test compares them with the migrations."""


def this_schema() -> Schema:
    """The schema of this version of the program."""
    return Schema(REVISIONS)


def open_file(  # noqa: PLR0913, PLR0917 - all but the first two have defaults
    path: Path,
    create: bool,
    timeout: float = BUSY_TIMEOUT,
    schema: Schema | None = None,
    keys: Keys | None = None,
    as_made: bool = True,
) -> GalleryFile:
    """Finds a gallery file, makes it if asked to, and checks that this program can work with it.

    Logs a warning where others may read it.

    Args:
        path: The file.
        create: Whether to make it, with its folder, where it is missing or empty.
        timeout: Seconds to wait for another process that holds it.
        schema: What the program works with.
        keys: Where the key of an encrypted gallery is found; by default in the environment and the system's keyring.
        as_made: Whether its tables must be as the program makes them.

    Raises:
        StoreUnusable: If it is missing, not a gallery, or cannot be made, opened or (to be created) written; or if it
            is encrypted and the key is wrong or missing; or if its tables were changed.
        SchemaTooOld: If an earlier version of the program wrote it.
        SchemaTooNew: If a later version did.
    """
    schema = schema or this_schema()
    file = files.find_or_make(path, timeout) if create else files.find(path, timeout)
    with explained(path):
        file = encryption.unlocked(file, keys or Keys())
        if create and revision_of(file) is None:
            from gallery.adapters.store.migrating import make_schema

            make_schema(file, schema)
        require_current(file, schema, as_made)
    files.warn(path)
    return file


def make_file(path: Path, encrypted: bool, keys: Keys | None = None, timeout: float = BUSY_TIMEOUT) -> GalleryFile:
    """Makes an empty gallery.

    Args:
        path: The file; it is made with its folder.
        encrypted: Whether its content is going to be.
        keys: Where the key is found.
        timeout: Seconds to wait for another process that holds it.

    Raises:
        StoreUnusable: If there is a file already, it cannot be made, or there is no key to encrypt it with.
        BadArgument: If the key is empty.
    """
    if not files.is_missing(path) and path.stat().st_size:
        raise StoreUnusable(
            f"There is a file at {path} already; it was left as it is.", "Choose another with --db PATH."
        )
    key = encryption.new_key(path, keys or Keys()) if encrypted else None
    file = replace(files.find_or_make(path, timeout), key=key)
    with explained(path):
        from gallery.adapters.store.migrating import make_schema

        make_schema(file, this_schema())
    return file


def require_current(file: GalleryFile, schema: Schema, as_made: bool = True) -> None:
    """Checks that a file has the schema worked with.

    Args:
        file: The file.
        schema: What the program works with.
        as_made: Whether its tables must be as the program makes them.

    Raises:
        StoreUnusable: If it is no gallery, or an empty file, or its tables were changed.
        SchemaTooOld: If an earlier version of the program wrote it.
        SchemaTooNew: If a later version did.
    """
    with closing(connect_bare(file)) as connection:
        revision, version = read_revision(connection, file.path), written_by(connection)
        if as_made and revision == schema.head:
            require_as_made(connection, file.path, schema)
    if revision is None:
        raise files.no_gallery_yet(file.path)
    if revision not in schema.revisions:
        raise too_new(file.path, version)
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
        raise damaged(path, "it does not say its schema")
    return str(rows[0][0])


def stamp(connection: sqlite3.Connection) -> None:
    """Writes into a file which version of the program made its schema, so that an earlier one can name it."""
    connection.execute(f"PRAGMA user_version = {_encoded(__version__)}")


def written_by(connection: sqlite3.Connection) -> str:
    """The version of the program that made a file's schema, such as `0.5.0`; empty where it does not say."""
    number = int(connection.execute("PRAGMA user_version").fetchone()[0])
    return f"{number // 10_000}.{number // 100 % 100}.{number % 100}" if number > 0 else ""


def too_new(path: Path, version: str) -> SchemaTooNew:
    """The error for a gallery that a later version of the program wrote.

    Args:
        path: The gallery.
        version: What the file says of it; empty where it says nothing.
    """
    what = f"The gallery {path} was written by a later version of this program"
    if version and _encoded(version) > _encoded(__version__):
        return SchemaTooNew(f"{what}, gallery {version}.", f"Update the program: {updating(version)}")
    return SchemaTooNew(f"{what}.", f"Update the program: {updating()}")


def _encoded(version: str) -> int:
    """A version as one number; what follows the third number, as in `1.2.0rc1`, does not count."""
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    return sum(number * unit for number, unit in zip(numbers, (10_000, 100, 1), strict=False))


def upgrade(
    path: Path, timeout: float = BUSY_TIMEOUT, schema: Schema | None = None, keys: Keys | None = None
) -> Path | None:
    """Brings a gallery to the schema of this program, after a backup beside it.

    The backup is as private as the gallery and holds the same biometric data: delete it when it is not needed.

    Args:
        path: The gallery file.
        timeout: Seconds to wait for another process that holds it.
        schema: What the program works with.
        keys: Where the key of an encrypted gallery is found; by default in the environment and the system's keyring.

    Returns:
        The backup; None where the gallery was up to date and nothing was done.

    Raises:
        StoreUnusable: If it is missing, not a gallery, or cannot be written; it is as it was.
        SchemaTooNew: If a later version of the program wrote it.
    """
    schema = schema or this_schema()
    file = files.find(path, timeout)
    with explained(path):
        file = encryption.unlocked(file, keys or Keys())
        files.warn(path)
        try:
            require_current(file, schema)
        except SchemaTooOld:
            file.require_writable()
        else:
            return None
        from gallery.adapters.store.migrating import upgrade_schema

        return upgrade_schema(file, schema)
