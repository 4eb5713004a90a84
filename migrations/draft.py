"""Drafts the next migration from what `gallery/adapters/store/tables.py` says and the migrations so far do not.

    python migrations/draft.py "what it does"

The draft is to be read and corrected: CHECK constraints are not compared, and data is not moved. Its revision then
goes to the end of `gallery.adapters.store.schema.REVISIONS`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from gallery.adapters.store.migrating import alembic_config

MIGRATIONS = Path(__file__).resolve().parent


def draft(message: str, migrations: Path = MIGRATIONS) -> None:
    number = len(list((migrations / "versions").glob("*.py"))) + 1
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        config = alembic_config(migrations, connection)
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04}")
    engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    draft(sys.argv[1])  # Alembic says which file it writes
