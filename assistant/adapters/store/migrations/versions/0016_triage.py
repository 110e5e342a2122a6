"""Add the tables for what triage says of tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "triages",
        sa.Column("ticket", sa.String(40), primary_key=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("route", sa.String(10), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("model", sa.String(60), nullable=False),
        sa.Column("policy", sa.String(80), nullable=False),
        sa.Column("category_before", sa.String(200), nullable=False),
        sa.Column("queue_before", sa.String(200), nullable=False),
        sa.Column("category_settled", sa.String(200), nullable=False),
        sa.Column("queue_settled", sa.String(200), nullable=False),
        sa.Column("settled_at", TIME),
        sa.Column("settled_by", sa.String(80), nullable=False),
        sa.Column("misrouted", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_triages_at", "triages", ["at"])
    op.create_index("ix_triages_settled_at", "triages", ["settled_at"])
