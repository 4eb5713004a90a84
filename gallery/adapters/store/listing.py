"""The listing, without SQLAlchemy: importing that would take longer than the rest of `gallery list` together.

The same two questions asked through the tables' classes must give the same answer; a test asks them.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import UTC, datetime

from gallery.domain.people import IdentitySummary

_PEOPLE = """
    SELECT identity.id, identity.name, identity.added, count(reference.id), max(reference.added)
    FROM identity LEFT JOIN reference ON reference.identity_id = identity.id
    GROUP BY identity.id
    ORDER BY identity.name_key
"""

_TEMPLATES = """
    SELECT reference.identity_id, model.name, count(*)
    FROM template
    JOIN reference ON reference.id = template.reference_id
    JOIN model ON model.id = template.model_id
    GROUP BY reference.identity_id, model.name
    ORDER BY model.name
"""


def identities(connection: sqlite3.Connection) -> list[IdentitySummary]:
    """Everybody, by name."""
    connection.execute("BEGIN")  # both queries see one state
    try:
        people = connection.execute(_PEOPLE).fetchall()
        templates: dict[int, dict[str, int]] = defaultdict(dict)
        for number, model, count in connection.execute(_TEMPLATES):
            templates[number][model] = count
    finally:
        connection.execute("ROLLBACK")
    return [
        IdentitySummary(name, references, templates.get(number, {}), _time(added), _time(last) if last else None)
        for number, name, added, references, last in people
    ]


def _time(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
