"""Add the tables for baselines and the rungs of the rollout ladder."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "rungs",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("before", sa.String(20), nullable=False),
        sa.Column("rung", sa.String(20), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("decided_by", sa.String(80), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("undone_at", TIME),
        sa.Column("undone_by", sa.String(80), nullable=False),
        sa.UniqueConstraint("category", "number"),
    )
    op.create_table(
        "frozen_records",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(80), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("ix_frozen_records_made", "frozen_records", ["kind", "made_at"])
