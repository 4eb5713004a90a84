"""What is decided by hand, what was verified of an output, and what a later run need not do again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

RULES = (
    "matches",
    "gallery empty",
    "cosine too far",
    "euclidean too far",
    "disabled",
    "consent ended",
    "not aligned",
    "too small",
    "not sharp",
    "better match here",
    "too like another",
    "needs review",
)
BY_HAND = ("matches", "by hand", "gallery empty", "nobody kept", *RULES[2:])

PHOTOS = {
    "status": ("status IN ('ok', 'failed')", "status IN ('ok', 'failed', 'not verified', 'done before')"),
    "error": (
        "(status = 'failed') = (error IS NOT NULL)",
        "(status IN ('failed', 'not verified')) = (error IS NOT NULL)",
    ),
    "output": ("status = 'ok' OR output IS NULL", "status IN ('ok', 'done before') OR output IS NULL"),
}
"""What is checked of a photo's row before and after."""
KEPT = {
    "keep_rests_on_a_match": (
        "(verdict = 'keep') = (rule = 'matches')",
        "rule = 'by hand' OR (verdict = 'keep') = (rule = 'matches')",
    ),
    "keep_is_for_somebody": (
        "verdict = 'blur' OR identity IS NOT NULL",
        "rule = 'by hand' OR verdict = 'blur' OR identity IS NOT NULL",
    ),
}
"""The same of a decision's."""


def upgrade() -> None:
    # Added in place, not by copying the table: a copy would forget the highest number given.
    op.execute(
        "ALTER TABLE run ADD COLUMN settings_sha256 VARCHAR(64)"
        " CONSTRAINT ck_run_settings_sha256 CHECK (length(settings_sha256) = 64)"
    )
    with op.batch_alter_table("run_image", recreate="always") as batch:
        batch.add_column(sa.Column("remarks", sa.Text(), nullable=False, server_default="[]"))
        batch.add_column(sa.Column("verified", sa.String(32), nullable=True))
        batch.add_column(sa.Column("state", sa.String(64), nullable=True))
        batch.add_column(sa.Column("earlier", sa.Integer(), nullable=True))
        for name, (_, after) in PHOTOS.items():
            check(batch, "run_image", name, after)
        batch.create_check_constraint(op.f("ck_run_image_verified"), "verified IN ('written', 'full')")
        batch.create_check_constraint(op.f("ck_run_image_state"), "length(state) = 64")
        batch.create_check_constraint(op.f("ck_run_image_earlier"), "(status = 'done before') = (earlier IS NOT NULL)")
    op.create_index(op.f("ix_run_image_output_sha256"), "run_image", ["output_sha256"])
    with op.batch_alter_table("decision", recreate="always") as batch:
        batch.add_column(sa.Column("residual", sa.Double(), nullable=True))
        check(batch, "decision", "rule", one_of(BY_HAND))
        for name, (_, after) in KEPT.items():
            check(batch, "decision", name, after)
    create_override()


def downgrade() -> None:
    op.drop_table("override")
    use_former_words()
    with op.batch_alter_table("decision", recreate="always") as batch:
        batch.drop_column("residual")
        check(batch, "decision", "rule", one_of(RULES))
        for name, (before, _) in KEPT.items():
            check(batch, "decision", name, before)
    with op.batch_alter_table("run_image", recreate="always") as batch:
        for name in ("earlier", "state", "verified"):
            batch.drop_constraint(op.f(f"ck_run_image_{name}"), type_="check")
        for name in ("earlier", "state", "verified", "remarks"):
            batch.drop_column(name)
        for name, (before, _) in PHOTOS.items():
            check(batch, "run_image", name, before)
    op.drop_index(op.f("ix_run_image_output_sha256"), "run_image")
    op.execute("ALTER TABLE run DROP COLUMN settings_sha256")


def use_former_words() -> None:
    """Puts the nearest there was in the place of what the schema before does not know."""
    op.execute("UPDATE run_image SET status = 'failed' WHERE status = 'not verified'")
    op.execute("UPDATE run_image SET status = 'ok', earlier = NULL WHERE status = 'done before'")
    op.execute(
        "UPDATE decision SET rule = 'gallery empty' WHERE verdict = 'blur' AND rule IN ('by hand', 'nobody kept')"
    )
    op.execute(
        "UPDATE decision SET rule = 'matches', identity = coalesce(identity, 'kept by hand'),"
        " reference_id = coalesce(reference_id, 0), cosine = coalesce(cosine, 0), euclidean = coalesce(euclidean, 0)"
        " WHERE verdict = 'keep' AND rule = 'by hand'"
    )


def create_override() -> None:
    op.create_table(
        "override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("box_x", sa.Integer(), nullable=False),
        sa.Column("box_y", sa.Integer(), nullable=False),
        sa.Column("box_width", sa.Integer(), nullable=False),
        sa.Column("box_height", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("verdict IN ('keep', 'blur')", name=op.f("ck_override_verdict")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_override_sha256")),
        sa.CheckConstraint("box_width > 0 AND box_height > 0", name=op.f("ck_override_box")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_override_sha256"), "override", ["sha256"])


def check(batch, table: str, name: str, condition: str) -> None:
    """Gives a table another check of that name; its other constraints, all named, stay."""
    batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def one_of(rules: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{rule}'" for rule in rules)
    return f"rule IN ({listed})"
