"""A chain of hashes over runs and decisions, who ran a run, stubs of removed runs, pictures kept for a review."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from gallery.domain.trail import FIRST, digest, entry_hash

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

RUN = (
    *("status", "started", "finished", "program", "model", "model_sha256", "preparation", "dimension", "detector"),
    *("detector_sha256", "cosine", "euclidean", "threshold_origin", "policy", "redaction", "identities", "templates"),
    *("output", "settings_sha256", "by"),
)
IMAGE = (
    *("run_id", "source", "status", "sha256", "width", "height", "output", "output_sha256", "error", "remarks"),
    *("verified", "state", "earlier"),
)
DECISION = (
    *("id", "position", "verdict", "rule", "reason", "identity_id", "identity", "reference_id", "cosine", "euclidean"),
    *("runner_up_id", "runner_up", "runner_up_reference_id", "runner_up_cosine", "runner_up_euclidean", "residual"),
    *("box_x", "box_y", "box_width", "box_height", "score", "landmarks", "size", "sharpness", "as_meant"),
)
"""What a digest covers; written out here, as the records were when this was released."""


def upgrade() -> None:
    # Added in place, not by copying the table: a copy would forget the highest number given. SQLite cannot add a column
    # that must have a value without giving it one, so the rows get theirs by a default that no row will ever take.
    for definition in (
        "by TEXT NOT NULL DEFAULT ''",
        f"salt VARCHAR(32) NOT NULL DEFAULT '{'0' * 32}' CONSTRAINT ck_run_salt CHECK (length(salt) = 32)",
        "pruned DATETIME",
        "pruned_by TEXT",
        "counts TEXT CONSTRAINT ck_run_pruned"
        " CHECK ((pruned IS NULL) = (pruned_by IS NULL) AND (pruned IS NULL) = (counts IS NULL))",
    ):
        op.execute(f"ALTER TABLE run ADD COLUMN {definition}")
    op.execute(
        f"ALTER TABLE run_image ADD COLUMN salt VARCHAR(32) NOT NULL DEFAULT '{'0' * 32}'"
        " CONSTRAINT ck_run_image_salt CHECK (length(salt) = 32)"
    )
    create_trail()
    op.create_table(
        "review_crop",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(picture) > 0", name=op.f("ck_review_crop_picture")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_review_crop_decision_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_review_crop")),
    )
    adopt()


def downgrade() -> None:
    op.drop_table("review_crop")
    op.drop_table("trail")
    op.execute("ALTER TABLE run_image DROP COLUMN salt")
    op.execute("DELETE FROM run WHERE pruned IS NOT NULL")
    for name in ("counts", "pruned_by", "pruned", "salt", "by"):
        op.execute(f"ALTER TABLE run DROP COLUMN {name}")


def create_trail() -> None:
    op.create_table(
        "trail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("image", sa.Integer(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "event IN ('adopted', 'run begun', 'photo recorded', 'photo amended', 'run ended', 'somebody forgotten',"
            " 'run pruned')",
            name=op.f("ck_trail_event"),
        ),
        sa.CheckConstraint(
            "length(digest) = 64 AND length(previous) = 64 AND length(sha256) = 64", name=op.f("ck_trail_sha256")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trail")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_trail_run"), "trail", ["run"])


def adopt() -> None:
    """Begins the chain with what was recorded before there was one: from now on, a change to it is found."""
    previous, number = FIRST, 0
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    for run in column("SELECT id FROM run ORDER BY id"):
        salted = [("run", run, None, rows("run", RUN, "id", run))]
        for image in column(f"SELECT id FROM run_image WHERE run_id = {run} ORDER BY id"):  # noqa: S608
            decisions = rows("decision", DECISION, "run_image_id", image, "ORDER BY position")
            salted.append(("run_image", image, image, [*rows("run_image", IMAGE, "id", image), *decisions]))
        for table, key, image, record in salted:
            salt, number = secrets.token_hex(16), number + 1
            made = digest(salt, record)
            sealed = entry_hash(number, at, "adopted", run, image, made, previous)
            execute(f"UPDATE {table} SET salt = ? WHERE id = ?", salt, key)  # noqa: S608
            execute(
                "INSERT INTO trail (id, at, event, run, image, digest, previous, sha256)"
                " VALUES (?, ?, 'adopted', ?, ?, ?, ?, ?)",
                *(number, at, run, image, made, previous, sealed),
            )
            previous = sealed


def rows(table: str, columns: tuple[str, ...], key: str, value: int, order: str = "") -> list[dict[str, object]]:
    names = ", ".join(f'"{name}"' for name in columns)
    found = execute(f"SELECT {names} FROM {table} WHERE {key} = ? {order}", value)  # noqa: S608
    return [dict(zip(columns, row, strict=True)) for row in found]


def column(query: str) -> list[int]:
    return [row[0] for row in execute(query).fetchall()]


def execute(query: str, *values: object):
    return op.get_bind().exec_driver_sql(query, values)
