"""Run by Alembic for each of its commands; the connection comes from `gallery.adapters.store.migrating`.

There is no `alembic.ini`. To draft the next migration from a changed `gallery/adapters/store/tables.py`:

    python migrations/draft.py "what it does"

and add its revision to `gallery.adapters.store.schema.REVISIONS`.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine

from gallery.adapters.store.tables import Base


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters a table by copying it
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


connectable = context.config.attributes["connection"]
if isinstance(connectable, Engine):
    with connectable.connect() as connection, connection.begin():
        run(connection)
else:
    run(connectable)
