"""Who has a conversation, and why it was handed over."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "handoffs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation", sa.String(40), nullable=False, index=True),
        sa.Column("episode", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("at", TIME, nullable=False, index=True),
        sa.Column("ticket", sa.String(40), nullable=False),
        sa.Column("waits", sa.Boolean, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("taken_by", sa.String(80), nullable=False),
    )
    op.create_table(
        "holdings",
        sa.Column("conversation", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("heard_at", TIME, nullable=False),
    )
