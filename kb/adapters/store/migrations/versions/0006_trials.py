"""Trials of drafts on past questions, the latest of each draft."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "trials",
        sa.Column("draft", sa.String(40), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked_by", sa.String(80), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("tried", sa.JSON, nullable=False),
        sa.Column("left_out", sa.JSON, nullable=False),
    )
