"""Weekly reviews, the names beside them, and what is decided on them."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "reviews",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "review_names",
        sa.Column("week", sa.String(8), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(10), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("words", sa.Boolean, nullable=False),
    )
    op.create_table(
        "review_decisions",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("review", sa.Integer, nullable=False),
        sa.Column("finding", sa.String(120), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("owner", sa.String(80), nullable=False),
        sa.Column("due", sa.String(10), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_review_decisions_week", "review_decisions", ["week"])
    op.create_index("ix_review_decisions_status", "review_decisions", ["status"])
