"""How templates stand to a cohort, and the normalised score of each decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RULES = (
    *("matches", "by hand", "gallery empty", "nobody kept", "cosine too far", "euclidean too far", "disabled"),
    *("consent ended", "not aligned", "too small", "not sharp", "better match here", "too like another"),
    "needs review",
)
WITH_SCORES = (*(*RULES[:6], "score too low", *RULES[6:13], "look-alikes", "very young", "borderline", *RULES[13:]),)
COLUMNS = ("normalised", "age", "runner_up_normalised", "runner_up_age")


def upgrade() -> None:
    # Added in place: there may be very many templates.
    op.execute(
        "ALTER TABLE template ADD COLUMN cohort VARCHAR(64) CONSTRAINT ck_template_cohort CHECK (length(cohort) = 64)"
    )
    op.execute(
        "ALTER TABLE template ADD COLUMN standing BLOB CONSTRAINT ck_template_standing"
        " CHECK ((cohort IS NULL) = (standing IS NULL) AND length(standing) = 12)"
    )
    with op.batch_alter_table("decision", recreate="always") as batch:
        for name in COLUMNS:
            batch.add_column(sa.Column(name, sa.Double(), nullable=True))
        one_of(batch, WITH_SCORES)


def downgrade() -> None:
    op.execute("UPDATE decision SET rule = 'cosine too far' WHERE rule = 'score too low'")
    op.execute("UPDATE decision SET rule = 'needs review' WHERE rule IN ('look-alikes', 'very young', 'borderline')")
    with op.batch_alter_table("decision", recreate="always") as batch:
        one_of(batch, RULES)
        for name in COLUMNS:
            batch.drop_column(name)
    op.execute("ALTER TABLE template DROP COLUMN standing")
    op.execute("ALTER TABLE template DROP COLUMN cohort")


def one_of(batch, rules: tuple[str, ...]) -> None:
    """Gives the table another list of rules; its other constraints, all named, stay."""
    listed = ", ".join(f"'{rule}'" for rule in rules)
    batch.drop_constraint(op.f("ck_decision_rule"), type_="check")
    batch.create_check_constraint(op.f("ck_decision_rule"), f"rule IN ({listed})")
