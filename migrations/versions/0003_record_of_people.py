"""The gallery as a record of people: consent, tags, crops, several models, undo, backups."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

THRESHOLDS = "cosine >= 0 AND cosine <= 2 AND euclidean >= 0"
RULES = (
    "matches",
    "gallery empty",
    "cosine too far",
    "euclidean too far",
    "not aligned",
    "too small",
    "not sharp",
    "better match here",
    "too like another",
    "needs review",
)
WITHHELD = ("disabled", "consent ended")
"""Why somebody who matches is blurred all the same."""

# Added in place, not by copying the table: a copy would forget the highest number given, and numbers are never reused.
COLUMNS = {
    "enabled": ("identity", "BOOLEAN DEFAULT 1 NOT NULL CONSTRAINT ck_identity_enabled CHECK (enabled IN (0, 1))"),
    "expires": ("identity", "DATE"),
    "notes": ("identity", "TEXT DEFAULT '' NOT NULL"),
    "keep_crops": (
        "identity",
        "BOOLEAN DEFAULT 1 NOT NULL CONSTRAINT ck_identity_keep_crops CHECK (keep_crops IN (0, 1))",
    ),
    "flaws": ("reference", "TEXT DEFAULT '[]' NOT NULL"),
}


def upgrade() -> None:
    for column, (table, definition) in COLUMNS.items():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")
    create_tables()
    place = RULES.index("not aligned")
    with op.batch_alter_table("decision", recreate="always") as batch:
        batch.drop_constraint(op.f("fk_decision_identity_id"), type_="foreignkey")
        batch.add_column(sa.Column("runner_up_id", sa.Integer(), nullable=True))
        admit_rules(batch, (*RULES[:place], *WITHHELD, *RULES[place:]))
    op.execute(
        "INSERT INTO last_match (identity_id, at) SELECT identity_id, max(run.started) FROM decision"
        " JOIN run_image ON run_image.id = run_image_id JOIN run ON run.id = run_id"
        " WHERE verdict = 'keep' AND identity_id IS NOT NULL GROUP BY identity_id"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE decision SET rule = 'gallery empty' WHERE rule IN ('disabled', 'consent ended')"  # the nearest there is
    )
    op.execute("UPDATE decision SET identity_id = NULL WHERE identity_id NOT IN (SELECT id FROM identity)")
    with op.batch_alter_table("decision", recreate="always") as batch:
        batch.drop_column("runner_up_id")
        batch.create_foreign_key(
            op.f("fk_decision_identity_id"), "identity", ["identity_id"], ["id"], ondelete="SET NULL"
        )
        admit_rules(batch, RULES)
    for table in ("backup", "undo_step", "change", "own_threshold", "crop", "last_match", "absorbed", "tag"):
        op.drop_table(table)
    for column, (table, _) in reversed(COLUMNS.items()):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def create_tables() -> None:
    op.create_table(
        "tag",
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(100), nullable=False),
        sa.CheckConstraint("length(tag) > 0", name=op.f("ck_tag_tag")),
        owned_by("identity", "tag"),
        sa.PrimaryKeyConstraint("identity_id", "tag", name=op.f("pk_tag")),
    )
    op.create_table(
        "absorbed",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        owned_by("identity", "absorbed"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_absorbed")),
    )
    op.create_index(op.f("ix_absorbed_identity_id"), "absorbed", ["identity_id"])
    op.create_table(
        "last_match",
        sa.Column("identity_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_last_match")),
    )
    op.create_table(
        "crop",
        sa.Column("reference_id", sa.Integer(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("x", sa.Integer(), nullable=False),
        sa.Column("y", sa.Integer(), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.CheckConstraint("length(picture) > 0", name=op.f("ck_crop_picture")),
        sa.CheckConstraint("x >= 0 AND y >= 0 AND scale > 0 AND scale <= 1", name=op.f("ck_crop_place")),
        owned_by("reference", "crop"),
        sa.PrimaryKeyConstraint("reference_id", name=op.f("pk_crop")),
    )
    op.create_table(
        "own_threshold",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("cosine", sa.Double(), nullable=False),
        sa.Column("euclidean", sa.Double(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.CheckConstraint(THRESHOLDS, name=op.f("ck_own_threshold_thresholds")),
        owned_by("identity", "own_threshold"),
        owned_by("model", "own_threshold"),
        sa.PrimaryKeyConstraint("model_id", "identity_id", name=op.f("pk_own_threshold")),
    )
    op.create_index(op.f("ix_own_threshold_identity_id"), "own_threshold", ["identity_id"])
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "undo_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_step")),
    )
    op.create_table(
        "backup",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_backup")),
    )


def owned_by(owner: str, table: str) -> sa.ForeignKeyConstraint:
    column = f"{owner}_id"
    return sa.ForeignKeyConstraint([column], [f"{owner}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def admit_rules(batch, rules: tuple[str, ...]) -> None:
    """Gives the table of decisions another list of rules; its other constraints, all named, stay."""
    listed = ", ".join(f"'{rule}'" for rule in rules)
    batch.drop_constraint(op.f("ck_decision_rule"), type_="check")
    batch.create_check_constraint(op.f("ck_decision_rule"), f"rule IN ({listed})")
