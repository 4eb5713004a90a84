"""The gallery file: SQLite through SQLAlchemy's typed ORM, its schema made by Alembic only.

Opening and listing use the standard library's `sqlite3` alone, because importing SQLAlchemy takes longer than
everything else `gallery list` does; SQLAlchemy is imported when something beyond the listing is asked for, and Alembic
when a schema is made or upgraded.
"""

from gallery.adapters.store.schema import upgrade
from gallery.adapters.store.store import SqliteStore

__all__ = ["SqliteStore", "upgrade"]
