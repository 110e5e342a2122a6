"""Which tickets stand in another system, what it reported, and how far it was read."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "outside_tickets",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("ticket", sa.String(40), sa.ForeignKey("tickets.id"), primary_key=True),
        sa.Column("outside", sa.String(80), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("system", "outside"),
    )
    op.create_table(
        "outside_changes",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("change", sa.String(80), primary_key=True),
        sa.Column("outside", sa.String(80), nullable=False, index=True),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "outside_deliveries",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("delivery", sa.String(120), primary_key=True),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "outside_looks",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("outside", sa.String(80), primary_key=True),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_table(
        "outside_cursors",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("cursor", sa.String(80), nullable=False),
    )
