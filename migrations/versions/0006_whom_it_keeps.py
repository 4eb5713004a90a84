"""Whom a manual decision keeps, former names, where archives were written, a keyed hash of a replaced path."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SAME_PLACE = 0.5
"""Least overlap of a face with the box of an override, as it was when this was released."""

FACES = """
    SELECT run.started <= :made, run_image.id, position, identity_id,
        decision.box_x, decision.box_y, decision.box_width, decision.box_height
    FROM decision JOIN run_image ON run_image.id = run_image_id JOIN run ON run.id = run_id
    WHERE run_image.sha256 = :photo AND identity_id IS NOT NULL
"""
"""The faces of a photo that were compared with somebody whose number is known."""


def upgrade() -> None:
    # Added in place, not by copying the tables: a copy would forget the highest number given.
    for table, definition in (
        ("override", "identity_id INTEGER"),
        ("decision", "keeps_id INTEGER"),
        ("decision", "keeps VARCHAR"),
        (
            "run_image",
            "output_mark VARCHAR(96) CONSTRAINT ck_run_image_output_mark CHECK (length(output_mark) = 96)",
        ),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")
    op.create_table(
        "former_name",
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_former_name_identity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("identity_id", "name", name=op.f("pk_former_name")),
    )
    op.create_table(
        "archive",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_archive")),
    )
    name_whom_they_keep()


def downgrade() -> None:
    op.drop_table("archive")
    op.drop_table("former_name")
    for table, name in (
        ("run_image", "output_mark"),
        ("decision", "keeps"),
        ("decision", "keeps_id"),
        ("override", "identity_id"),
    ):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def name_whom_they_keep() -> None:
    """Gives each override that keeps a face the closest person on record; where there is none, it keeps nobody.

    The record of the last run before the override counts: it is what was looked at. Without one, the first run after
    it does. Later ones may know others, and not the person any more.
    """
    bind = op.get_bind()
    query = "SELECT id, sha256, made, box_x, box_y, box_width, box_height FROM override WHERE verdict = 'keep'"
    for number, photo, made, *box in bind.exec_driver_sql(query).fetchall():
        faces = bind.execute(sa.text(FACES), {"made": made, "photo": photo}).fetchall()
        meant = [
            (not before, -image if before else image, position, who)
            for before, image, position, who, *place in faces
            if overlap(box, place) >= SAME_PLACE
        ]
        if meant:
            bind.exec_driver_sql("UPDATE override SET identity_id = ? WHERE id = ?", (min(meant)[-1], number))


def overlap(one: list[int], other: list[int]) -> float:
    """Intersection over union of two boxes: left, top, width, height."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / (one[2] * one[3] + other[2] * other[3] - width * height)
