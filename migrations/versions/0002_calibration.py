"""Thresholds of the gallery's own and of single people, and decisions that rest on the margin to the runner-up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
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
    "needs review",
)


def upgrade() -> None:
    create_calibration()
    place = RULES.index("needs review")
    admit_rules((*RULES[:place], "too like another", *RULES[place:]))


def downgrade() -> None:
    op.execute("UPDATE decision SET rule = 'better match here' WHERE rule = 'too like another'")  # the nearest there is
    admit_rules(RULES)
    op.drop_table("personal_threshold")
    op.drop_table("calibration")


def create_calibration() -> None:
    op.create_table(
        "calibration",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("cosine", sa.Double(), nullable=False),
        sa.Column("euclidean", sa.Double(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("fmr", sa.Double(), nullable=False),
        sa.Column("fusion", sa.String(32), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("detector", sa.String(), nullable=False),
        sa.Column("genuine", sa.Integer(), nullable=False),
        sa.Column("impostors", sa.Integer(), nullable=False),
        sa.Column("strangers", sa.Integer(), nullable=False),
        sa.Column("reference_count", sa.Integer(), nullable=False),
        sa.Column("last_reference", sa.Integer(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.CheckConstraint(THRESHOLDS, name=op.f("ck_calibration_thresholds")),
        sa.CheckConstraint("fmr > 0 AND fmr < 1", name=op.f("ck_calibration_fmr")),
        sa.CheckConstraint("fusion IN ('best', 'mean', 'median-of-3')", name=op.f("ck_calibration_fusion")),
        sa.CheckConstraint(
            "genuine >= 0 AND impostors > 0 AND strangers >= 0 AND reference_count > 0 AND last_reference > 0",
            name=op.f("ck_calibration_counts"),
        ),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_calibration_model_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_calibration")),
    )
    op.create_table(
        "personal_threshold",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("identity_id", sa.Integer(), nullable=False),
        sa.Column("cosine", sa.Double(), nullable=False),
        sa.Column("euclidean", sa.Double(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.CheckConstraint(THRESHOLDS, name=op.f("ck_personal_threshold_thresholds")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_personal_threshold_identity_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["calibration.model_id"], name=op.f("fk_personal_threshold_model_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_id", "identity_id", name=op.f("pk_personal_threshold")),
    )
    op.create_index(op.f("ix_personal_threshold_identity_id"), "personal_threshold", ["identity_id"])


def admit_rules(rules: tuple[str, ...]) -> None:
    """Copies the table of decisions into one with another list of rules; its other constraints, all named, stay."""
    listed = ", ".join(f"'{rule}'" for rule in rules)
    with op.batch_alter_table("decision", recreate="always") as batch:
        batch.drop_constraint(op.f("ck_decision_rule"), type_="check")
        batch.create_check_constraint(op.f("ck_decision_rule"), f"rule IN ({listed})")
