"""The tables, indexes, triggers and views of a gallery, compared with those that the program makes.

Whoever can write the file can add a trigger that swallows what is deleted, put a view in a table's place, or drop a
constraint; every statement of the program then does something else than it says.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gallery.adapters.store.connection import connect_bare
from gallery.adapters.store.failures import damaged
from gallery.adapters.store.files import GalleryFile, make_private
from gallery.domain.unfinished import temporary_folder

if TYPE_CHECKING:
    from gallery.adapters.store.schema import Schema

SHAPE = "fa3c85368173a64a912c36612ebdaf0c09d5ba0996d0171f49d977995545d68c"
"""`digest_of` a gallery of this program's schema, whatever it was upgraded from. A test says when it is another."""

Shape = dict[tuple[str, str], tuple[str, ...]]
"""What makes up each table, index, trigger and view, by its kind and name: columns and constraints, in no order."""

_OWN = frozenset(("sqlite_sequence", "sqlite_stat1", "sqlite_stat4"))
"""Tables that SQLite makes for itself."""

_BREAK, _SPACE = re.compile(r",?\s*\n\s*"), re.compile(r'\s+|"')


def shape_of(connection: sqlite3.Connection) -> Shape:
    """What a file has.

    Alembic writes a table's constraints in another order each time it makes a table anew, so the order does not count.
    """
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return {
        (kind, name): (table, *sorted(_SPACE.sub(" ", part).strip() for part in _BREAK.split(sql) if part))
        for kind, name, table, sql in rows
        if sql is not None and not (kind == "table" and name in _OWN)
    }


def digest_of(shape: Shape) -> str:
    """SHA-256 of it."""
    return hashlib.sha256(repr(sorted(shape.items())).encode()).hexdigest()


def require_as_made(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Checks that a file has the tables of the schema, as the program makes them, and nothing beside them.

    Raises:
        StoreUnusable: If it has not.
    """
    found = next(differences(connection, schema), None)
    if found is not None:
        raise damaged(path, " ".join(found))


def differences(connection: sqlite3.Connection, schema: Schema) -> Iterator[tuple[str, str]]:
    """What is not as the program makes it: each time what, and how it differs.

    The tables are made anew to compare with only where the file's are not known by their digest.
    """
    found = shape_of(connection)
    if digest_of(found) == SHAPE:
        return
    made = _made(schema)
    for kind, name in sorted(found.keys() - made.keys()):
        yield f"{kind} {name}", "was not made by this program"
    for kind, name in sorted(made.keys() - found.keys()):
        yield f"{kind} {name}", "is missing"
    for key in sorted(found.keys() & made.keys()):
        if found[key] != made[key]:
            yield " ".join(key), f"is not as this program makes it{_part(found[key], made[key])}"


def _part(found: tuple[str, ...], made: tuple[str, ...]) -> str:
    lacking, added = set(made) - set(found), set(found) - set(made)
    parts = [f"lacks {one}" for one in sorted(lacking)] + [f"has {one}" for one in sorted(added)]
    return f": it {parts[0]}" if parts else ""


def _made(schema: Schema) -> Shape:
    """The shape of a new gallery."""
    from gallery.adapters.store.migrating import make_schema

    with temporary_folder("gallery-") as folder:
        file = GalleryFile(folder / "empty.db")
        make_private(file.path)
        make_schema(file, schema)
        with closing(connect_bare(file)) as connection:
            return shape_of(connection)
