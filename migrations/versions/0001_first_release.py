"""The tables of the first release."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPLICATION_ID = 0x47414C59  # GALY: says in the file's header that it is a gallery


def upgrade() -> None:
    op.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    create_people()
    create_templates()
    create_runs()
    create_decisions()


def downgrade() -> None:
    for table in ("decision", "run_image", "run", "template", "model", "reference", "identity"):
        op.drop_table(table)
    op.execute("PRAGMA application_id = 0")


def create_people() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        sa.CheckConstraint("length(name) > 0 AND length(name_key) > 0", name=op.f("ck_identity_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("name_key", name=op.f("uq_identity_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "reference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("detector", sa.String(), nullable=False),
        sa.Column("added", sa.DateTime(), nullable=False),
        *face_columns(),
        *face_checks("reference"),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_reference_sha256")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_reference_identity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference")),
        sa.UniqueConstraint(
            "sha256", "identity_id", "box_x", "box_y", "box_width", "box_height", name="uq_reference_face"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reference_identity_id"), "reference", ["identity_id"])


def create_templates() -> None:
    op.create_table(
        "model",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("preparation", sa.String(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_model_sha256")),
        sa.CheckConstraint("dimension > 0", name=op.f("ck_model_dimension")),
        sa.CheckConstraint("current IN (0, 1)", name=op.f("ck_model_current")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("sha256", "preparation", "dimension", name="uq_model_space"),
    )
    op.create_index("uq_model_current", "model", ["current"], unique=True, sqlite_where=sa.text("current = 1"))
    op.create_table(
        "template",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("reference_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(vector) > 0 AND length(vector) % 4 = 0", name=op.f("ck_template_vector")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_template_model_id")),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["reference.id"], name=op.f("fk_template_reference_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "reference_id", name=op.f("pk_template")),
    )
    op.create_index(op.f("ix_template_reference_id"), "template", ["reference_id"])


def create_runs() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("finished", sa.DateTime(), nullable=True),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        sa.Column("preparation", sa.String(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("detector", sa.String(), nullable=False),
        sa.Column("detector_sha256", sa.String(64), nullable=False),
        sa.Column("cosine", sa.Double(), nullable=False),
        sa.Column("euclidean", sa.Double(), nullable=False),
        sa.Column("threshold_origin", sa.String(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("redaction", sa.Text(), nullable=False),
        sa.Column("identities", sa.Integer(), nullable=False),
        sa.Column("templates", sa.Integer(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('running', 'finished', 'interrupted', 'failed')", name=op.f("ck_run_status")),
        sa.CheckConstraint("(status = 'running') = (finished IS NULL)", name=op.f("ck_run_finished")),
        sa.CheckConstraint("dimension > 0", name=op.f("ck_run_dimension")),
        sa.CheckConstraint("cosine >= 0 AND cosine <= 2 AND euclidean >= 0", name=op.f("ck_run_thresholds")),
        sa.CheckConstraint("identities >= 0 AND templates >= 0", name=op.f("ck_run_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "run_image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("output", sa.Text(), nullable=True),
        sa.Column("output_sha256", sa.String(64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('ok', 'failed')", name=op.f("ck_run_image_status")),
        sa.CheckConstraint("length(sha256) = 64 AND length(output_sha256) = 64", name=op.f("ck_run_image_sha256")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_run_image_size")),
        sa.CheckConstraint("(status = 'failed') = (error IS NOT NULL)", name=op.f("ck_run_image_error")),
        sa.CheckConstraint("status = 'ok' OR output IS NULL", name=op.f("ck_run_image_output")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_image_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_image")),
    )
    op.create_index(op.f("ix_run_image_run_id"), "run_image", ["run_id"])


def create_decisions() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_image_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=True),
        sa.Column("identity", sa.String(), nullable=True),
        sa.Column("reference_id", sa.Integer(), nullable=True),
        sa.Column("cosine", sa.Double(), nullable=True),
        sa.Column("euclidean", sa.Double(), nullable=True),
        sa.Column("runner_up", sa.String(), nullable=True),
        sa.Column("runner_up_reference_id", sa.Integer(), nullable=True),
        sa.Column("runner_up_cosine", sa.Double(), nullable=True),
        sa.Column("runner_up_euclidean", sa.Double(), nullable=True),
        *face_columns(),
        *face_checks("decision"),
        sa.CheckConstraint("position >= 0", name=op.f("ck_decision_position")),
        sa.CheckConstraint("verdict IN ('keep', 'blur')", name=op.f("ck_decision_verdict")),
        sa.CheckConstraint(
            "rule IN ('matches', 'gallery empty', 'cosine too far', 'euclidean too far', 'not aligned', 'too small', "
            "'not sharp', 'better match here', 'needs review')",
            name=op.f("ck_decision_rule"),
        ),
        sa.CheckConstraint("(verdict = 'keep') = (rule = 'matches')", name=op.f("ck_decision_keep_rests_on_a_match")),
        sa.CheckConstraint("verdict = 'blur' OR identity IS NOT NULL", name=op.f("ck_decision_keep_is_for_somebody")),
        sa.CheckConstraint(
            "(identity IS NULL) = (reference_id IS NULL) AND (identity IS NULL) = (cosine IS NULL)"
            " AND (identity IS NULL) = (euclidean IS NULL)",
            name=op.f("ck_decision_candidate"),
        ),
        sa.CheckConstraint(
            "(runner_up IS NULL) = (runner_up_reference_id IS NULL)"
            " AND (runner_up IS NULL) = (runner_up_cosine IS NULL)"
            " AND (runner_up IS NULL) = (runner_up_euclidean IS NULL)",
            name=op.f("ck_decision_runner_up"),
        ),
        sa.ForeignKeyConstraint(
            ["run_image_id"], ["run_image.id"], name=op.f("fk_decision_run_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_decision_identity_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("run_image_id", "position", name=op.f("uq_decision_run_image_id_position")),
    )
    op.create_index(op.f("ix_decision_identity_id"), "decision", ["identity_id"])


def face_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("box_x", sa.Integer(), nullable=False),
        sa.Column("box_y", sa.Integer(), nullable=False),
        sa.Column("box_width", sa.Integer(), nullable=False),
        sa.Column("box_height", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("landmarks", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sharpness", sa.Double(), nullable=False),
        sa.Column("as_meant", sa.Boolean(), nullable=False),
    ]


def face_checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("box_width > 0 AND box_height > 0", name=op.f(f"ck_{table}_box")),
        sa.CheckConstraint("size > 0", name=op.f(f"ck_{table}_size")),
        sa.CheckConstraint("as_meant IN (0, 1)", name=op.f(f"ck_{table}_as_meant")),
    ]
