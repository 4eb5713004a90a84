"""The listing, without SQLAlchemy: importing that would take longer than the rest of `gallery list` together.

The same two questions asked through the tables' classes must give the same answer; a test asks them.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import UTC, date, datetime

from gallery.domain.models import labelled
from gallery.domain.people import IdentitySummary, name_key

_PEOPLE = """
    SELECT identity.id, identity.name, identity.added, count(reference.id), max(reference.added),
        last_match.at, identity.enabled, identity.expires
    FROM identity
    LEFT JOIN reference ON reference.identity_id = identity.id
    LEFT JOIN last_match ON last_match.identity_id = identity.id
    GROUP BY identity.id
    ORDER BY identity.name_key
"""

_TEMPLATES = """
    SELECT reference.identity_id, model.name, model.preparation, count(*)
    FROM template
    JOIN reference ON reference.id = template.reference_id
    JOIN model ON model.id = template.model_id
    GROUP BY reference.identity_id, model.name, model.preparation
    ORDER BY model.name
"""

_TAGS = "SELECT identity_id, tag FROM tag"


def identities(connection: sqlite3.Connection) -> list[IdentitySummary]:
    """Everybody, by name."""
    connection.execute("BEGIN")  # all queries see one state
    try:
        people = connection.execute(_PEOPLE).fetchall()
        templates: dict[int, dict[str, int]] = defaultdict(dict)
        for number, model, preparation, count in connection.execute(_TEMPLATES):
            label = labelled(model, preparation)
            templates[number][label] = templates[number].get(label, 0) + count
        tags: dict[int, list[str]] = defaultdict(list)
        for number, tag in connection.execute(_TAGS):
            tags[number].append(tag)
    finally:
        connection.execute("ROLLBACK")
    return [
        IdentitySummary(
            name=name,
            references=references,
            templates=templates.get(number, {}),
            added=_time(added),
            last_added=_time(last) if last else None,
            last_matched=_time(matched) if matched else None,
            enabled=bool(enabled),
            expires=date.fromisoformat(expires) if expires else None,
            tags=tuple(sorted(tags.get(number, ()), key=name_key)),
        )
        for number, name, added, references, last, matched, enabled, expires in people
    ]


def _time(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
